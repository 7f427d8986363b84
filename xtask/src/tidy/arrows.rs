//! Who may not know of whom.

use super::{File, Offence, source};

/// Files whose path begins so, but not so, name no path that begins so.
struct Never {
    who: &'static [&'static str],
    except: &'static [&'static str],
    names: &'static [&'static str],
    why: &'static str,
}

const NEVER: [Never; 6] = [
    Never {
        who: &["shared/src/"],
        except: &[],
        names: &[
            "std::env",
            "std::fs",
            "std::net",
            "std::process",
            "std::thread",
            "actix",
            "diesel",
            "gloo",
            "leptos",
            "reqwest",
            "tokio",
            "web_sys",
        ],
        why: "shared does no I/O",
    },
    Never {
        who: &["backend/src/db"],
        except: &[],
        names: &["actix", "crate::hub", "crate::routes", "crate::writer"],
        why: "the database knows neither HTTP nor who listens",
    },
    Never {
        who: &["backend/src/hub"],
        except: &[],
        names: &["crate::routes", "crate::writer"],
        why: "the hub does not know the routes",
    },
    Never {
        who: &["frontend/src/"],
        except: &["frontend/src/api", "frontend/src/live"],
        names: &["gloo_net"],
        why: "only api.rs and live.rs speak to the server",
    },
    Never {
        who: &["backend/src/"],
        except: &["backend/src/config"],
        names: &["std::env::*", "std::env::home_dir", "std::env::var", "env::home_dir", "env::var"],
        why: "only config.rs reads the environment",
    },
    Never {
        who: &["backend/src/"],
        // The second builds a small server to test itself in.
        except: &["backend/src/routes/table.rs", "backend/src/deadline.rs"],
        names: &[
            "actix_web::web::resource",
            "actix_web::web::route",
            "actix_web::web::scope",
            "actix_web::web::to",
            "web::resource",
            "web::route",
            "web::scope",
            "web::to",
        ],
        why: "every route stands in the table of routes.rs",
    },
];

pub fn check(files: &[File]) -> Vec<Offence> {
    files.iter().filter(|file| file.kind() == "rs").flat_map(offences).collect()
}

fn offences(file: &File) -> Vec<Offence> {
    let paths = source::paths(&file.text);
    let bound = NEVER.iter().filter(|never| {
        let within = |folders: &[&str]| folders.iter().any(|folder| file.path.starts_with(folder));
        within(never.who) && !within(never.except)
    });
    bound
        .filter_map(|never| {
            let named = paths.iter().find(|path| never.names.iter().any(|name| path.starts_with(name)));
            named.map(|named| format!("{}: names {named}, but {}", file.path, never.why))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::files;

    #[test]
    fn every_arrow_that_must_not_be_is_caught() {
        for (path, text) in [
            ("shared/src/user.rs", "use tokio::sync::Mutex;"),
            ("shared/src/user.rs", "use std::{fmt, net::IpAddr};"),
            ("backend/src/db/chats.rs", "use actix_web::web;"),
            ("backend/src/db.rs", "use crate::{hub::Hub, problem::Refused};"),
            ("backend/src/hub/session.rs", "fn f() { crate::routes::table() }"),
            ("frontend/src/chat/composer.rs", "use gloo_net::http::Request;"),
            ("backend/src/routes/chats.rs", "let url = std::env::var(\"DATABASE_URL\");"),
            ("backend/src/server.rs", "use std::{env, io}; fn f() { env::vars_os() }"),
            ("backend/src/routes/chats.rs", "config.service(web::resource(\"/api/tea\").to(tea));"),
            ("backend/src/server.rs", "use actix_web::{App, web::{self, route}};"),
        ] {
            assert_eq!(check(&files(&[(path, text)])).len(), 1, "{path}: {text}");
        }
    }

    #[test]
    fn the_arrows_that_may_be_are_not() {
        for (path, text) in [
            ("shared/src/user.rs", "use std::fmt; //! no tokio::sync here"),
            ("backend/src/db/chats.rs", "use diesel::prelude::*; use shared::chat::Chat;"),
            ("backend/src/routes/chats.rs", "use crate::{db, hub::Hub, writer::Writer};"),
            ("frontend/src/api.rs", "use gloo_net::http::Request;"),
            ("frontend/src/live/socket.rs", "use gloo_net::websocket::Message;"),
            ("backend/src/routes/table.rs", "use actix_web::web; fn at(path: &str) { web::resource(path) }"),
            ("backend/src/routes/chats.rs", "use actix_web::web::{Data, Json};"),
            ("backend/src/config.rs", "use std::env; fn f() { env::var(\"DATABASE_URL\") }"),
            ("backend/src/postgres/tests.rs", "let me = std::env::current_exe();"),
            ("backend/src/main.rs", "const V: &str = env!(\"CARGO_PKG_VERSION\");"),
        ] {
            assert_eq!(check(&files(&[(path, text)])), Vec::<String>::new(), "{path}: {text}");
        }
    }
}
