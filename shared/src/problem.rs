//! Errors as problem documents (RFC 9457). Programs act on the codes; user interfaces choose their own words.

use serde::{Deserialize, Serialize};
use strum::EnumString;

/// The body of every error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`: the code identifies the problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The reason phrase of the status.
    pub title: String,
    /// The HTTP status, also in WebSocket frames.
    pub status: u16,
    /// A sentence for developers.
    pub detail: String,
    /// Identifies the problem.
    pub code: ProblemCode,
    /// Seconds after which to retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The invalid fields, for [`ProblemCode::Invalid`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// Why one field is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// Identifies the error.
    pub code: FieldCode,
    /// A sentence for developers.
    pub detail: String,
}

/// All errors that the server reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(test, derive(strum::EnumIter))]
#[serde(rename_all = "snake_case", from = "String")]
#[strum(serialize_all = "snake_case")]
pub enum ProblemCode {
    /// The body does not match its content type.
    Malformed,
    /// Some fields are invalid; see `errors`.
    Invalid,
    /// No account has this username and password.
    WrongCredentials,
    /// The token in the body is invalid or expired.
    TokenRejected,
    /// The request has no token.
    NotAuthenticated,
    /// The token in the header is invalid.
    InvalidToken,
    /// The token in the header is expired.
    TokenExpired,
    /// The token's session or account no longer exists.
    SessionEnded,
    /// The caller lacks permission.
    Forbidden,
    /// The request comes from an origin that is not configured.
    CrossOriginForbidden,
    /// No resource has this path.
    NotFound,
    /// No such chat exists, or the caller is not a member.
    ChatNotFound,
    /// Guests may not do this: it needs an account.
    AccountRequired,
    /// The session must re-authenticate first: `POST /auth/reauthentication/`.
    ReauthenticationRequired,
    /// The password is right, but the account also needs a code in the field `one_time_code`.
    SecondFactorRequired,
    /// The passkey is unknown, or its challenge is invalid.
    PasskeyRejected,
    /// Passkeys need a host name, and https unless it is `localhost`.
    PasskeysUnavailable,
    /// The password-reset token is used or expired.
    ResetTokenInvalid,
    /// The server is not configured to send e-mail.
    EmailUnavailable,
    /// The chat does not admit guests.
    GuestsNotAllowed,
    /// The caller is banned from the chat.
    Banned,
    /// The caller's join request waits for approval.
    JoinPending,
    /// The caller's join request was rejected.
    JoinRejected,
    /// Posting in the chat is disabled.
    ChatClosed,
    /// The link was revoked, or is a former URI of the chat.
    LinkRevoked,
    /// The page URL no longer admits new members.
    LinkClosed,
    /// The link has expired.
    LinkExpired,
    /// The link has reached its use limit.
    LinkUseLimitReached,
    /// The chat was deleted.
    ChatDeleted,
    /// The message was deleted.
    MessageDeleted,
    /// The owner must transfer the chat before leaving it.
    OwnerCannotLeave,
    /// The caller owns as many chats as one may.
    ChatLimitReached,
    /// The chat has as many pinned messages as it may have.
    PinLimitReached,
    /// The chat does not allow to edit a message of this age.
    EditWindowClosed,
    /// The message has as many different reactions as one may.
    ReactionKindsLimitReached,
    /// The caller has reacted to the message with as many emoji as one may.
    ReactionLimitReached,
    /// Slow mode: the writer must wait.
    SlowMode,
    /// The resource has changed, or its state does not allow the request.
    Conflict,
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// The request's body took too long to arrive.
    BodyTimeout,
    /// The cursor does not match the database: load the chat again.
    StaleCursor,
    /// The body is too large.
    TooLarge,
    /// The content type or encoding is not supported.
    UnsupportedMediaType,
    /// The resource needs an upgrade to a WebSocket.
    UpgradeRequired,
    /// The `client_id`, `edit_id` or id of a file was already used for other content.
    ClientIdConflict,
    /// The chat has no message with the number `reply_to`.
    ReplyTargetNotFound,
    /// The caller has uploaded no such file to the chat, or a message has it already.
    FileNotFound,
    /// The files of the user, the chat or the server take as much space as they may.
    StorageLimitReached,
    /// Files cannot be stored or read now; see `retry_after`.
    StorageUnavailable,
    /// A rate limit was exceeded; see `retry_after`.
    TooManyRequests,
    /// The server failed, and logged why.
    Internal,
    /// The server is at its capacity; see `retry_after`.
    Busy,
    /// A code from a newer server.
    Unknown,
}

