//! API errors: a [`Rejection`] carries a code that the caller can act on; every other error is internal.

use std::{fmt, time::Duration};

use shared::{
    file::MESSAGE_FILES_MAX,
    mentions::MENTIONS_MAX,
    message::DELETE_MESSAGES_MAX,
    problem::{FieldCode, FieldError, Problem, ProblemCode},
};

use crate::store::StoreError;

/// After how long a request may be retried that was rejected because the server is overloaded.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a request failed.
#[derive(Debug)]
pub enum ApiError {
    /// The caller can act on it.
    Rejected(Box<Rejection>),
    /// A fault of the server; answered with 500.
    Internal(anyhow::Error),
}

/// A problem code with the details that the caller gets.
#[derive(Debug)]
pub struct Rejection {
    code: ProblemCode,
    detail: Option<String>,
    retry_after: Option<Duration>,
    errors: Vec<FieldError>,
}

impl Rejection {
    pub fn new(code: ProblemCode) -> Self {
        Self { code, detail: None, retry_after: None, errors: Vec::new() }
    }

    /// Rejects one field.
    pub fn field(field: &str, code: FieldCode) -> Self {
        Self::fields(vec![field_error(field, code)])
    }

    /// Rejects several fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(ProblemCode::Invalid) }
    }

    /// Replaces the default sentence of the code.
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

/// An error of one field, with the sentence of the original where it had one.
pub fn field_error(field: &str, code: FieldCode) -> FieldError {
    FieldError { field: field.to_owned(), code, detail: field_detail(field, code) }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

impl From<ProblemCode> for ApiError {
    fn from(code: ProblemCode) -> Self {
        Rejection::new(code).into()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Rejection::new(ProblemCode::Busy).retry_after(BUSY_RETRY_AFTER).into(),
            StoreError::Rejected(code) => code.into(),
            StoreError::InvalidField(field, code) => Rejection::field(field, code).into(),
            StoreError::Conflict(error) => Self::Internal(error.into()),
            StoreError::Internal(error) => Self::Internal(error),
        }
    }
}

// Diesel's transactions require this.
impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => write!(f, "{:?}", rejection.code),
            Self::Internal(error) => write!(f, "{error:#}"),
        }
    }
}

impl ApiError {
    pub fn code(&self) -> ProblemCode {
        match self {
            Self::Rejected(rejection) => rejection.code,
            Self::Internal(_) => ProblemCode::Internal,
        }
    }

    /// The problem document (RFC 9457) for the caller. It says nothing about an internal error.
    pub fn problem(&self) -> Problem {
        let internal = Rejection::new(ProblemCode::Internal);
        let Rejection { code, detail, retry_after, errors } = match self {
            Self::Rejected(rejection) => &**rejection,
            Self::Internal(_) => &internal,
        };
        let first_error = errors.first().map(|error| format!("{}: {}", error.field, error.detail));
        Problem {
            kind: "about:blank".to_owned(),
            title: title(code.status()).to_owned(),
            status: code.status(),
            detail: detail.clone().or(first_error).unwrap_or_else(|| default_detail(*code).to_owned()),
            code: *code,
            // Rounded up, so that a retry after exactly this time is not rejected again.
            retry_after: retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            errors: errors.clone(),
        }
    }
}

/// The reason phrase of each status that a [`ProblemCode`] has (RFC 9110).
const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// The detail of a rejection that has none of its own.
fn default_detail(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::Malformed => "The request body is malformed.",
        ProblemCode::Invalid => "The request body is invalid.",
        ProblemCode::TooLarge => "The request body is too large.",
        ProblemCode::BodyTimeout => "The request body took too long to arrive.",
        ProblemCode::UnsupportedMediaType => "This content type or encoding is not supported.",
        ProblemCode::MethodNotAllowed => "This path does not have this method.",
        ProblemCode::UpgradeRequired => "This resource is a WebSocket.",
        ProblemCode::NotFound => "Not found.",
        ProblemCode::Conflict => "The resource has changed. Reload and try again.",
        ProblemCode::CrossOriginForbidden => "Requests from this origin are not allowed.",
        ProblemCode::WrongCredentials => "Unable to log in with provided credentials.",
        ProblemCode::NotAuthenticated => "Authentication credentials were not provided.",
        // As in the original.
        ProblemCode::InvalidToken | ProblemCode::TokenRejected => "Error decoding signature.",
        ProblemCode::TokenExpired => "Signature has expired.",
        ProblemCode::SessionEnded => "This session has ended.",
        ProblemCode::Forbidden => "You do not have permission to perform this action.",
        ProblemCode::AccountRequired => "Guests cannot do this. Create an account first.",
        ProblemCode::ReauthenticationRequired => "Confirm your identity first: POST /auth/reauthentication/.",
        ProblemCode::SecondFactorRequired => "This account requires a second-factor code.",
        ProblemCode::PasskeyRejected => "The passkey is unknown, or the challenge has expired.",
        ProblemCode::PasskeysUnavailable => "Passkeys require a host name, and HTTPS unless on localhost.",
        ProblemCode::ResetTokenInvalid => "The reset link was used or has expired. Request another.",
        ProblemCode::EmailUnavailable => "This server cannot send e-mail. Contact its administrator.",
        ProblemCode::TooManyRequests => "Request was throttled.",
        ProblemCode::Busy => "The server is busy. Try again in a moment.",
        ProblemCode::Internal | ProblemCode::Unknown => "An internal error occurred. It has been logged.",
        _ => chat_detail(code),
    }
}

