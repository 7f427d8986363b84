//! The tables of all routes and of all commands of the socket: what there is, who does it, and who may. Every path is
//! answered with and without its slash at the end.

mod accounts;
mod audit;
mod avatars;
mod changes;
mod chats;
mod deletions;
mod documentation;
mod events;
mod exports;
mod guests;
mod joining;
mod links;
mod members;
mod messages;
mod owner;
mod pages;
mod passkeys;
mod password_resets;
mod previews;
mod proofs;
mod read_positions;
mod refreshes;
mod second_factor;
mod sessions;
mod settings;
pub mod socket;
pub mod table;
mod tickets;
mod tokens;
mod your_chats;

use actix_web::HttpRequest;
use shared::problem::ProblemCode;

table::routes! {
    // How the server is.
    "/healthz"                       GET|HEAD   pages::health               Anyone
    "/readyz"                        GET|HEAD   pages::readiness            Anyone

    // What may be asked.
    "/api/openapi.json"              GET        documentation::openapi      Anyone
    "/api/docs"                      GET        documentation::page         Anyone
    "/api/docs/{file}"               GET        documentation::file         Anyone

    // Who one is.
    "/auth/users/create"             POST       accounts::create            Anyone
    "/auth/users/delete"             POST       accounts::delete            Account
    "/auth/jwt/create"               POST       tokens::create              Anyone
    "/auth/jwt/verify"               POST       tokens::verify              Anyone
    "/auth/jwt/refresh"              POST       refreshes::refresh          Anyone
    "/this/is/hard/to/find"          POST       refreshes::refresh          Anyone
    "/auth/jwt/end"                  POST       sessions::end_current       SignedIn
    "/auth/sessions"                 GET        sessions::list              SignedIn
                                     DELETE     sessions::end_all           SignedIn
    "/auth/sessions/{session_id}"    DELETE     sessions::end_one           SignedIn
    "/auth/guest"                    POST       guests::begin               Anyone
    "/auth/claim"                    POST       guests::claim               GuestOnly
    "/auth/me"                       GET        accounts::me                SignedIn
                                     PUT        accounts::replace_me        Account
                                     PATCH      accounts::change_me         SignedIn
    "/auth/me/avatar"                PUT        avatars::put                SignedIn
                                     DELETE     avatars::remove             SignedIn
    "/auth/password"                 POST       accounts::change_password   Account
    "/auth/password_resets"          POST       password_resets::ask        Anyone
                                     PUT        password_resets::redeem     Anyone
    "/auth/username"                 POST       accounts::change_username   Account
    "/auth/proof"                    POST       proofs::prove               Account
    "/auth/second_factor"            GET        second_factor::show         Account
                                     POST       second_factor::begin        Proven
                                     PUT        second_factor::confirm      Proven
                                     DELETE     second_factor::turn_off     Proven
    "/auth/passkeys"                 GET        passkeys::list              Account
                                     POST       passkeys::add               Proven
    "/auth/passkeys/registrations"   POST       passkeys::begin             Proven
    "/auth/passkeys/challenges"      POST       passkeys::challenge         Anyone
    "/auth/passkeys/{passkey_id}"    DELETE     passkeys::remove            Proven
    "/auth/jwt/passkey"              POST       passkeys::sign_in           Anyone
    "/auth/recovery_codes"           POST       second_factor::renew_codes  Proven
    "/auth/exports"                  GET        exports::list               SignedIn
                                     POST       exports::begin              ProvenOrGuest
    "/auth/exports/{export_id}"      GET        exports::show               SignedIn
    "/auth/exports/{export_id}/file" GET        exports::file               SignedIn
    "/auth/tickets"                  POST       tickets::give               SignedIn

    "/api/avatars/{avatar_id}"       GET        avatars::show               Anyone

    // Chats.
    "/api/chats"                     GET        your_chats::list            SignedIn
                                     POST       chats::start                SignedIn
    "/api/chats/{uri}"               GET        previews::show              Visiting
                                     PATCH      joining::join               Joining
                                     DELETE     chats::end                  Owner
    "/api/chats/{uri}/uri"           POST       chats::move_to_new_uri      Moderator
    "/api/chats/{uri}/links"         GET        links::list                 Moderator
                                     POST       links::make                 Moderator
    "/api/chats/{uri}/links/{link_id}"  DELETE  links::revoke               Moderator
    "/api/chats/{uri}/links/{link_id}/members"  GET  links::came_by         Moderator
    "/api/chats/{uri}/messages"      GET        messages::history           Reader
                                     POST       messages::post              Writer
                                     DELETE     deletions::lately           Moderator
    "/api/chats/{uri}/messages/{seq}"  DELETE   deletions::one              Reader
    "/api/chats/{uri}/changes"       GET        changes::since              Reader
    "/api/chats/{uri}/events"        GET        events::follow              Reader
    "/api/chats/{uri}/settings"      PATCH      settings::change            Moderator
    "/api/chats/{uri}/members/me"    DELETE     members::leave              Leaving
    "/api/chats/{uri}/members/{user_id}"  PUT   members::change             Moderator
    "/api/chats/{uri}/owner"         PUT        owner::hand_over            Owner
    "/api/chats/{uri}/audit"         GET        audit::page                 Moderator
    "/api/chats/{uri}/read_position" GET        read_positions::list        Reader
                                     PUT        read_positions::advance     Reader
    "/api/chats/{uri}/mute"          PUT        your_chats::mute            Reader
    "/api/socket"                    GET        socket::open                SignedIn

    // Where the client shows something. Messengers fetch these to preview a link, so they change nothing.
    "/"                              GET|HEAD   pages::chat                 Anyone
    "/chats"                         GET|HEAD   pages::chat                 Anyone
    "/chats/{uri}"                   GET|HEAD   pages::chat                 Anyone
    "/auth"                          GET|HEAD   pages::account              Anyone
    "/reset"                         GET|HEAD   pages::account              Anyone
    "/settings"                      GET|HEAD   pages::account              Anyone
    _                                _          pages::file                 Anyone
}

table::commands! {
    Subscribe     Reader
    Unsubscribe   SignedIn
    Post          Writer
    Typing        Writer
    Read          Reader
    Follow        Reader
    Renew         SignedIn
}

/// A number in the path. Where it is none there is nothing.
fn number_in_path(request: &HttpRequest, name: &str) -> Result<i64, ProblemCode> {
    let number = request.match_info().get(name).and_then(|number| number.parse().ok());
    number.ok_or(ProblemCode::NotFound)
}
