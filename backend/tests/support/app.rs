//! A server on a database of its own.

use std::{fs, sync::Arc, time::Duration};

use backend::{
    auth::jwt::TokenLifetime,
    config::{Config, RateLimits, limits::LimitSettings, storage::StorageSettings},
    server,
    state::AppState,
    store::{
        self,
        sessions::{NewSession, SessionDetails},
    },
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};
use sha2::Sha512;
use shared::{
    credentials::{AccessToken, Password},
    id::{ChatId, UserId},
    member::{MembershipStatus, Role},
    user::{SessionCreated, User},
};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{ApiRequest, ApiResponse, HttpClient, TestChat, TestUser, database};

/// Password of every test user.
pub const PASSWORD: &str = "grey tea at noon";
/// Origin whose pages may use the API.
pub const ALLOWED_ORIGIN: &str = "http://localhost:8080";

/// A server on a database of its own; it stops when this is dropped.
pub struct TestApp {
    pub state: Arc<AppState>,
    pub server: actix_server::ServerHandle,
    pub database: tokio_postgres::Config,
    pub http: HttpClient,
    pub data_dir: TempDir,
}

/// Start and stop.
impl TestApp {
    pub async fn spawn() -> Self {
        Self::spawn_with(|_| ()).await
    }

    pub async fn spawn_with(change: impl FnOnce(&mut Config)) -> Self {
        let database = database::create().await;
        let url = database::url(&database);
        Self::spawn_on(database, url, change).await
    }

    /// Starts a server that reaches its database at `url`.
    pub async fn spawn_on(
        database: tokio_postgres::Config,
        url: String,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let app = Self::spawn_without_index(database, url, change).await;
        database::background_runtime().spawn(server::run_search_index(Arc::clone(&app.state)));
        app
    }

    /// Starts a server that does not index messages for searches, so that its statements can be counted.
    pub(super) async fn spawn_without_index(
        database: tokio_postgres::Config,
        url: String,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let mut config = Config {
            database_url: None,
            listen: "127.0.0.1:0".parse().unwrap(),
            public_url: None,
            data_dir: data_dir.path().to_owned(),
            allowed_origins: vec![ALLOWED_ORIGIN.to_owned()],
            trusted_proxies: Vec::new(),
            smtp_url: None,
            email_from: None,
            storage: StorageSettings::default(),
            limits: LimitSettings { rate_limits: RateLimits::Off, ..LimitSettings::default() },
        };
        change(&mut config);
        // On a runtime that outlives the test, so that the server can shut down gracefully.
        let started = database::background_runtime().spawn(async move {
            let state = AppState::start(config, &url).await.expect("the server starts");
            let (server, address) = server::bind(&state).expect("the server listens");
            let handle = server.handle();
            tokio::spawn(server);
            tokio::spawn(server::run_background_jobs(Arc::clone(&state)));
            (state, handle, address)
        });
        let (state, server, address) = started.await.unwrap();
        Self { state, server, database, http: HttpClient::new(address), data_dir }
    }

    /// Starts a second server on the same database and data folder.
    pub async fn spawn_again(&self) -> Self {
        let url = database::url(&self.database);
        let data_dir = self.data_dir.path().to_owned();
        Self::spawn_on(self.database.clone(), url, |config| config.data_dir = data_dir).await
    }

    /// Stops the server, and starts it again on the same database and data folder.
    pub async fn restart(&self) -> Self {
        self.shut_down().await;
        self.spawn_again().await
    }

    /// Lets time pass for tokens, one-time codes, tickets, rate limits and connections. The database keeps its own time.
    pub fn advance_clock(&self, by: Duration) {
        self.state.clock.advance(by);
    }

    /// Shuts the server down as a signal does.
    pub async fn shut_down(&self) {
        server::stop(&self.state, &self.server).await;
    }
}

/// SQL.
impl TestApp {
    pub async fn sql(&self) -> tokio_postgres::Client {
        database::connect(&self.database).await
    }

    pub async fn execute_sql(&self, statements: &str) {
        self.sql().await.batch_execute(statements).await.unwrap();
    }