fn chat_detail(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::ChatNotFound => "The chat does not exist, or you are not a member.",
        ProblemCode::ChatDeleted => "This chat has been deleted.",
        ProblemCode::MessageDeleted => "This message has been deleted.",
        ProblemCode::ReactionKindsLimitReached => "This message has 50 different reactions. Use one of them.",
        ProblemCode::ReactionLimitReached => "You can react to a message with at most 10 different emoji.",
        ProblemCode::EditWindowClosed => "This message cannot be edited any more.",
        ProblemCode::GuestsNotAllowed => "Guests cannot join this chat. Sign in with an account.",
        ProblemCode::Banned => "You were banned from this chat.",
        ProblemCode::JoinPending => "A moderator must approve your request.",
        ProblemCode::JoinRejected => "A moderator rejected your request. Try again later.",
        ProblemCode::LinkClosed => "Joining by this chat's URL is disabled.",
        ProblemCode::LinkRevoked => "This link was revoked.",
        ProblemCode::LinkExpired => "This link has expired.",
        ProblemCode::LinkUseLimitReached => "This link has reached its use limit.",
        ProblemCode::OwnerCannotLeave => "You are the only member. Delete the chat instead of leaving it.",
        ProblemCode::PinLimitReached => "This chat has 50 pinned messages. Unpin one first.",
        ProblemCode::ChatLimitReached => "You own too many chats. Delete one or hand one over first.",
        ProblemCode::ChatClosed => "This chat is closed for new messages.",
        ProblemCode::SlowMode => "Slow mode is on. Wait before you send another message.",
        ProblemCode::ClientIdConflict => "This id was already used for other content.",
        ProblemCode::ReplyTargetNotFound => "This chat has no message with the number reply_to.",
        ProblemCode::FileNotFound => {
            "You have uploaded no such file to this chat, or a message has it already."
        }
        ProblemCode::StorageLimitReached => "There is no space left for files.",
        ProblemCode::StorageUnavailable => "Files cannot be stored or read now. Try again later.",
        ProblemCode::StaleCursor => "The cursor does not match the database. Load the chat again.",
        _ => "The request was rejected.",
    }
}

fn field_detail(field: &str, code: FieldCode) -> String {
    let detail = match code {
        FieldCode::Required => "This field is required.",
        FieldCode::Null => "This field may not be null.",
        FieldCode::Blank => "This field may not be blank.",
        FieldCode::NotText => "Not a valid string.",
        FieldCode::NotNumber if field == "seqs" => return numbers_detail(),
        FieldCode::NotNumber => "A valid whole number in its range is required.",
        FieldCode::NotAnImage => "Upload a valid image: PNG, JPEG, GIF or WebP.",
        FieldCode::TooManyPixels => "This image has too many pixels.",
        FieldCode::NotObject => "Not an object.",
        FieldCode::NotUuid => "Must be a valid UUID.",
        FieldCode::NullCharacter => "Null characters are not allowed.",
        FieldCode::TooShort => "This password is too short. It must contain at least 8 characters.",
        FieldCode::TooLong => return length_detail(field),
        FieldCode::InvalidUsername => {
            "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
        }
        FieldCode::UsernameTaken => "A user with that username already exists.",
        FieldCode::InvalidEmail => "Enter a valid email address.",
        FieldCode::CommonPassword => "This password is too common.",
        FieldCode::TooManyFiles => return format!("A message has at most {MESSAGE_FILES_MAX} files."),
        FieldCode::InvalidName => {
            "Enter one line of text without control characters; for a file, without / and \\."
        }
        FieldCode::NotAChoice => "This is not a valid choice.",
        FieldCode::NotADate => "Write dates as in before:2026-11-29.",
        FieldCode::InvalidFilter => {
            "Use from:<name>, after:<date>, before:<date>, has:link, has:file, has:image or mentions:me."
        }
        FieldCode::WrongPassword => "Invalid password.",
        FieldCode::WrongCode => "This code is not valid.",
        FieldCode::TooManyMentions => return format!("A message can have at most {MENTIONS_MAX} mentions."),
        FieldCode::NotATime => "This is not a time, such as 2026-11-29T16:00:00Z.",
        FieldCode::NotCombinable => "This cannot be combined with another field.",
        FieldCode::Unknown => "This value is not valid.",
    };
    detail.to_owned()
}

fn numbers_detail() -> String {
    format!("1 to {DELETE_MESSAGES_MAX} whole numbers are required.")
}

fn length_detail(field: &str) -> String {
    let most = max_length(field).unwrap_or(shared::credentials::PASSWORD_MAX);
    format!("Ensure this field has no more than {most} characters.")
}

/// The maximum length of a text field, in characters.
pub fn max_length(field: &str) -> Option<usize> {
    Some(match field {
        "message" => shared::message::MESSAGE_MAX,
        "q" => shared::search::SEARCH_QUERY_MAX,
        "email" => shared::user::EMAIL_MAX,
        "display_name" => shared::user::DISPLAY_NAME_MAX,
        "name" => shared::chat::CHAT_NAME_MAX,
        "topic" => shared::chat::TOPIC_MAX,
        "label" => shared::invite_link::LABEL_MAX,
        "username" | "new_username" => shared::user::USERNAME_MAX,
        "password" | "new_password" | "current_password" => shared::credentials::PASSWORD_MAX,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn every_problem_code_has_its_own_detail() {
        let schema = serde_json::to_value(ProblemCode::schema()).unwrap();
        let codes: Vec<ProblemCode> = serde_json::from_value(schema["enum"].clone()).unwrap();
        assert!(codes.contains(&ProblemCode::Busy) && codes.contains(&ProblemCode::SlowMode));
        let mut details = HashSet::from([chat_detail(ProblemCode::Unknown)]);
        let shared = [ProblemCode::TokenRejected, ProblemCode::Unknown];
        for code in codes.into_iter().filter(|code| !shared.contains(code)) {
            assert!(details.insert(default_detail(code)), "{code:?}");
        }
    }
}
