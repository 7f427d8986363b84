//! The paths of the HTTP API. The server and the clients use these constants; `{name}` is a parameter.
//!
//! The server answers every path with and without its trailing slash.

// Operations.
pub const HEALTH: &str = "/healthz";
pub const READINESS: &str = "/readyz";

// API description.
pub const OPENAPI: &str = "/api/openapi.json";
pub const DOCS: &str = "/api/docs/";
pub const DOCS_FILE: &str = "/api/docs/{file}";

// Accounts and sessions.
pub const USERS_CREATE: &str = "/auth/users/create/";
pub const USERS_DELETE: &str = "/auth/users/delete/";
pub const JWT_CREATE: &str = "/auth/jwt/create/";
pub const JWT_VERIFY: &str = "/auth/jwt/verify/";
pub const JWT_REFRESH: &str = "/auth/jwt/refresh/";
/// The path of the original for [`JWT_REFRESH`].
pub const JWT_REFRESH_ALIAS: &str = "/this/is/hard/to/find/";
pub const JWT_END: &str = "/auth/jwt/end/";
/// The paths of earlier versions of the original.
pub const TOKEN_CREATE: &str = "/auth/token/create/";
pub const TOKEN_DESTROY: &str = "/auth/token/destroy/";
pub const JWT_PASSKEY: &str = "/auth/jwt/passkey/";
pub const SESSIONS: &str = "/auth/sessions/";
pub const SESSION: &str = "/auth/sessions/{session_id}/";
pub const GUEST: &str = "/auth/guest/";
pub const CLAIM: &str = "/auth/claim/";
pub const ME: &str = "/auth/me/";
pub const MY_AVATAR: &str = "/auth/me/avatar/";
pub const PASSWORD: &str = "/auth/password/";
pub const PASSWORD_RESETS: &str = "/auth/password_resets/";
pub const USERNAME: &str = "/auth/username/";
pub const REAUTHENTICATION: &str = "/auth/reauthentication/";
pub const SECOND_FACTOR: &str = "/auth/second_factor/";
pub const RECOVERY_CODES: &str = "/auth/recovery_codes/";
pub const PASSKEYS: &str = "/auth/passkeys/";
pub const PASSKEY: &str = "/auth/passkeys/{passkey_id}/";
pub const PASSKEY_REGISTRATIONS: &str = "/auth/passkeys/registrations/";
pub const PASSKEY_CHALLENGES: &str = "/auth/passkeys/challenges/";
pub const EXPORTS: &str = "/auth/exports/";
pub const EXPORT: &str = "/auth/exports/{export_id}/";
pub const EXPORT_FILE: &str = "/auth/exports/{export_id}/file/";
pub const TICKETS: &str = "/auth/tickets/";
pub const AVATAR: &str = "/api/avatars/{avatar_id}/";

// Chats.
pub const CHATS: &str = "/api/chats/";
pub const CHAT: &str = "/api/chats/{uri}/";
pub const CHAT_URI: &str = "/api/chats/{uri}/uri/";
pub const CHAT_LINKS: &str = "/api/chats/{uri}/links/";
pub const CHAT_LINK: &str = "/api/chats/{uri}/links/{link_id}/";
pub const CHAT_LINK_MEMBERS: &str = "/api/chats/{uri}/links/{link_id}/members/";
pub const CHAT_MESSAGES: &str = "/api/chats/{uri}/messages/";
pub const CHAT_MESSAGE: &str = "/api/chats/{uri}/messages/{seq}/";
pub const CHAT_DELETIONS: &str = "/api/chats/{uri}/deletions/";
pub const CHAT_MESSAGE_VERSIONS: &str = "/api/chats/{uri}/messages/{seq}/versions/";
pub const CHAT_PINS: &str = "/api/chats/{uri}/pins/";
pub const CHAT_PIN: &str = "/api/chats/{uri}/pins/{seq}/";
pub const CHAT_MESSAGE_REACTIONS: &str = "/api/chats/{uri}/messages/{seq}/reactions/";
pub const CHAT_MESSAGE_REACTION: &str = "/api/chats/{uri}/messages/{seq}/reactions/{emoji}/";
pub const CHAT_FILE: &str = "/api/chats/{uri}/files/{file_id}/";
pub const CHAT_FILE_TOKENS: &str = "/api/chats/{uri}/file_tokens/";
pub const CHAT_SEARCH: &str = "/api/chats/{uri}/search/";
pub const CHAT_CHANGES: &str = "/api/chats/{uri}/changes/";
pub const CHAT_EVENTS: &str = "/api/chats/{uri}/events/";
pub const CHAT_SETTINGS: &str = "/api/chats/{uri}/settings/";
pub const CHAT_MY_MEMBERSHIP: &str = "/api/chats/{uri}/members/me/";
pub const CHAT_MEMBER: &str = "/api/chats/{uri}/members/{user_id}/";
pub const CHAT_OWNER: &str = "/api/chats/{uri}/owner/";
pub const CHAT_AUDIT_LOG: &str = "/api/chats/{uri}/audit/";
pub const CHAT_READ_POSITION: &str = "/api/chats/{uri}/read_position/";
pub const CHAT_MUTE: &str = "/api/chats/{uri}/mute/";
pub const CHAT_EXPORTS: &str = "/api/chats/{uri}/exports/";
pub const CHAT_EXPORT: &str = "/api/chats/{uri}/exports/{export_id}/";
pub const CHAT_EXPORT_FILE: &str = "/api/chats/{uri}/exports/{export_id}/file/";
pub const SEARCH: &str = "/api/search/";
pub const SOCKET: &str = "/api/socket/";

// Pages of the client.
pub const HOME_PAGE: &str = "/";
pub const CHATS_PAGE: &str = "/chats/";
pub const CHAT_PAGE: &str = "/chats/{uri}/";
pub const AUTH_PAGE: &str = "/auth/";
pub const RESET_PAGE: &str = "/reset/";
pub const SETTINGS_PAGE: &str = "/settings/";

/// Replaces the parameters of a path in their order. The values must not need percent-encoding.
pub fn fill(path: &str, parameters: &[&str]) -> String {
    let mut parameters = parameters.iter();
    let segments = path.split('/').map(|segment| {
        let value = if segment.starts_with('{') { parameters.next() } else { None };
        value.copied().unwrap_or(segment)
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_replaces_parameters_in_order() {
        assert_eq!(fill(CHAT_MESSAGE, &["tea", "7"]), "/api/chats/tea/messages/7/");
        assert_eq!(fill(CHATS, &[]), "/api/chats/");
    }
}
