//! How the server says no: what a caller can act on is a [`Refusal`] with a code; all else is logged here, once, and
//! answered with 500.

use std::{collections::BTreeMap, fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;
use shared::problem::{FieldCode, FieldError, Problem, ProblemCode};

/// Why a request was not carried out.
#[derive(Debug)]
pub enum Error {
    /// The caller can act on it.
    Refused(Box<Refusal>),
    /// Only we can.
    Internal(anyhow::Error),
}

/// A refusal on its way to the caller.
#[derive(Debug)]
pub struct Refusal {
    code: ProblemCode,
    detail: Option<String>,
    retry_after: Option<Duration>,
    errors: Vec<FieldError>,
}

impl Refusal {
    pub fn new(code: ProblemCode) -> Self {
        Self { code, detail: None, retry_after: None, errors: Vec::new() }
    }

    /// One field is wrong.
    pub fn field(field: &str, code: FieldCode) -> Self {
        Self::fields(vec![field_error(field, code)])
    }

    /// Some fields are wrong.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(ProblemCode::Invalid) }
    }

    /// Says more than the code's own sentence.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    pub fn code(&self) -> ProblemCode {
        self.code
    }
}

/// What is wrong with a field, in the original's words where it had some.
pub fn field_error(field: &str, code: FieldCode) -> FieldError {
    FieldError { field: field.to_owned(), code, detail: field_sentence(field, code) }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<ProblemCode> for Error {
    fn from(code: ProblemCode) -> Self {
        Refusal::new(code).into()
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "{:?}", refusal.code),
            Self::Internal(error) => write!(f, "{error:#}"),
        }
    }
}

impl Error {
    /// The document that the caller gets.
    pub fn problem(&self) -> Problem {
        let (code, detail, retry_after, errors) = match self {
            Self::Refused(refusal) => {
                let Refusal { code, detail, retry_after, errors } = &**refusal;
                let first = errors.first().map(|error| format!("{}: {}", error.field, error.detail));
                (*code, detail.clone().or(first), *retry_after, errors.clone())
            }
            Self::Internal(_) => (ProblemCode::Internal, None, None, Vec::new()),
        };
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: detail.unwrap_or_else(|| sentence(code).to_owned()),
            code,
            // Rounded up: whoever comes back at that second is let in.
            retry_after: retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            errors,
        }
    }
}

/// A problem with the original's arrays of sentences beside it, one for each field.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    #[serde(flatten)]
    fields: BTreeMap<&'a str, Vec<&'a str>>,
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Internal(error) = self {
            tracing::error!(error = format!("{error:#}"), "a request failed");
        }
        let problem = self.problem();
        let mut response = HttpResponse::build(self.status_code());
        if problem.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, r#"JWT realm="api""#));
        }
        if let Some(seconds) = problem.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(Document { problem: &problem, fields: by_field(&problem) })
    }
}

fn by_field(problem: &Problem) -> BTreeMap<&str, Vec<&str>> {
    let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for error in &problem.errors {
        fields.entry(&error.field).or_default().push(&error.detail);
    }
    if matches!(
        problem.code,
        ProblemCode::WrongCredentials
            | ProblemCode::CodeNeeded
            | ProblemCode::PasskeyRefused
            | ProblemCode::TokenRefused
    ) {
        fields.entry("non_field_errors").or_default().push(&problem.detail);
    }
    fields
}

