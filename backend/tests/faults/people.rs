//! People, and what they ask of the server. A fault is no panic here: it is what is being tested.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::{
    changes::{Changes, Since},
    chat::{Joined, Started},
    message::{History, Posted},
    problem::Problem,
};
use uuid::Uuid;

/// Whoever hears nothing for so long asks again.
pub const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub token: String,
    /// Of the server, or of whatever stands before it.
    pub address: SocketAddr,
    http: Client,
}

impl Person {
    pub fn new(id: i64, name: &str, token: String, address: SocketAddr) -> Self {
        let http = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { id, name: name.to_owned(), token, address, http }
    }

    /// The same person on another way.
    pub fn over(&self, address: SocketAddr) -> Self {
        Self::new(self.id, &self.name, self.token.clone(), address)
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Value>) -> Result<T> {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        let mut request = request.header("authorization", format!("JWT {}", self.token));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if status.is_success() {
            return serde_json::from_str(&text).context(text);
        }
        let problem: Problem = serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?;
        assert!(problem.code.is_passing(), "{path} was refused for good: {problem:?}");
        bail!("{path} was refused for now: {problem:?}")
    }

    pub async fn starts(&self) -> String {
        self.ask::<Started>(Method::POST, "/api/chats/", None).await.unwrap().uri
    }

    pub async fn joins(&self, uri: &str) -> Joined {
        let body = json!({ "username": self.name });
        self.ask(Method::PATCH, &format!("/api/chats/{uri}/"), Some(body)).await.unwrap()
    }

    pub async fn posts(&self, uri: &str, client_id: Uuid, text: &str) -> Result<Posted> {
        let body = json!({ "message": text, "client_id": client_id });
        self.ask(Method::POST, &format!("/api/chats/{uri}/messages/"), Some(body)).await
    }

    /// A page of the history; `query` begins with a question mark.
    pub async fn history(&self, uri: &str, query: &str) -> Result<History> {
        self.ask(Method::GET, &format!("/api/chats/{uri}/messages/{query}"), None).await
    }

    pub async fn changes(&self, uri: &str, Since { after, epoch }: Since) -> Result<Changes> {
        let epoch = epoch.unwrap_or_default();
        self.ask(Method::GET, &format!("/api/chats/{uri}/changes/?after={after}&epoch={epoch}"), None).await
    }
}
