//! One insert per message, over a few connections in turn.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Serialize;
use tokio_postgres::{Client, NoTls, Row, Statement};

const CONNECTIONS: usize = 16;
const INSERT: &str =
    "INSERT INTO messages (chat_id, user_id, client_id, message) VALUES ($1, $2, $3::text::uuid, $4)
                      RETURNING id, created_at";
const HISTORY: &str = "SELECT id, created_at, chat_id, user_id, client_id::text, message FROM messages
                       WHERE chat_id = $1 ORDER BY id DESC LIMIT $2";

pub struct NewPost {
    pub chat: i64,
    pub user: i64,
    pub client_id: String,
    pub message: String,
}

#[derive(Serialize)]
pub struct PostRow {
    r#type: &'static str,
    id: i64,
    pub chat: i64,
    user: i64,
    client_id: String,
    created_at: u128,
    message: String,
}

pub struct InsertStore {
    connections: Vec<Connection>,
    next: AtomicUsize,
}

struct Connection {
    client: Client,
    insert: Statement,
    history: Statement,
}

impl InsertStore {
    pub async fn connect(url: &str) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            let (insert, history) = (client.prepare(INSERT).await?, client.prepare(HISTORY).await?);
            connections.push(Connection { client, insert, history });
        }
        Ok(Self { connections, next: AtomicUsize::new(0) })
    }

    pub async fn post(&self, post: NewPost) -> Result<PostRow> {
        let NewPost { chat, user, client_id, message } = post;
        let Connection { client, insert, .. } = self.next_connection()?;
        let row = client.query_one(insert, &[&chat, &user, &client_id, &message]).await?;
        let (id, created_at) = parse_id_and_time(&row)?;
        Ok(PostRow { r#type: "message", id, chat, user, client_id, created_at, message })
    }

    /// The newest messages, oldest first.
    pub async fn history(&self, chat: i64, limit: i64) -> Result<Vec<PostRow>> {
        let Connection { client, history, .. } = self.next_connection()?;
        let rows = client.query(history, &[&chat, &limit]).await?;
        rows.iter().rev().map(parse_row).collect()
    }

    fn next_connection(&self) -> Result<&Connection> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        self.connections.get(index).context("no connection")
    }
}

fn parse_row(row: &Row) -> Result<PostRow> {
    let (id, created_at) = parse_id_and_time(row)?;
    let (chat, user, client_id, message) = (row.get(2), row.get(3), row.get(4), row.get(5));
    Ok(PostRow { r#type: "message", id, chat, user, client_id, created_at, message })
}

fn parse_id_and_time(row: &Row) -> Result<(i64, u128)> {
    let created_at: SystemTime = row.get(1);
    Ok((row.get(0), created_at.duration_since(UNIX_EPOCH)?.as_millis()))
}
