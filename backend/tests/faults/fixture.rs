//! A server, its database, and users.

use std::net::SocketAddr;

use backend::{
    auth::jwt::{JwtKeys, TokenLifetime},
    clock::Clock,
    file_storage::install_tls_provider,
};
use shared::id::{Head, Seq, UserId};
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

use crate::{
    cluster::{self, Cluster},
    report::Row,
    server::Server,
    user::{TestChat, TestUser},
};

/// Held by each fixture, so that the tests run one at a time.
static SERIAL: Mutex<()> = Mutex::const_new(());

pub struct Fixture {
    pub server: Server,
    /// `None` if the server runs a private PostgreSQL.
    pub cluster: Option<Cluster>,
    database: Config,
    jwt_keys: JwtKeys,
    _serial: MutexGuard<'static, ()>,
}

impl Fixture {
    /// Starts a server on a database that outlives it.
    pub async fn start() -> Self {
        install_tls_provider();
        let serial = SERIAL.lock().await;
        let cluster = Cluster::start().await;
        let server = Server::start(cluster::create_folder(), Some(cluster.url())).await;
        Self::new(server, cluster.url().parse().unwrap(), Some(cluster), serial)
    }

    /// Starts a server with a private PostgreSQL, which ends with it.
    pub async fn start_with_private_database() -> Self {
        install_tls_provider();
        let serial = SERIAL.lock().await;
        let server = Server::start(cluster::create_folder(), None).await;
        let mut database = Config::new();
        database.host_path(server.data_dir.join("socket")).user("chatire").dbname("chatire");
        Self::new(server, database, None, serial)
    }

    fn new(
        server: Server,
        database: Config,
        cluster: Option<Cluster>,
        serial: MutexGuard<'static, ()>,
    ) -> Self {
        let jwt_keys = JwtKeys::load(&server.data_dir, Clock::default()).unwrap();
        Self { server, cluster, database, jwt_keys, _serial: serial }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub async fn sql(&self) -> Client {
        let (client, connection) =
            self.database.connect(NoTls).await.expect("the database takes connections");
        tokio::spawn(connection);
        client
    }

    /// Inserts an account with a session; sign-up is slow on purpose, and has tests of its own.
    pub async fn create_user(&self, name: &str) -> TestUser {
        let sign_up = "INSERT INTO users (username, username_key) VALUES ($1, $1) RETURNING id";
        let id: i64 = self.sql().await.query_one(sign_up, &[&name]).await.unwrap().get(0);
        let session = Uuid::new_v4();
        let sign_in = "INSERT INTO sessions (id, user_id, refresh_hash) VALUES ($1::text::uuid, $2, $3)";
        let hash: &[u8] = session.as_bytes();
        self.sql().await.execute(sign_in, &[&session.to_string(), &id, &hash]).await.unwrap();
        let id = UserId::new(id);
        TestUser::new(
            id,
            name,
            self.jwt_keys.issue(id, session, TokenLifetime::Program).unwrap(),
            self.address(),
        )
    }

    pub async fn create_users(&self, count: usize, prefix: &str) -> Vec<TestUser> {
        let mut users = Vec::new();
        for number in 0..count {
            users.push(self.create_user(&format!("{prefix}{number}-{}", Uuid::new_v4().simple())).await);
        }
        users
    }

    /// The messages of a chat as they are stored.
    pub async fn stored_messages(&self, chat: &TestChat) -> Vec<Row> {
        let select =
            "SELECT seq, user_id, client_id::text, message FROM messages WHERE chat_id = $1 ORDER BY seq";
        let rows = self.sql().await.query(select, &[&chat.id.get()]).await.unwrap();
        rows.iter()
            .map(|row| Row {
                seq: Seq::new(row.get(0)),
                author: UserId::new(row.get(1)),
                client_id: row.get::<_, String>(2).parse().unwrap(),
                text: row.get(3),
            })
            .collect()
    }

    /// The sequence numbers of the members, and the head.
    pub async fn member_seqs_and_head(&self, chat: &TestChat) -> (Vec<Seq>, Head) {
        let sql = self.sql().await;
        let select = "SELECT seq FROM members WHERE chat_id = $1";
        let rows = sql.query(select, &[&chat.id.get()]).await.unwrap();
        let joined = rows.iter().map(|row| Seq::new(row.get(0))).collect();
        let select = "SELECT head FROM chats WHERE id = $1";
        let head = sql.query_one(select, &[&chat.id.get()]).await.unwrap().get(0);
        (joined, Head::new(head))
    }
}
