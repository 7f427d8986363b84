//! What goes wrong, as a problem document (RFC 9457) whose codes programs act on. Words for people are made from the
//! codes where they are shown.

use serde::{Deserialize, Serialize};

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`: the code says which problem it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The phrase of the status.
    pub title: String,
    /// The HTTP status, also where the problem travels over a socket.
    pub status: u16,
    /// A sentence for the person who wrote the program.
    pub detail: String,
    /// What a program acts on.
    pub code: ProblemCode,
    /// Seconds after which it is worth trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// What is wrong with which field, when the request was [`ProblemCode::Invalid`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One thing that is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// What a program acts on.
    pub code: FieldCode,
    /// A sentence for the person who wrote the program.
    pub detail: String,
}

/// Every problem that the server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The body cannot be read as what its content type says.
    Malformed,
    /// Some fields are wrong; `errors` says which.
    Invalid,
    /// No user has this name and password.
    WrongCredentials,
    /// The token in the body is not one of ours, or has run out.
    TokenRefused,
    /// The request carries no token.
    NotAuthenticated,
    /// The token in the header is not one of ours.
    BadToken,
    /// The token in the header has run out.
    TokenExpired,
    /// The token is good but its session has ended, or the account with it.
    SessionEnded,
    /// The caller may not do this.
    Forbidden,
    /// A page of another origin asks, which was not configured.
    ForeignOrigin,
    /// There is nothing at this address.
    NotFound,
    /// There is no such chat, or the caller is not in it.
    ChatNotFound,
    /// Guests may not do this: it takes an account.
    AccountNeeded,
    /// The caller has to show once more that the account is theirs: `POST /auth/proof/`.
    ProofNeeded,
    /// The password is right; the account asks for a code as well, in the field `one_time_code`.
    CodeNeeded,
    /// The passkey is none that this server knows, or was not asked for.
    PasskeyRefused,
    /// Passkeys do not work at this address of the server: it takes a host name, and https unless that is `localhost`.
    NoPasskeys,
    /// What sets another password was used before, or is too old.
    ResetUsedUp,
    /// The server sends no letters.
    NoMail,
    /// The owner does not let guests into this chat.
    GuestsNotWelcome,
    /// The caller was banned from this chat.
    Banned,
    /// The caller has knocked, and waits to be let in.
    Knocking,
    /// The caller knocked, and was not let in.
    NotLetIn,
    /// The chat is closed: nobody writes any more.
    ChatClosed,
    /// The chat had this address before, or the link was revoked.
    LinkRevoked,
    /// The page URL lets nobody in any more.
    LinkClosed,
    /// The link has run out.
    LinkExpired,
    /// The link has let in as many as it may.
    LinkUsedUp,
    /// The chat has ended.
    ChatEnded,
    /// The owner cannot leave before the chat is somebody else's.
    OwnerStays,
    /// The writer has to wait: the chat is slow.
    SlowMode,
    /// There is nothing left to do: somebody else did it, or it cannot be done to this one.
    Conflict,
    /// The address exists but not with this method.
    MethodNotAllowed,
    /// The head of the request took too long to arrive.
    HeadTimeout,
    /// The head of the request is larger than allowed.
    HeadTooLarge,
    /// The body took too long to arrive.
    BodyTimeout,
    /// The cursor does not fit the database: read the chat afresh.
    StartAfresh,
    /// The body is larger than allowed.
    TooLarge,
    /// The content type of the body is not one that is understood.
    UnsupportedMediaType,
    /// The `client_id` was used before, for another text.
    ClientIdReused,
    /// Too many requests of this kind; `retry_after` says when to go on.
    TooManyRequests,
    /// The server has a fault, which it has logged.
    Internal,
    /// The server is at its capacity; `retry_after` says when to go on.
    Busy,
    /// A code from a newer server.
    #[serde(other)]
    Unknown,
}

/// Everything that can be wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    /// It is missing.
    Required,
    /// It is null.
    Null,
    /// It holds nothing that can be seen.
    Blank,
    /// It is not text.
    NotText,
    /// It is not a whole number in its range.
    NotNumber,
    /// It is not a UUID.
    NotUuid,
    /// It is not an object.
    NotObject,
    /// It is no PNG, JPEG, GIF or WebP.
    NotAnImage,
    /// It is a picture of more pixels than are taken.
    TooManyPixels,
    /// It holds a null character.
    NullCharacter,
    /// It has too few characters.
    TooShort,
    /// It has too many characters.
    TooLong,
    /// It is a username with other characters than allowed.
    BadUsername,
    /// It is a username that somebody has.
    UsernameTaken,
    /// It is not an e-mail address.
    BadEmail,
    /// It is a password that attackers try first.
    CommonPassword,
    /// It is a name that is not on one line, or turns the direction of writing.
    BadName,
    /// It is none of the values that there are.
    NotOneOf,
    /// It is not the current password.
    WrongPassword,
    /// It is no code that is good now.
    WrongCode,
    /// A code from a newer server.
    #[serde(other)]
    Unknown,
}

impl ProblemCode {
    /// The HTTP status that goes with the problem.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed
            | Self::Invalid
            | Self::WrongCredentials
            | Self::CodeNeeded
            | Self::PasskeyRefused
            | Self::TokenRefused => 400,
            Self::NotAuthenticated | Self::BadToken | Self::TokenExpired | Self::SessionEnded => 401,
            Self::Forbidden
            | Self::ForeignOrigin
            | Self::AccountNeeded
            | Self::ProofNeeded
            | Self::GuestsNotWelcome
            | Self::Banned
            | Self::Knocking
            | Self::NotLetIn
            | Self::ChatClosed => 403,
            Self::NotFound | Self::ChatNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::HeadTimeout | Self::BodyTimeout => 408,
            Self::StartAfresh | Self::OwnerStays | Self::Conflict => 409,
            Self::ResetUsedUp
            | Self::LinkRevoked
            | Self::LinkClosed
            | Self::LinkExpired
            | Self::LinkUsedUp
            | Self::ChatEnded => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ClientIdReused => 422,
            Self::TooManyRequests | Self::SlowMode => 429,
            Self::HeadTooLarge => 431,
            Self::Internal | Self::Unknown => 500,
            Self::NoMail | Self::NoPasskeys => 501,
            Self::Busy => 503,
        }
    }

    /// Whether the very same request may succeed later, so that it should be kept and sent again.
    pub const fn is_passing(self) -> bool {
        matches!(
            self,
            Self::TooManyRequests
                | Self::SlowMode
                | Self::Busy
                | Self::Internal
                | Self::HeadTimeout
                | Self::BodyTimeout
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_from_a_newer_server_is_still_read() {
        let json = r#"{"type":"about:blank","title":"Gone","status":410,"detail":"It ended.","code":"chat_burnt","username":["x"]}"#;
        let problem: Problem = serde_json::from_str(json).unwrap();
        assert_eq!(problem.code, ProblemCode::Unknown);
        assert_eq!(problem.detail, "It ended.");
    }
}
