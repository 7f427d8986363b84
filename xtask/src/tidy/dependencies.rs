//! Which modules may not name which others.

use std::collections::BTreeSet;

use super::{Project, Violation, module_tree::Reference};

/// Files whose path begins with one of `files`, but not with one of `except`, name none of `forbidden`.
struct Boundary {
    files: &'static [&'static str],
    except: &'static [&'static str],
    /// Paths from the root of the crate or from another crate; `name*` stands for every name
    /// that begins so, `name::*` for a glob import.
    forbidden: &'static [&'static str],
    /// Holds for code of tests, too.
    in_tests: bool,
    reason: &'static str,
}

const BACKEND: [Boundary; 8] = [
    Boundary {
        files: &["backend/src/store"],
        except: &[],
        forbidden: &[
            "actix*",
            "crate::api",
            "crate::auth",
            "crate::chat",
            "crate::cli",
            "crate::http",
            "crate::jobs",
            "crate::realtime",
            "crate::state",
        ],
        in_tests: true,
        reason: "store depends on shared alone",
    },
    Boundary {
        files: &["backend/src/chat"],
        except: &[],
        forbidden: &[
            "actix*",
            "crate::api",
            "crate::auth",
            "crate::cli",
            "crate::http",
            "crate::jobs",
            "crate::realtime",
            "crate::state",
        ],
        in_tests: true,
        reason: "chat depends on store and shared alone",
    },
    Boundary {
        files: &["backend/src/realtime"],
        except: &[],
        forbidden: &[
            "crate::api",
            "crate::auth",
            "crate::chat",
            "crate::cli",
            "crate::http",
            "crate::jobs",
            "crate::state",
        ],
        in_tests: true,
        reason: "realtime depends on store and shared alone",
    },
    Boundary {
        files: &["backend/src/auth"],
        except: &[],
        forbidden: &[
            "crate::api",
            "crate::chat",
            "crate::cli",
            "crate::http::assets",
            "crate::http::middleware",
            "crate::jobs",
            "crate::realtime",
            "crate::state",
        ],
        in_tests: true,
        reason: "auth depends on store, shared and http::extract alone",
    },
    Boundary {
        files: &["backend/src/"],
        except: &[
            "backend/src/api",
            "backend/src/auth",
            "backend/src/http",
            "backend/src/lib.rs",
            "backend/src/main.rs",
            "backend/src/server.rs",
        ],
        forbidden: &["crate::http"],
        in_tests: true,
        reason: "only api and auth use http",
    },
    Boundary {
        files: &["backend/src/"],
        except: &["backend/src/api", "backend/src/lib.rs", "backend/src/main.rs", "backend/src/server.rs"],
        forbidden: &["crate::api"],
        in_tests: true,
        reason: "nothing but the start of the server uses api",
    },
    Boundary {
        files: &["backend/src/"],
        except: &["backend/src/config"],
        forbidden: &["std::env::home_dir", "std::env::var*", "std::env::*"],
        in_tests: true,
        reason: "only config reads the environment",
    },
    Boundary {
        files: &["backend/src/"],
        except: &["backend/src/api/routes", "backend/src/api/route_table"],
        forbidden: &[
            "actix_web::web::resource",
            "actix_web::web::route",
            "actix_web::web::scope",
            "actix_web::web::to",
        ],
        in_tests: false,
        reason: "every route stands in the table of api/routes.rs",
    },
];

const FRONTEND: [Boundary; 5] = [
    Boundary {
        files: &["frontend/src/"],
        except: &["frontend/src/api", "frontend/src/socket"],
        forbidden: &["gloo_net", "web_sys::EventSource", "web_sys::WebSocket", "web_sys::XmlHttpRequest"],
        in_tests: true,
        reason: "only api and socket speak to the server",
    },
    Boundary {
        files: &["frontend/src/api", "frontend/src/socket"],
        except: &[],
        forbidden: &[
            "crate::account",
            "crate::app",
            "crate::chat",
            "crate::chat_list",
            "crate::components",
            "crate::pages",
        ],
        in_tests: true,
        reason: "api and socket know no screens",
    },
    Boundary {
        files: &["frontend/src/account", "frontend/src/chat", "frontend/src/chat_list"],
        except: &[],
        forbidden: &["crate::app", "crate::pages"],
        in_tests: true,
        reason: "pages depend on chat, chat_list and account, not the other way round",
    },
    Boundary {
        files: &["frontend/src/components"],
        except: &[],
        forbidden: &[
            "crate::account",
            "crate::api",
            "crate::app",
            "crate::chat",
            "crate::chat_list",
            "crate::outbox",
            "crate::pages",
            "crate::session",
            "crate::socket",
        ],
        in_tests: true,
        reason: "components depend on strings alone",
    },
    Boundary {
        files: &["frontend/src/strings"],
        except: &[],
        forbidden: &[
            "crate::account",
            "crate::api",
            "crate::app",
            "crate::chat",
            "crate::chat_list",
            "crate::components",
            "crate::outbox",
            "crate::pages",
            "crate::session",
            "crate::socket",
        ],
        in_tests: true,
        reason: "strings depend on nothing of the client",
    },
];

const PURE: [Boundary; 1] = [Boundary {
    files: &["shared/src/", "crates/highlight/src/", "crates/markdown/src/", "crates/ws-frame/src/"],
    // Identifiers implement Diesel's traits, which only their own crate may do.
    except: &["shared/src/id.rs"],
    forbidden: &[
        "actix*",
        "diesel*",
        "gloo*",
        "leptos*",
        "reqwest",
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "tokio*",
        "web_sys",
    ],
    in_tests: true,
    reason: "this crate does no I/O",
}];

