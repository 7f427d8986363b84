//! A user and their REST requests. Faults are expected here, so most methods return them.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::{
    changes::{Changes, ChangesQuery},
    chat::{ChatCreated, JoinResponse},
    data_export::DataExport,
    file::MessageFile,
    id::{ChatId, UserId},
    message::{MessagePage, MessagePosted},
    problem::Problem,
};
use uuid::Uuid;

/// A client that gets no response for this long tries again.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct TestUser {
    pub id: UserId,
    pub name: String,
    pub token: String,
    /// Address of the server, or of a proxy before it.
    pub address: SocketAddr,
    http: Client,
}

#[derive(Clone, Debug)]
pub struct TestChat {
    pub id: ChatId,
    pub uri: String,
}

impl TestUser {
    pub fn new(id: UserId, name: &str, token: String, address: SocketAddr) -> Self {
        let http = Client::builder().no_proxy().timeout(REQUEST_TIMEOUT).build().unwrap();
        Self { id, name: name.to_owned(), token, address, http }
    }

    /// The same user with another address and without open connections.
    pub fn with_address(&self, address: SocketAddr) -> Self {
        Self::new(self.id, &self.name, self.token.clone(), address)
    }

    async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T> {
        let request = self.authorized(method, path);
        Self::send(path, if let Some(body) = body { request.json(&body) } else { request }).await
    }

    fn authorized(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        request.header("authorization", format!("JWT {}", self.token))
    }

    async fn send<T: DeserializeOwned>(path: &str, request: RequestBuilder) -> Result<T> {
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if status.is_success() {
            return serde_json::from_str(&text).context(text);
        }
        let problem: Problem = serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?;
        assert!(problem.code.is_transient(), "{path} was rejected permanently: {problem:?}");
        bail!("{path} was rejected temporarily: {problem:?}")
    }

    pub async fn start_export(&self, chat: &TestChat) -> DataExport {
        self.request(Method::POST, &format!("/api/chats/{}/exports/", chat.uri), None).await.unwrap()
    }

    pub async fn get_export(&self, chat: &TestChat, id: Uuid) -> Result<DataExport> {
        self.request(Method::GET, &format!("/api/chats/{}/exports/{id}/", chat.uri), None).await
    }

    pub async fn try_upload(&self, chat: &TestChat, id: Uuid, bytes: Vec<u8>) -> Result<MessageFile> {
        let path = format!("/api/chats/{}/files/{id}/?name=a.bin", chat.uri);
        Self::send(&path, self.authorized(Method::PUT, &path).body(bytes)).await
    }

    pub async fn download(&self, chat: &TestChat, id: Uuid) -> Vec<u8> {
        let path = format!("/api/chats/{}/files/{id}/", chat.uri);
        let response = self.authorized(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().to_vec()
    }

    pub async fn create_chat(&self) -> TestChat {
        let created: ChatCreated = self.request(Method::POST, "/api/chats/", None).await.unwrap();
        TestChat { id: created.chat.id, uri: created.uri }
    }

    pub async fn join(&self, chat: &TestChat) -> JoinResponse {
        let body = json!({ "username": self.name });
        self.request(Method::PATCH, &format!("/api/chats/{}/", chat.uri), Some(body)).await.unwrap()
    }

    pub async fn try_send_message(
        &self,
        chat: &TestChat,
        client_id: Uuid,
        text: &str,
    ) -> Result<MessagePosted> {
        let body = json!({ "message": text, "client_id": client_id });
        self.request(Method::POST, &format!("/api/chats/{}/messages/", chat.uri), Some(body)).await
    }

    /// Reads a page of messages; `query` starts with a question mark.
    pub async fn history(&self, uri: &str, query: &str) -> Result<MessagePage> {
        self.request(Method::GET, &format!("/api/chats/{uri}/messages/{query}"), None).await
    }

    pub async fn changes(&self, uri: &str, ChangesQuery { after, epoch }: ChangesQuery) -> Result<Changes> {
        let epoch = epoch.unwrap_or_default();
        let path = format!("/api/chats/{uri}/changes/?after={after}&epoch={epoch}");
        self.request(Method::GET, &path, None).await
    }
}