fn sentence(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::Malformed => "The body cannot be read.",
        ProblemCode::Invalid => "Some fields are wrong.",
        ProblemCode::WrongCredentials => "Unable to log in with provided credentials.",
        ProblemCode::NotAuthenticated => "Authentication credentials were not provided.",
        ProblemCode::BadToken | ProblemCode::TokenRefused => "Error decoding signature.",
        ProblemCode::TokenExpired => "Signature has expired.",
        ProblemCode::SessionEnded => "This session has ended.",
        ProblemCode::Forbidden => "You do not have permission to perform this action.",
        ProblemCode::ForeignOrigin => "Pages of this origin may not use this server.",
        ProblemCode::NotFound => "Not found.",
        ProblemCode::ChatNotFound => "There is no such chat, or you are not in it.",
        ProblemCode::AccountNeeded => "Guests cannot do this. Claim an account first.",
        ProblemCode::ProofNeeded => "Show that the account is yours first: POST /auth/proof/.",
        ProblemCode::CodeNeeded => "This account asks for a code as well.",
        ProblemCode::PasskeyRefused => "This passkey is not known here, or was not asked for.",
        ProblemCode::NoPasskeys => "Passkeys need a host name, and https unless that is localhost.",
        ProblemCode::ResetUsedUp => "This was used before, or is too old. Ask for another letter.",
        ProblemCode::NoMail => "This server sends no letters. Ask whoever runs it.",
        ProblemCode::GuestsNotWelcome => "Guests cannot join this chat. Sign in with an account.",
        ProblemCode::Banned => "You were banned from this chat.",
        ProblemCode::Knocking => "You have knocked. Somebody in the chat has to let you in.",
        ProblemCode::NotLetIn => "You knocked, and were not let in.",
        ProblemCode::ChatClosed => "This chat is closed for writing.",
        ProblemCode::LinkRevoked => "This link is not valid any more.",
        ProblemCode::LinkClosed => "This chat takes nobody in by its address any more.",
        ProblemCode::LinkExpired => "This link has expired.",
        ProblemCode::LinkUsedUp => "This link has been used as often as it may be.",
        ProblemCode::ChatEnded => "This chat has ended.",
        ProblemCode::OwnerStays => "Hand the chat over to somebody before you leave it.",
        ProblemCode::SlowMode => "This chat is slow. Wait a moment before you write again.",
        ProblemCode::Conflict => "This cannot be done any more: something has changed.",
        ProblemCode::MethodNotAllowed => "Method not allowed.",
        ProblemCode::HeadTimeout => "The request took too long to arrive.",
        ProblemCode::HeadTooLarge => "The head is too large.",
        ProblemCode::BodyTimeout => "The body took too long to arrive.",
        ProblemCode::StartAfresh => "This cursor is of another state of the database. Read the chat afresh.",
        ProblemCode::TooLarge => "The body is too large.",
        ProblemCode::UnsupportedMediaType => "Unsupported media type in request.",
        ProblemCode::ClientIdReused => "This client_id was used for another message.",
        ProblemCode::TooManyRequests => "Request was throttled.",
        ProblemCode::Internal | ProblemCode::Unknown => "The server has a fault. It has been logged.",
        ProblemCode::Busy => "The server is busy. Try again in a moment.",
    }
}

fn field_sentence(field: &str, code: FieldCode) -> String {
    let sentence = match code {
        FieldCode::Required => "This field is required.",
        FieldCode::Null => "This field may not be null.",
        FieldCode::Blank => "This field may not be blank.",
        FieldCode::NotText => "Not a valid string.",
        FieldCode::NotNumber => "A valid whole number in its range is required.",
        FieldCode::NotAnImage => "Upload a valid image: PNG, JPEG, GIF or WebP.",
        FieldCode::TooManyPixels => "This image has too many pixels.",
        FieldCode::NotObject => "Not an object.",
        FieldCode::NotUuid => "Must be a valid UUID.",
        FieldCode::NullCharacter => "Null characters are not allowed.",
        FieldCode::TooShort => "This password is too short. It must contain at least 8 characters.",
        FieldCode::TooLong => {
            let most = longest(field).unwrap_or(shared::credentials::PASSWORD_MAX);
            return format!("Ensure this field has no more than {most} characters.");
        }
        FieldCode::BadUsername => {
            "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
        }
        FieldCode::UsernameTaken => "A user with that username already exists.",
        FieldCode::BadEmail => "Enter a valid email address.",
        FieldCode::CommonPassword => "This password is too common.",
        FieldCode::BadName => "Enter one line of text.",
        FieldCode::NotOneOf => "This is not one of the values that there are.",
        FieldCode::WrongPassword => "Invalid password.",
        FieldCode::WrongCode => "This code is not valid.",
        FieldCode::Unknown => "This value is not valid.",
    };
    sentence.to_owned()
}

/// How many characters a text may have.
pub fn longest(field: &str) -> Option<usize> {
    Some(match field {
        "message" => shared::message::MESSAGE_MAX,
        "email" => shared::user::EMAIL_MAX,
        "display_name" => shared::user::DISPLAY_NAME_MAX,
        "name" => shared::chat::NAME_MAX,
        "topic" => shared::chat::TOPIC_MAX,
        "label" => shared::link::LABEL_MAX,
        "username" | "new_username" => shared::user::USERNAME_MAX,
        "password" | "new_password" | "current_password" => shared::credentials::PASSWORD_MAX,
        _ => return None,
    })
}