    /// Waits until a statement waits for a lock.
    pub async fn wait_for_lock_waiter(&self) {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while self.query_count(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Returns the single number that the query selects.
    pub async fn query_count(&self, query: &str) -> i64 {
        self.sql().await.query_one(query, &[]).await.unwrap().get(0)
    }
}

/// Users and chats.
impl TestApp {
    /// Inserts an account and signs it in; sign-up itself has tests of its own.
    pub async fn create_user(&self, name: &str) -> TestUser {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = || async { self.state.auth.passwords.hash(Password(PASSWORD.to_owned())).await.unwrap() };
        let hash = HASH.get_or_init(hash).await;
        let email = format!("{name}@example.org");
        let mut connection = self.state.db.get().await.unwrap();
        let account = store::users::create(&mut connection, name, &email, hash).await.unwrap();
        let token = self.create_session_token(account.id).await;
        TestUser { id: account.id, name: name.to_owned(), email, token, http: self.http.clone() }
    }

    /// Creates `count` users with the names `person0`, `person1`, ….
    pub async fn create_users(&self, count: usize) -> Vec<TestUser> {
        let mut users = Vec::new();
        for number in 0..count {
            users.push(self.create_user(&format!("person{number}")).await);
        }
        users
    }

    /// Starts a session and returns its access token.
    pub async fn create_session_token(&self, user_id: UserId) -> String {
        let id = Uuid::new_v4();
        let (refresh_hash, user_agent) = (id.as_bytes().to_vec(), "test".to_owned());
        let details = SessionDetails { id, refresh_hash, browser_id: None, user_agent, os: String::new() };
        let session = NewSession { user_id, details };
        store::sessions::insert(&mut self.state.db.get().await.unwrap(), session).await.unwrap();
        self.state.auth.jwt_keys.issue(user_id, id, TokenLifetime::Program).unwrap()
    }

    /// Creates the user Ada, and a chat that she owns.
    pub async fn ada_and_chat(&self) -> (TestUser, TestChat) {
        let ada = self.create_user("ada").await;
        let chat = ada.create_chat().await;
        (ada, chat)
    }

    pub async fn create_member(&self, name: &str, uri: &str) -> TestUser {
        let user = self.create_user(name).await;
        user.join(uri).await;
        user
    }

    /// Creates a user whose request to join is pending.
    pub async fn create_pending_member(&self, name: &str, uri: &str) -> TestUser {
        let user = self.create_member(name, uri).await;
        self.force_status(&user, "pending").await;
        user
    }

    /// Puts two users into another chat, so that they are not strangers.
    pub async fn share_chat(&self, user: &TestUser, other: &TestUser) {
        let chat = user.create_chat().await;
        other.join(&chat).await;
    }

    /// Sets the membership status in the database only, without notification or log entry.
    pub async fn force_status(&self, user: &TestUser, status: &str) {
        let update =
            "UPDATE members SET status = $1, status_changed_at = now() WHERE user_id = $2 RETURNING chat_id";
        for row in self.sql().await.query(update, &[&status, &user.id.get()]).await.unwrap() {
            self.state.auth.cache.invalidate_role(ChatId::new(row.get(0)), user.id);
        }
    }

    /// Sets the membership status in a chat transaction, without an acting moderator.
    pub async fn apply_status(&self, chat: &TestChat, user: &TestUser, status: MembershipStatus) {
        let user_id = user.id;
        let change = self.state.chats.run_transaction(None, chat.id, move |transaction| {
            Box::pin(transaction.set_membership(user_id, status, Role::Writer))
        });
        change.await.unwrap();
    }

    pub async fn create_guest(&self, display_name: &str) -> TestUser {
        let request = self.http.post("/auth/guest/").json(&json!({ "display_name": display_name }));
        self.guest_from(&request.await.assert_status(201))
    }

    /// Creates a guest in the browser with this number.
    pub async fn create_guest_in_browser(&self, browser: u128) -> TestUser {
        let cookie = format!("chatire_browser={}", Uuid::from_u128(browser));
        self.guest_from(&self.http.post("/auth/guest/").header("cookie", &cookie).await.assert_status(201))
    }

    /// Reads the user of a response that started a session.
    pub fn guest_from(&self, response: &ApiResponse) -> TestUser {
        let SessionCreated { token, user: User { id, username: name, email, .. } } = response.json();
        TestUser { id, name, email, token, http: self.http.clone() }
    }
}

/// Sign-in and tokens.
impl TestApp {
    pub fn sign_in(&self, name: &str) -> ApiRequest {
        self.http.post("/auth/jwt/create/").json(&json!({ "username": name, "password": PASSWORD }))
    }

    /// Asks for an access token by cookies, as a page does that has just been opened.
    pub fn refresh(&self, cookies: &str) -> ApiRequest {
        self.http.post("/auth/jwt/refresh/").header("cookie", cookies)
    }

    /// Signs a user in from a browser: the user with a new token, and the browser's cookies.
    pub async fn sign_in_browser(&self, user: &TestUser) -> (TestUser, String) {
        let response = self.sign_in(&user.name).await.assert_status(200);
        (user.with_token(&response.json::<AccessToken>().token), response.cookies())
    }

    /// Moves all uses of refresh tokens into the past.
    pub async fn age_refresh_tokens(&self, interval: &str) {
        for (table, column) in [("sessions", "refreshed_at"), ("spent_refresh_tokens", "spent_at")] {
            self.execute_sql(&format!("UPDATE {table} SET {column} = {column} - interval '{interval}'"))
                .await;
        }
    }

    /// Signs a token with the server's key; `change` alters its claims.
    pub fn sign_token(&self, user: &TestUser, lifetime: i64, change: impl FnOnce(&mut Value)) -> String {
        let sid =
            self.state.auth.jwt_keys.verify(&user.token).map_or_else(|_| Uuid::new_v4(), |claims| claims.sid);
        let now = self.state.clock.timestamp();
        let mut claims = json!({
            "sub": user.id.to_string(), "sid": sid, "typ": "access", "iss": "chatire",
            "aud": "chatire", "iat": now, "exp": now + lifetime, "orig_iat": now,
        });
        change(&mut claims);
        let header = Header { kid: decode_header(&user.token).unwrap().kid, ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &EncodingKey::from_secret(&self.signing_key())).unwrap()
    }

    /// The token signed by another algorithm with the same key.
    pub fn sign_by_hs512(&self, token: &str) -> String {
        let header = json!({ "alg": "HS512", "typ": "JWT", "kid": decode_header(token).unwrap().kid });
        let header = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
        let signed = format!("{header}.{}", token.split('.').nth(1).unwrap());
        let signature = Hmac::<Sha512>::new_from_slice(&self.signing_key()).unwrap().chain_update(&signed);
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.finalize().into_bytes()))
    }

    fn signing_key(&self) -> Vec<u8> {
        fs::read(self.data_dir.path().join("signing.key")).unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let (state, server, database) = (Arc::clone(&self.state), self.server.clone(), self.database.clone());
        database::background_runtime().spawn(async move {
            state.hub.shut_down();
            server.stop(false).await;
            state.db.close();
            database::discard(&database);
        });
    }
}
