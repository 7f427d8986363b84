//! A signed-in user, and what users do over the REST API.
//!
//! Methods named `try_…` return the request, so that a test can check any response; the others assert success.

use std::{fmt, ops::Deref};

use futures_util::future::join_all;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    audit_log::AuditLogResponse,
    changes::Changes,
    chat::{ChatCreated, JoinResponse, UriRotated},
    chat_list::{ChatListResponse, ChatSummary, UpdateReadPosition},
    event::Event,
    id::{ChatId, Head, Seq, UserId},
    invite_link::InviteLinkCreated,
    member::{MembershipStatus, Role},
    message::{MessagePage, MessagePosted},
    session::{SessionInfo, SessionsResponse},
    socket::{PROTOCOL, Ticket},
    timeline::Timeline,
};
use uuid::Uuid;

use super::{ApiRequest, HttpClient, PASSWORD, TestApp};

#[derive(Clone)]
pub struct TestUser {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub token: String,
    pub http: HttpClient,
}

/// A chat as its creator knows it. As a string it is its URI.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TestChat {
    pub id: ChatId,
    pub uri: String,
}

impl Deref for TestChat {
    type Target = str;

    fn deref(&self) -> &str {
        &self.uri
    }
}

impl PartialEq<TestChat> for String {
    fn eq(&self, other: &TestChat) -> bool {
        *self == other.uri
    }
}

impl fmt::Display for TestChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

/// Requests, and the account.
impl TestUser {
    /// The same user with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same user as a client of another server.
    pub fn with_server(&self, app: &TestApp) -> Self {
        Self { http: app.http.clone(), ..self.clone() }
    }

    pub fn request(&self, method: &Method, path: &str) -> ApiRequest {
        self.http.request(method, path).header("authorization", &format!("JWT {}", self.token))
    }

    pub fn get(&self, path: &str) -> ApiRequest {
        self.request(&Method::GET, path)
    }

    pub fn post(&self, path: &str) -> ApiRequest {
        self.request(&Method::POST, path)
    }

    pub async fn rename(&mut self, name: &str) {
        let change = json!({ "new_username": name, "current_password": PASSWORD });
        self.post("/auth/username/").json(&change).await.assert_status(204);
        name.clone_into(&mut self.name);
    }

    pub async fn delete_account(&self) {
        let password = json!({ "current_password": PASSWORD });
        self.post("/auth/users/delete/").json(&password).await.assert_status(204);
    }

    pub async fn create_ticket(&self) -> String {
        self.post("/auth/tickets/").await.assert_status(200).json::<Ticket>().ticket
    }

    pub async fn list_sessions(&self) -> Vec<SessionInfo> {
        self.get("/auth/sessions/").await.assert_status(200).json::<SessionsResponse>().sessions
    }

    /// Headers with which a browser opens a WebSocket from one of our own pages.
    pub fn browser_headers(&self, ticket: &str) -> [(&'static str, String); 2] {
        let origin = format!("http://{}", self.http.address);
        [("origin", origin), ("sec-websocket-protocol", format!("{PROTOCOL}, {ticket}"))]
    }
}

/// Chats and messages.
impl TestUser {
    pub async fn create_chat(&self) -> TestChat {
        let ChatCreated { uri, chat, .. } = self.post("/api/chats/").await.assert_status(200).json();
        TestChat { id: chat.id, uri }
    }

    pub async fn list_chats(&self) -> Vec<ChatSummary> {
        self.get("/api/chats/").await.assert_status(200).json::<ChatListResponse>().chats
    }

    pub async fn only_chat(&self) -> ChatSummary {
        let mut chats = self.list_chats().await;
        assert_eq!(chats.len(), 1, "{chats:?}");
        chats.remove(0)
    }

    pub fn try_join(&self, uri: &str) -> ApiRequest {
        self.request(&Method::PATCH, &format!("/api/chats/{uri}/")).json(&json!({ "username": self.name }))
    }

    pub async fn join(&self, uri: &str) -> JoinResponse {
        self.try_join(uri).await.assert_status(200).json()
    }

    /// Adds another user, as moderators may.
    pub fn try_add_member(&self, uri: &str, name: &str) -> ApiRequest {
        self.request(&Method::PATCH, &format!("/api/chats/{uri}/")).json(&json!({ "username": name }))
    }

    pub fn preview(&self, uri: &str) -> ApiRequest {
        self.get(&format!("/api/chats/{uri}/"))
    }

    pub fn try_send_message(&self, uri: &str, text: &str) -> ApiRequest {
        self.post(&format!("/api/chats/{uri}/messages/")).json(&json!({ "message": text }))
    }

    pub async fn send_message(&self, uri: &str, text: &str) -> MessagePosted {
        self.try_send_message(uri, text).await.assert_status(200).json()
    }

    /// Sends the same text `count` times, up to 50 at once.
    pub async fn send_messages(&self, uri: &str, text: &str, count: usize) {
        for sent in (0..count).step_by(50) {
            join_all((sent..count.min(sent + 50)).map(|_| self.send_message(uri, text))).await;
        }
    }

    /// Sends a message with a client id, so that it can be retried.
    pub fn try_send_with_id(&self, uri: &str, client_id: Uuid, text: &str) -> ApiRequest {
        let body = json!({ "message": text, "client_id": client_id });
        self.post(&format!("/api/chats/{uri}/messages/")).json(&body)
    }

    pub fn reply(&self, uri: &str, reply_to: Seq, text: &str) -> ApiRequest {
        let body = json!({ "message": text, "reply_to": reply_to });
        self.post(&format!("/api/chats/{uri}/messages/")).json(&body)
    }

