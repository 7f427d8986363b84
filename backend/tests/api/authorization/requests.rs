//! For every route, a request that succeeds if its sender is authorized.

use backend::{api::route_table::Route, auth::policy::access::Decision};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Outcome, fixture::Fixture};

use crate::support::{ApiRequest, PASSWORD, png};

/// Sends the request. The body of a successful response is not read, because a stream has no end.
pub async fn attempt(route: &Route, fixture: &Fixture<'_>) -> Outcome {
    let Some(body) = body(route, fixture) else {
        return Outcome::Unexpected("authorization/requests.rs has no request for it".to_owned());
    };
    let request = request(route, fixture);
    let request = if body.is_null() { request } else { request.json(&body) };
    let response = request.open().await.expect("a response");
    let status = response.status();
    // Without a built client, its pages are answered with an error text.
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if status.is_informational() || status.is_success() || kind.starts_with("text/") {
        return Outcome::Decided(Decision::Allowed);
    }
    let text = response.text().await.expect("a complete response");
    match serde_json::from_str(&text) {
        Ok(problem) => Outcome::from_problem(&problem),
        Err(_) => Outcome::Unexpected(format!("{status} {text}")),
    }
}

fn request(route: &Route, fixture: &Fixture<'_>) -> ApiRequest {
    match (route.method, route.path) {
        ("DELETE", path @ "/api/chats/{uri}/messages") => {
            fixture.request("DELETE", &format!("{path}?user={}&minutes=5", fixture.other.id))
        }
        ("GET", path @ ("/api/search" | "/api/chats/{uri}/search")) => {
            fixture.request("GET", &format!("{path}?q=tea"))
        }
        ("PUT", path @ "/api/chats/{uri}/files/{file_id}") => {
            let path = path.replace("{file_id}", &Uuid::new_v4().to_string());
            fixture.request("PUT", &format!("{path}?name=tea.txt")).body("text/plain", "tea")
        }
        ("PUT", path @ "/auth/me/avatar") => fixture.request("PUT", path).body("image/png", png(8)),
        (method, path @ "/api/socket") => fixture
            .request(method, path)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        (method, path) => fixture.request(method, path),
    }
}

/// The body of the request: null if it has none, and `None` if it is not defined here.
fn body(route: &Route, fixture: &Fixture<'_>) -> Option<Value> {
    match route.path.strip_prefix("/api/chats/{uri}") {
        // A path parameter that the fixture does not know.
        _ if fixture.path(route.path).contains('{') => None,
        _ if matches!(route.method, "GET" | "HEAD" | "DELETE") => Some(Value::Null),
        Some(path) => chat_body(route.method, path, fixture),
        None => other_body(route.method, route.path, fixture),
    }
}

const WITHOUT_BODY: [&str; 10] = [
    "/api/chats",
    "/auth/exports",
    "/auth/guest",
    "/auth/jwt/end",
    "/auth/passkeys/challenges",
    "/auth/passkeys/registrations",
    "/auth/recovery_codes",
    "/auth/second_factor",
    "/auth/tickets",
    "/auth/token/destroy",
];

fn other_body(method: &str, path: &str, fixture: &Fixture<'_>) -> Option<Value> {
    let name = format!("new{}", fixture.number);
    Some(match (method, path) {
        ("POST", path) if WITHOUT_BODY.contains(&path) => Value::Null,
        ("POST", "/auth/users/create" | "/auth/claim") => json!({ "username": name, "password": PASSWORD }),
        ("POST", "/auth/users/delete" | "/auth/reauthentication") => json!({ "current_password": PASSWORD }),
        ("POST", "/auth/jwt/create" | "/auth/token/create") => {
            json!({ "username": fixture.owner.name, "password": PASSWORD })
        }
        ("POST", "/auth/jwt/verify" | "/auth/jwt/refresh" | "/this/is/hard/to/find") => {
            json!({ "token": fixture.owner.token })
        }
        ("PUT", "/auth/me/avatar") => Value::Null,
        ("PUT", "/auth/me") => json!({ "email": "new@example.org" }),
        ("PATCH", "/auth/me") => json!({ "display_name": "Countess" }),
        // Not enrolled, so authorized principals get a conflict.
        ("PUT", "/auth/second_factor") => json!({ "one_time_code": "000000" }),
        // Unknown, so authorized principals get a rejection.
        ("POST", "/auth/passkeys") => {
            json!({ "registration": Uuid::nil(), "label": "phone", "credential": {} })
        }
        ("POST", "/auth/jwt/passkey") => json!({ "challenge": Uuid::nil(), "credential": {} }),
        ("POST", "/auth/password_resets") => json!({ "email": "nobody@example.org" }),
        ("PUT", "/auth/password_resets") => {
            json!({ "token": format!("reset{}", fixture.number), "new_password": PASSWORD })
        }
        ("POST", "/auth/password") => {
            json!({ "new_password": "green tea at dusk", "current_password": PASSWORD })
        }
        ("POST", "/auth/username") => json!({ "new_username": name, "current_password": PASSWORD }),
        _ => return None,
    })
}

fn chat_body(method: &str, path: &str, fixture: &Fixture<'_>) -> Option<Value> {
    Some(match (method, path) {
        ("POST", "/uri" | "/exports" | "/file_tokens")
        | ("PUT", "/messages/{seq}/reactions/{emoji}" | "/pins/{seq}" | "/files/{file_id}") => Value::Null,
        ("PATCH", "") => json!({ "username": fixture.actor.name }),
        ("PATCH", "/settings") => json!({ "topic": "green or black" }),
        ("POST", "/messages") => json!({ "message": "tea!" }),
        ("PATCH", "/messages/{seq}") => json!({ "message": "coffee!" }),
        ("POST", "/deletions") => json!({ "seqs": [1_000_000] }),
        ("POST", "/links") => json!({ "label": "family", "role": "writer" }),
        ("PUT", "/members/{user_id}") => json!({ "status": "removed" }),
        ("PUT", "/owner") => json!({ "user_id": fixture.other.id }),
        ("PUT", "/read_position") => json!({ "seq": 4 }),
        ("PUT", "/mute") => json!({ "muted": true }),
        _ => return None,
    })
}
