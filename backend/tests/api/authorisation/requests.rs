//! For every route the request that succeeds, if only whoever sends it may.

use backend::{auth::access::Verdict, routes::table::Route};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Outcome, stage::Stage};
use crate::{
    app::{Call, PASSWORD},
    avatars::png,
};

/// Sends it. What has no end is not read.
pub async fn attempt(route: &Route, stage: &Stage<'_>) -> Outcome {
    let Some(body) = body(route, stage) else {
        return Outcome::Strange("there is no request for it in authorisation/requests.rs".to_owned());
    };
    let call = request(route, stage);
    let call = if body.is_null() { call } else { call.json(&body) };
    let response = call.open().await.expect("an answer");
    let status = response.status();
    // Where the client was not built its pages say so, to everybody and without a problem.
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if status.is_informational() || status.is_success() || kind.starts_with("text/") {
        return Outcome::Is(Verdict::Allowed);
    }
    let text = response.text().await.expect("a whole answer");
    match serde_json::from_str(&text) {
        Ok(problem) => Outcome::of_problem(&problem),
        Err(_) => Outcome::Strange(format!("{status} {text}")),
    }
}

fn request(route: &Route, stage: &Stage<'_>) -> Call {
    match (route.method, route.path) {
        ("DELETE", path @ "/api/chats/{uri}/messages") => {
            stage.call("DELETE", &format!("{path}?user={}&minutes=5", stage.other.id))
        }
        ("PUT", path @ "/auth/me/avatar") => stage.call("PUT", path).body("image/png", png(8)),
        (method, path @ "/api/socket") => stage
            .call(method, path)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        (method, path) => stage.call(method, path),
    }
}

/// What goes with the request: null if that is nothing, and none if nobody has said what.
fn body(route: &Route, stage: &Stage<'_>) -> Option<Value> {
    match route.path.strip_prefix("/api/chats/{uri}") {
        // Nobody has said what that stands for.
        _ if stage.path(route.path).contains('{') => None,
        _ if matches!(route.method, "GET" | "HEAD" | "DELETE") => Some(Value::Null),
        Some(path) => in_chat(route.method, path, stage),
        None => elsewhere(route.method, route.path, stage),
    }
}

const WITHOUT_BODY: [&str; 9] = [
    "/api/chats",
    "/auth/exports",
    "/auth/guest",
    "/auth/jwt/end",
    "/auth/passkeys/challenges",
    "/auth/passkeys/registrations",
    "/auth/recovery_codes",
    "/auth/second_factor",
    "/auth/tickets",
];

fn elsewhere(method: &str, path: &str, stage: &Stage<'_>) -> Option<Value> {
    let name = format!("new{}", stage.number);
    Some(match (method, path) {
        ("POST", path) if WITHOUT_BODY.contains(&path) => Value::Null,
        ("POST", "/auth/users/create" | "/auth/claim") => json!({ "username": name, "password": PASSWORD }),
        ("POST", "/auth/users/delete" | "/auth/proof") => json!({ "current_password": PASSWORD }),
        ("POST", "/auth/jwt/create") => json!({ "username": stage.owner.name, "password": PASSWORD }),
        ("POST", "/auth/jwt/verify" | "/auth/jwt/refresh" | "/this/is/hard/to/find") => {
            json!({ "token": stage.owner.token })
        }
        ("PUT", "/auth/me/avatar") => Value::Null,
        ("PUT", "/auth/me") => json!({ "email": "new@example.org" }),
        ("PATCH", "/auth/me") => json!({ "display_name": "Countess" }),
        // Not begun, so that whoever may is told of a conflict.
        ("PUT", "/auth/second_factor") => json!({ "one_time_code": "000000" }),
        // None that anybody knows, so that whoever may is told so.
        ("POST", "/auth/passkeys") => {
            json!({ "registration": Uuid::nil(), "label": "phone", "credential": {} })
        }
        ("POST", "/auth/jwt/passkey") => json!({ "challenge": Uuid::nil(), "credential": {} }),
        ("POST", "/auth/password_resets") => json!({ "email": "nobody@example.org" }),
        ("PUT", "/auth/password_resets") => {
            json!({ "token": format!("reset{}", stage.number), "new_password": PASSWORD })
        }
        ("POST", "/auth/password") => {
            json!({ "new_password": "green tea at dusk", "current_password": PASSWORD })
        }
        ("POST", "/auth/username") => json!({ "new_username": name, "current_password": PASSWORD }),
        _ => return None,
    })
}

fn in_chat(method: &str, path: &str, stage: &Stage<'_>) -> Option<Value> {
    Some(match (method, path) {
        ("POST", "/uri") => Value::Null,
        ("PATCH", "") => json!({ "username": stage.actor.name }),
        ("PATCH", "/settings") => json!({ "topic": "green or black" }),
        ("POST", "/messages") => json!({ "message": "tea!" }),
        ("POST", "/links") => json!({ "label": "family", "role": "writer" }),
        ("PUT", "/members/{user_id}") => json!({ "standing": "removed" }),
        ("PUT", "/owner") => json!({ "user_id": stage.other.id }),
        ("PUT", "/read_position") => json!({ "seq": 4 }),
        ("PUT", "/mute") => json!({ "muted": true }),
        _ => return None,
    })
}
