//! A server for a test, and the people who use it.

use std::sync::Arc;

use backend::{
    app::App,
    config::{Config, RateLimits, limits::LimitSettings},
    db::{self, sessions::NewSession},
    server,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    changes::Changes,
    chat::{Joined, Started},
    credentials::Password,
    message::{History, Posted},
};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::database;
pub use crate::web::{Answer, Call, Web, fields};

/// Everyone's.
pub const PASSWORD: &str = "grey tea at noon";
/// A page of this origin may use the API.
pub const FRIEND: &str = "http://localhost:8080";

/// The server, on a database of its own.
pub struct TestApp {
    pub app: Arc<App>,
    pub server: actix_server::ServerHandle,
    pub database: tokio_postgres::Config,
    pub web: Web,
    pub data: TempDir,
}

/// Somebody with an account, and a token.
#[derive(Clone)]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub email: String,
    pub token: String,
    pub web: Web,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let database = database::fresh().await;
        let url = database::url(&database);
        Self::on(database, url, change).await
    }

    /// A server that reaches its database by another way.
    pub async fn on(database: tokio_postgres::Config, url: String, change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config {
            database_url: None,
            listen: "127.0.0.1:0".parse().unwrap(),
            public_url: None,
            data_dir: data.path().to_owned(),
            allowed_origins: vec![FRIEND.to_owned()],
            trusted_proxies: Vec::new(),
            smtp_url: None,
            mail_from: None,
            limits: LimitSettings { rate_limits: RateLimits::Off, ..LimitSettings::default() },
        };
        change(&mut config);
        // On a runtime that outlives the test, so that the server can end in good order.
        let started = database::background().spawn(async move {
            let app = App::start(config, &url).await.expect("the server starts");
            let (server, address) = server::bind(&app).expect("the server listens");
            let handle = server.handle();
            tokio::spawn(server);
            tokio::spawn(server::tend(Arc::clone(&app)));
            (app, handle, address)
        });
        let (app, server, address) = started.await.unwrap();
        Self { app, server, database, web: Web::new(address), data }
    }

    /// Somebody with an account; signing up itself has its own tests.
    pub async fn person(&self, name: &str) -> Person {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = || async { self.app.passwords.hash(Password(PASSWORD.to_owned())).await.unwrap() };
        let hash = HASH.get_or_init(hash).await;
        let email = format!("{name}@example.org");
        let mut connection = self.app.db.get().await.unwrap();
        let account = db::users::create(&mut connection, name, &email, hash).await.unwrap();
        let token = self.token(account.id).await;
        Person { id: account.id, name: name.to_owned(), email, token, web: self.web.clone() }
    }

    /// A token of a session that begins with it.
    pub async fn token(&self, user_id: i64) -> String {
        let id = Uuid::new_v4();
        let (refresh_hash, program) = (id.as_bytes().to_vec(), "test".to_owned());
        let session = NewSession { id, user_id, refresh_hash, browser: None, program, system: String::new() };
        db::sessions::begin(&mut self.app.db.get().await.unwrap(), session).await.unwrap();
        self.app.keys.sign_in(user_id, id).unwrap()
    }

    /// Ada, and a chat of hers.
    pub async fn tea(&self) -> (Person, String) {
        let ada = self.person("ada").await;
        let tea = ada.starts().await;
        (ada, tea)
    }

    pub async fn sql(&self) -> tokio_postgres::Client {
        database::connect(&self.database).await
    }

    /// The one number that a statement selects.
    pub async fn count(&self, statement: &str) -> i64 {
        self.sql().await.query_one(statement, &[]).await.unwrap().get(0)
    }

    /// Ends the server as a signal does.
    pub async fn stop(&self) {
        server::stop(&self.app, &self.server).await;
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let (app, server, database) = (Arc::clone(&self.app), self.server.clone(), self.database.clone());
        database::background().spawn(async move {
            app.hub.close();
            server.stop(false).await;
            app.db.close();
            database::abandon(&database);
        });
    }
}

impl Person {
    pub fn call(&self, method: &Method, path: &str) -> Call {
        self.web.call(method, path).header("authorization", &format!("JWT {}", self.token))
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(&Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call(&Method::POST, path)
    }

    /// Starts a chat; returns its address.
    pub async fn starts(&self) -> String {
        self.post("/api/chats/").await.is(200).read::<Started>().uri
    }

    pub fn join(&self, uri: &str) -> Call {
        self.call(&Method::PATCH, &format!("/api/chats/{uri}/")).json(&json!({ "username": self.name }))
    }

    pub async fn joins(&self, uri: &str) -> Joined {
        self.join(uri).await.is(200).read()
    }

    /// Adds, as who keeps the chat may, somebody else.
    pub fn add(&self, uri: &str, name: &str) -> Call {
        self.call(&Method::PATCH, &format!("/api/chats/{uri}/")).json(&json!({ "username": name }))
    }

    pub fn say(&self, uri: &str, message: &str) -> Call {
        self.post(&format!("/api/chats/{uri}/messages/")).json(&json!({ "message": message }))
    }

    pub async fn says(&self, uri: &str, message: &str) -> Posted {
        self.say(uri, message).await.is(200).read()
    }

    /// Says the same so many times.
    pub async fn says_often(&self, uri: &str, message: &str, times: usize) {
        for begun in (0..times).step_by(50) {
            join_all((begun..times.min(begun + 50)).map(|_| self.says(uri, message))).await;
        }
    }

    /// A page of the history; `query` begins with a question mark.
    pub async fn history(&self, uri: &str, query: &str) -> History {
        self.get(&format!("/api/chats/{uri}/messages/{query}")).await.is(200).read()
    }

    pub async fn changes(&self, uri: &str, after: i64) -> Changes {
        self.get(&format!("/api/chats/{uri}/changes/?after={after}")).await.is(200).read()
    }

    pub async fn renames_to(&mut self, name: &str) {
        let change = json!({ "new_username": name, "current_password": PASSWORD });
        self.post("/auth/username/").json(&change).await.is(204);
        name.clone_into(&mut self.name);
    }

    pub async fn leaves_for_good(&self) {
        let proof = json!({ "current_password": PASSWORD });
        self.post("/auth/users/delete/").json(&proof).await.is(204);
    }
}
