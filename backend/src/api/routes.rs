//! The table of all routes and WebSocket commands: the path, the method, the handler and who is allowed.

use super::{
    account::{
        self, avatars, data_export, guests, passkeys, password_resets, reauth, refresh_tokens, second_factor,
        sessions, tickets, tokens,
    },
    chats::{
        self, audit_log, changes, chat_exports, chat_list, chat_preview, files, invite_links, join, members,
        message_deletion, message_edits, messages, ownership, pins, reactions, read_positions, search,
        settings,
    },
    events,
    meta::{documentation, pages},
    route_table, websocket,
};

route_table::routes! {
    // The router tries the paths in this order, so the path that is requested most is the first.
    [CHAT_MESSAGES]          GET        messages::list                    Reader
                             POST       messages::post                    Writer
                             DELETE     message_deletion::delete_recent   Moderator

    // Operations.
    [HEALTH]                 GET        pages::health                     Anyone
    [READINESS]              GET        pages::readiness                  Anyone

    // API description.
    [OPENAPI]                GET        documentation::openapi            Anyone
    [DOCS]                   GET        documentation::page               Anyone
    [DOCS_FILE]              GET        documentation::file               Anyone

    // Accounts and sessions.
    [USERS_CREATE]           POST       account::create                   Anyone
    [USERS_DELETE]           POST       account::delete                   Account
    [JWT_CREATE]             POST       tokens::create                    Anyone
    [JWT_VERIFY]             POST       tokens::verify                    Anyone
    [JWT_REFRESH]            POST       refresh_tokens::refresh           Anyone
    [JWT_REFRESH_ALIAS]      POST       refresh_tokens::refresh           Anyone
    [JWT_END]                POST       sessions::end_current             Authenticated
    [TOKEN_CREATE]           POST       tokens::create_for_program        Anyone
    [TOKEN_DESTROY]          POST       sessions::end_current             Authenticated
    [JWT_PASSKEY]            POST       passkeys::sign_in                 Anyone
    [SESSIONS]               GET        sessions::list                    Authenticated
                             DELETE     sessions::end_all                 Authenticated
    [SESSION]                DELETE     sessions::end_one                 Authenticated
    [GUEST]                  POST       guests::create                    Anyone
    [CLAIM]                  POST       guests::claim                     GuestOnly
    [ME]                     GET        account::show                     Authenticated
                             PUT        account::replace                  Account
                             PATCH      account::update                   Authenticated
    [MY_AVATAR]              PUT        avatars::replace                  Authenticated
                             DELETE     avatars::remove                   Authenticated
    [PASSWORD]               POST       account::change_password          Account
    [PASSWORD_RESETS]        POST       password_resets::request          Anyone
                             PUT        password_resets::confirm          Anyone
    [USERNAME]               POST       account::change_username          Account
    [REAUTHENTICATION]       POST       reauth::reauthenticate            Account
    [SECOND_FACTOR]          GET        second_factor::show               Account
                             POST       second_factor::enroll             RecentlyAuthenticated
                             PUT        second_factor::confirm            RecentlyAuthenticated
                             DELETE     second_factor::disable            RecentlyAuthenticated
    [RECOVERY_CODES]         POST       second_factor::renew_codes        RecentlyAuthenticated
    [PASSKEYS]               GET        passkeys::list                    Account
                             POST       passkeys::register                RecentlyAuthenticated
    [PASSKEY_REGISTRATIONS]  POST       passkeys::begin_registration      RecentlyAuthenticated
    [PASSKEY_CHALLENGES]     POST       passkeys::begin_authentication    Anyone
    [PASSKEY]                DELETE     passkeys::remove                  RecentlyAuthenticated
    [EXPORTS]                GET        data_export::list                 Authenticated
                             POST       data_export::create               RecentlyAuthenticatedOrGuest
    [EXPORT]                 GET        data_export::show                 Authenticated
    [EXPORT_FILE]            GET        data_export::download             Authenticated
    [TICKETS]                POST       tickets::issue                    Authenticated
    [AVATAR]                 GET        avatars::show                     Anyone

    // Chats.
    [CHATS]                  GET        chat_list::list                   Authenticated
                             POST       chats::create                     Authenticated
    [CHAT]                   GET        chat_preview::show                NotBanned
                             PATCH      join::join                        CanJoin
                             DELETE     chats::delete                     Owner
    [CHAT_URI]               POST       chats::rotate_uri                 Moderator
    [CHAT_LINKS]             GET        invite_links::list                Moderator
                             POST       invite_links::create              Moderator
    [CHAT_LINK]              DELETE     invite_links::revoke              Moderator
    [CHAT_LINK_MEMBERS]      GET        invite_links::list_members        Moderator
    [CHAT_MESSAGE]           PATCH      message_edits::edit               Writer
                             DELETE     message_deletion::delete_one      Reader
    [CHAT_DELETIONS]         POST       message_deletion::delete_many     Reader
    [CHAT_MESSAGE_VERSIONS]  GET        message_edits::list_versions      Reader
    [CHAT_PINS]              GET        pins::list                        Reader
    [CHAT_PIN]               PUT        pins::pin                         Moderator
                             DELETE     pins::unpin                       Moderator
    [CHAT_MESSAGE_REACTIONS] GET        reactions::list                   Reader
    [CHAT_MESSAGE_REACTION]  PUT        reactions::add                    Writer
                             DELETE     reactions::remove                 Writer
    [CHAT_FILE]              GET        files::download                   Reader
                             PUT        files::upload                     Writer
    [CHAT_FILE_TOKENS]       POST       files::issue_token                Reader
    [CHAT_SEARCH]            GET        search::search_chat               Reader
    [CHAT_CHANGES]           GET        changes::list                     Reader
    [CHAT_EVENTS]            GET        events::stream_events             Reader
    [CHAT_SETTINGS]          PATCH      settings::update                  Moderator
    [CHAT_MY_MEMBERSHIP]     DELETE     members::leave                    CanLeave
    [CHAT_MEMBER]            PUT        members::update                   Moderator
    [CHAT_OWNER]             PUT        ownership::transfer               Owner
    [CHAT_AUDIT_LOG]         GET        audit_log::list                   Moderator
    [CHAT_EXPORTS]           GET        chat_exports::list                CanExport
                             POST       chat_exports::create              CanExport
    [CHAT_EXPORT]            GET        chat_exports::show                CanExport
    [CHAT_EXPORT_FILE]       GET        chat_exports::download            CanExport
    [CHAT_READ_POSITION]     GET        read_positions::list              Reader
                             PUT        read_positions::update            Reader
    [CHAT_MUTE]              PUT        chat_list::mute                   Reader
    [SEARCH]                 GET        search::search_all                Authenticated
    [SOCKET]                 GET        websocket::open                   Authenticated

    // Pages of the client. Messengers fetch them to preview links, so that they must not change anything.
    [HOME_PAGE]              GET        pages::chat                       Anyone
    [CHATS_PAGE]             GET        pages::chat                       Anyone
    [CHAT_PAGE]              GET        pages::chat                       Anyone
    [AUTH_PAGE]              GET        pages::account                    Anyone
    [RESET_PAGE]             GET        pages::account                    Anyone
    [SETTINGS_PAGE]          GET        pages::account                    Anyone
    _                        _          pages::file                       Anyone
}

route_table::commands! {
    Subscribe     Reader
    Unsubscribe   Authenticated
    Post          Writer
    Typing        Writer
    Read          Reader
    Follow        Reader
    Renew         Authenticated
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{super::route_table::Route, *};

    #[test]
    fn routes_are_unique_and_normalized() {
        let mut declared = HashSet::new();
        for Route { method, path, .. } in ROUTES {
            assert!(declared.insert((method, path)), "{method} {path}");
            assert!(path.starts_with('/') && (*path == "/" || !path.ends_with('/')), "{path}");
        }
    }

    #[test]
    fn routes_of_one_path_are_adjacent() {
        let paths: Vec<_> =
            ROUTES.chunk_by(|one, next| one.path == next.path).map(|rows| rows[0].path).collect();
        assert_eq!(paths.iter().collect::<HashSet<_>>().len(), paths.len(), "{paths:?}");
    }
}
