//! A server, its database, and the people in it.

use std::net::SocketAddr;

use backend::auth::keys::Keys;
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

use crate::{
    cluster::{self, Cluster},
    evidence::Row,
    people::Person,
    server::Server,
};

pub struct Place {
    pub server: Server,
    /// None: the server runs a PostgreSQL of its own.
    pub cluster: Option<Cluster>,
    database: Config,
    keys: Keys,
}

impl Place {
    /// The database lives on when the server dies.
    pub async fn open() -> Self {
        let cluster = Cluster::start().await;
        let server = Server::start(cluster::folder(), Some(cluster.url())).await;
        Self::of(server, cluster.url().parse().unwrap(), Some(cluster))
    }

    /// The database is the server's own, and ends with it.
    pub async fn with_private_database() -> Self {
        let server = Server::start(cluster::folder(), None).await;
        let mut database = Config::new();
        database.host_path(server.data.join("socket")).user("chatire").dbname("chatire");
        Self::of(server, database, None)
    }

    fn of(server: Server, database: Config, cluster: Option<Cluster>) -> Self {
        let keys = Keys::open(&server.data).unwrap();
        Self { server, cluster, database, keys }
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

    /// Somebody with an account; signing up is slow on purpose, and has its own tests.
    pub async fn person(&self, name: &str) -> Person {
        let sign_up = "INSERT INTO users (username, username_key) VALUES ($1, $1) RETURNING id";
        let id = self.sql().await.query_one(sign_up, &[&name]).await.unwrap().get(0);
        let session = Uuid::new_v4();
        let sign_in = "INSERT INTO sessions (id, user_id, refresh_hash) VALUES ($1::text::uuid, $2, $3)";
        let hash: &[u8] = session.as_bytes();
        self.sql().await.execute(sign_in, &[&session.to_string(), &id, &hash]).await.unwrap();
        Person::new(id, name, self.keys.sign_in(id, session).unwrap(), self.address())
    }

    pub async fn people(&self, count: usize, role: &str) -> Vec<Person> {
        let mut people = Vec::new();
        for number in 0..count {
            people.push(self.person(&format!("{role}{number}-{}", Uuid::new_v4().simple())).await);
        }
        people
    }

    /// The messages of a chat as they are stored.
    pub async fn rows(&self, uri: &str) -> Vec<Row> {
        let select = "SELECT m.seq, m.user_id, m.client_id::text, m.message FROM messages m \
                      JOIN chats c ON c.id = m.chat_id WHERE c.uri = $1 ORDER BY m.seq";
        let rows = self.sql().await.query(select, &[&uri]).await.unwrap();
        rows.iter()
            .map(|row| Row {
                seq: row.get(0),
                author: row.get(1),
                client_id: row.get::<_, String>(2).parse().unwrap(),
                text: row.get(3),
            })
            .collect()
    }

    /// The numbers that joining took, and the head.
    pub async fn numbers(&self, uri: &str) -> (Vec<i64>, i64) {
        let sql = self.sql().await;
        let select = "SELECT m.seq FROM members m JOIN chats c ON c.id = m.chat_id WHERE c.uri = $1";
        let joined = sql.query(select, &[&uri]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let head = sql.query_one("SELECT head FROM chats WHERE uri = $1", &[&uri]).await.unwrap().get(0);
        (joined, head)
    }
}