    pub fn try_edit(&self, uri: &str, seq: Seq, edit: &Value) -> ApiRequest {
        self.request(&Method::PATCH, &format!("/api/chats/{uri}/messages/{seq}/")).json(edit)
    }

    pub fn edit_message(&self, uri: &str, seq: Seq, text: &str) -> ApiRequest {
        self.try_edit(uri, seq, &json!({ "message": text }))
    }

    /// Adds the reaction, or takes it back with DELETE.
    pub fn set_reaction(&self, method: &Method, uri: &str, seq: Seq, emoji: &str) -> ApiRequest {
        let emoji = utf8_percent_encode(emoji, NON_ALPHANUMERIC);
        self.request(method, &format!("/api/chats/{uri}/messages/{seq}/reactions/{emoji}/"))
    }

    pub fn react(&self, uri: &str, seq: Seq, emoji: &str) -> ApiRequest {
        self.set_reaction(&Method::PUT, uri, seq, emoji)
    }

    pub fn take_back(&self, uri: &str, seq: Seq, emoji: &str) -> ApiRequest {
        self.set_reaction(&Method::DELETE, uri, seq, emoji)
    }

    pub fn delete_message(&self, uri: &str, seq: Seq) -> ApiRequest {
        self.request(&Method::DELETE, &format!("/api/chats/{uri}/messages/{seq}/"))
    }

    /// Reads a page of messages; `query` starts with a question mark.
    pub async fn history(&self, uri: &str, query: &str) -> MessagePage {
        self.get(&format!("/api/chats/{uri}/messages/{query}")).await.assert_status(200).json()
    }

    pub async fn changes(&self, uri: &str, after: Head) -> Changes {
        self.get(&format!("/api/chats/{uri}/changes/?after={after}")).await.assert_status(200).json()
    }

    pub fn try_mark_read(&self, uri: &str, seq: Seq) -> ApiRequest {
        self.request(&Method::PUT, &format!("/api/chats/{uri}/read_position/")).json(&json!({ "seq": seq }))
    }

    /// Sets the read position; returns the one that counts.
    pub async fn mark_read(&self, uri: &str, seq: Seq) -> Seq {
        self.try_mark_read(uri, seq).await.assert_status(200).json::<UpdateReadPosition>().seq
    }

    /// Joins, reads the newest page, and returns the chat as a client holds it.
    pub async fn open_timeline(&self, uri: &str) -> Timeline {
        let joined = self.join(uri).await;
        Timeline::open(joined, self.history(uri, "").await)
    }

    pub fn leave_chat(&self, uri: &str) -> ApiRequest {
        self.request(&Method::DELETE, &format!("/api/chats/{uri}/members/me/"))
    }
}

/// Moderation.
impl TestUser {
    pub fn update_settings(&self, uri: &str, settings: &Value) -> ApiRequest {
        self.request(&Method::PATCH, &format!("/api/chats/{uri}/settings/")).json(settings)
    }

    pub fn update_member(&self, uri: &str, target: &Self, change: &Value) -> ApiRequest {
        self.request(&Method::PUT, &format!("/api/chats/{uri}/members/{}/", target.id)).json(change)
    }

    pub fn set_status(&self, uri: &str, target: &Self, status: MembershipStatus) -> ApiRequest {
        self.update_member(uri, target, &json!({ "status": status }))
    }

    pub fn set_role(&self, uri: &str, target: &Self, role: Role) -> ApiRequest {
        self.update_member(uri, target, &json!({ "role": role }))
    }

    pub fn transfer_ownership(&self, uri: &str, target: &Self) -> ApiRequest {
        self.request(&Method::PUT, &format!("/api/chats/{uri}/owner/")).json(&json!({ "user_id": target.id }))
    }

    pub fn delete_chat(&self, uri: &str) -> ApiRequest {
        self.request(&Method::DELETE, &format!("/api/chats/{uri}/"))
    }

    /// Gives the chat another URI and returns it.
    pub async fn rotate_uri(&self, uri: &str) -> String {
        let rotated: UriRotated =
            self.post(&format!("/api/chats/{uri}/uri/")).await.assert_status(200).json();
        rotated.uri
    }

    pub fn try_create_link(&self, uri: &str, link: &Value) -> ApiRequest {
        self.post(&format!("/api/chats/{uri}/links/")).json(link)
    }

    pub async fn create_link(&self, uri: &str, link: Value) -> InviteLinkCreated {
        let created: InviteLinkCreated = self.try_create_link(uri, &link).await.assert_status(201).json();
        created
    }

    /// Reads the first page of the audit log, newest first: who acted (0: the server), and the action.
    pub async fn audit_log(&self, uri: &str) -> Vec<(UserId, Event)> {
        let page: AuditLogResponse =
            self.get(&format!("/api/chats/{uri}/audit/")).await.assert_status(200).json();
        page.entries
            .into_iter()
            .map(|entry| (entry.user.map(|user| user.id).unwrap_or_default(), entry.action))
            .collect()
    }
}

/// The event messages among the changes, each with the id of its author.
pub fn events_with_author(changes: &Changes) -> Vec<(UserId, Event)> {
    let messages = changes.messages.iter();
    messages.filter_map(|message| Some((message.user.id, message.event.clone()?))).collect()
}

/// The role of a member in a response to a join.
pub fn role_of(joined: &JoinResponse, user: &TestUser) -> Role {
    joined.members.iter().find(|member| member.user.id == user.id).unwrap().role
}