/// All errors of a single field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(test, derive(strum::EnumIter))]
#[serde(rename_all = "snake_case", from = "String")]
#[strum(serialize_all = "snake_case")]
pub enum FieldCode {
    /// The field is missing.
    Required,
    /// The field is null.
    Null,
    /// No character is visible.
    Blank,
    /// Not a string.
    NotText,
    /// Not an integer in the allowed range.
    NotNumber,
    /// Not a UUID.
    NotUuid,
    /// Not an object.
    NotObject,
    /// Not a PNG, JPEG, GIF or WebP image.
    NotAnImage,
    /// The image has too many pixels.
    TooManyPixels,
    /// Contains a null character.
    NullCharacter,
    /// Has too few characters.
    TooShort,
    /// Has too many characters.
    TooLong,
    /// The username has disallowed characters.
    InvalidUsername,
    /// The username is taken.
    UsernameTaken,
    /// Not an e-mail address.
    InvalidEmail,
    /// The password is a common one.
    CommonPassword,
    /// The name has line breaks or changes the text direction, or is that of a file and contains `/` or `\`.
    InvalidName,
    /// Not one of the allowed values.
    NotAChoice,
    /// A date in a search is not as in `2026-11-29`.
    NotADate,
    /// A filter of a search does not have this value.
    InvalidFilter,
    /// Not the current password.
    WrongPassword,
    /// Not a currently valid code.
    WrongCode,
    /// Cannot be combined with another field.
    NotCombinable,
    /// Not a time as in RFC 3339.
    NotATime,
    /// Mentions too many users.
    TooManyMentions,
    /// Names too many files.
    TooManyFiles,
    /// A code from a newer server.
    Unknown,
}

// The derived deserializer of an enum of this size is larger than that of a string and a comparison.
impl From<String> for ProblemCode {
    fn from(name: String) -> Self {
        name.parse().unwrap_or(Self::Unknown)
    }
}

impl From<String> for FieldCode {
    fn from(name: String) -> Self {
        name.parse().unwrap_or(Self::Unknown)
    }
}

impl ProblemCode {
    /// The HTTP status of the problem.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed
            | Self::Invalid
            | Self::WrongCredentials
            | Self::SecondFactorRequired
            | Self::PasskeyRejected
            | Self::TokenRejected => 400,
            Self::NotAuthenticated | Self::InvalidToken | Self::TokenExpired | Self::SessionEnded => 401,
            Self::Forbidden
            | Self::CrossOriginForbidden
            | Self::AccountRequired
            | Self::ReauthenticationRequired => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::BodyTimeout => 408,
            Self::Conflict => 409,
            Self::ResetTokenInvalid => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ClientIdConflict => 422,
            Self::UpgradeRequired => 426,
            Self::TooManyRequests => 429,
            Self::EmailUnavailable | Self::PasskeysUnavailable => 501,
            Self::Busy => 503,
            _ => self.chat_status(),
        }
    }

    /// The status of problems with a chat, its links and its messages.
    const fn chat_status(self) -> u16 {
        match self {
            Self::GuestsNotAllowed
            | Self::Banned
            | Self::JoinPending
            | Self::JoinRejected
            | Self::ChatClosed
            | Self::EditWindowClosed
            | Self::StorageLimitReached => 403,
            Self::ChatNotFound => 404,
            Self::StaleCursor
            | Self::OwnerCannotLeave
            | Self::ChatLimitReached
            | Self::PinLimitReached
            | Self::ReactionKindsLimitReached
            | Self::ReactionLimitReached => 409,
            Self::LinkRevoked
            | Self::LinkClosed
            | Self::LinkExpired
            | Self::LinkUseLimitReached
            | Self::ChatDeleted
            | Self::MessageDeleted => 410,
            Self::ReplyTargetNotFound | Self::FileNotFound => 422,
            Self::SlowMode => 429,
            Self::StorageUnavailable => 503,
            _ => 500,
        }
    }

    /// Whether the same request may succeed later, so that clients should keep and retry it.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::TooManyRequests
                | Self::SlowMode
                | Self::Busy
                | Self::StorageUnavailable
                | Self::Internal
                | Self::BodyTimeout
        )
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_code_round_trips() {
        for code in ProblemCode::iter() {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<ProblemCode>(&json).unwrap(), code, "{json}");
        }
        for code in FieldCode::iter() {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<FieldCode>(&json).unwrap(), code, "{json}");
        }
        assert_eq!(serde_json::to_string(&FieldCode::NotAChoice).unwrap(), r#""not_a_choice""#);
    }

    #[test]
    fn every_code_has_its_status() {
        for code in ProblemCode::iter() {
            let is_server_error = matches!(code, ProblemCode::Internal | ProblemCode::Unknown);
            assert_eq!(code.status() == 500, is_server_error, "{code:?}");
        }
    }

    #[test]
    fn unknown_problem_code_deserializes() {
        let json = r#"{"type":"about:blank","title":"Gone","status":410,"detail":"It ended.","code":"chat_burnt","username":["x"]}"#;
        let problem: Problem = serde_json::from_str(json).unwrap();
        assert_eq!(problem.code, ProblemCode::Unknown);
        assert_eq!(problem.detail, "It ended.");
    }
}