/// One violation for each file and boundary.
pub fn check(project: &Project) -> Vec<Violation> {
    let (mut violations, mut seen) = (Vec::new(), BTreeSet::new());
    for reference in &project.references {
        let boundaries = BACKEND.iter().chain(&FRONTEND).chain(&PURE);
        for boundary in boundaries.filter(|boundary| boundary.forbids(reference)).take(1) {
            if seen.insert((&reference.file, boundary.reason)) {
                let (path, line, named) = (&reference.file, reference.line, reference.path.join("::"));
                violations.push(format!("{path}:{line}: names {named}, but {}", boundary.reason));
            }
        }
    }
    violations
}

impl Boundary {
    fn forbids(&self, reference: &Reference) -> bool {
        let within = |folders: &[&str]| folders.iter().any(|folder| is_within(&reference.file, folder));
        within(self.files)
            && !within(self.except)
            && (self.in_tests || !reference.in_tests)
            && self.forbidden.iter().any(|forbidden| leads_to(reference, forbidden))
    }
}

/// `a/src/chat` covers `a/src/chat.rs` and `a/src/chat/…`, not `a/src/chat_list.rs`.
fn is_within(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| folder.ends_with('/') || rest.is_empty() || rest.starts_with(['.', '/']))
}

/// Whether the path, or the module that defines its name, is or is below the forbidden one.
fn leads_to(reference: &Reference, forbidden: &str) -> bool {
    let matches = |path: &str| match forbidden.strip_suffix('*') {
        Some(prefix) if !prefix.ends_with("::") => path.starts_with(prefix),
        _ => path.strip_prefix(forbidden).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")),
    };
    matches(&reference.path.join("::"))
        || reference.targets.iter().any(|target| matches(&format!("crate::{}", target.join("::"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn forbidden_dependencies_are_caught() {
        for (path, text) in [
            ("shared/src/user.rs", "use tokio::sync::Mutex;"),
            ("shared/src/user.rs", "use std::{fmt, net::IpAddr};"),
            ("backend/src/store/chats.rs", "use actix_web::web;"),
            ("backend/src/store.rs", "use crate::{realtime::Hub, config::Pool};"),
            ("backend/src/chat/join.rs", "use crate::auth::jwt;"),
            ("backend/src/realtime/hub.rs", "fn f() { crate::api::routes() }"),
            ("backend/src/auth/policy.rs", "use crate::{chat, store};"),
            ("backend/src/jobs/mailer.rs", "use crate::http::error::ApiError;"),
            ("backend/src/state.rs", "use crate::api::routes;"),
            ("backend/src/api/chats.rs", "fn f() { let url = std::env::var(\"DATABASE_URL\"); }"),
            ("backend/src/server.rs", "use std::{env, io}; fn f() { env::vars_os() }"),
            (
                "backend/src/api/chats.rs",
                "use actix_web::web; fn f() { web::resource(\"/api/tea\").to(tea); }",
            ),
            ("backend/src/server.rs", "use actix_web::{App, web::{self, route}};"),
            ("frontend/src/chat/composer.rs", "use gloo_net::http::Request;"),
            ("frontend/src/outbox.rs", "use web_sys::{Blob, WebSocket};"),
            ("frontend/src/chat_list/row.rs", "use crate::{strings, pages::Chat};"),
            ("frontend/src/components/button.rs", "use crate::session::Session;"),
            ("frontend/src/strings/errors.rs", "use crate::components::button;"),
            ("frontend/src/socket.rs", "use crate::chat::state;"),
        ] {
            let violations = check(&project(&[(path, text)]));
            assert_eq!(violations.len(), 1, "{path}: {text}: {violations:?}");
        }
    }

    #[test]
    fn re_exports_do_not_hide_a_dependency() {
        let violations = check(&project(&[
            ("backend/src/lib.rs", "mod chat; mod realtime; mod facade;"),
            ("backend/src/facade.rs", "pub use crate::realtime::Hub;"),
            ("backend/src/realtime.rs", "pub struct Hub;"),
            ("backend/src/chat.rs", "use crate::facade::Hub;"),
        ]));
        let reason = "chat depends on store and shared alone";
        assert_eq!(violations, [format!("backend/src/chat.rs:1: names crate::facade::Hub, but {reason}")]);
    }

    #[test]
    fn allowed_dependencies_are_not_violations() {
        for (path, text) in [
            ("shared/src/user.rs", "use std::fmt; // no tokio::sync here"),
            ("backend/src/store/chats.rs", "use diesel::prelude::*; use shared::chat::Chat;"),
            ("backend/src/api/chats.rs", "use crate::{auth, chat, http, realtime::Hub, store};"),
            ("backend/src/chat/join.rs", "use crate::store::chats;"),
            ("backend/src/api/routes.rs", "use actix_web::web; fn at(path: &str) { web::resource(path) }"),
            ("backend/src/api/chats.rs", "use actix_web::web::{Data, Json};"),
            ("backend/src/http/timeout.rs", "#[cfg(test)] mod tests { use actix_web::web::resource; }"),
            ("backend/src/config.rs", "use std::env; fn f() { env::var(\"DATABASE_URL\") }"),
            ("backend/src/postgres/tests.rs", "fn f() { let me = std::env::current_exe(); }"),
            ("backend/src/main.rs", "const V: &str = env!(\"CARGO_PKG_VERSION\");"),
            ("frontend/src/api.rs", "use gloo_net::http::Request;"),
            ("frontend/src/socket/connection.rs", "use gloo_net::websocket::Message;"),
            ("frontend/src/pages/chat.rs", "use crate::{chat, chat_list};"),
            ("frontend/src/components/button.rs", "use crate::strings::buttons;"),
        ] {
            assert_eq!(check(&project(&[(path, text)])), [""; 0], "{path}: {text}");
        }
    }
}
