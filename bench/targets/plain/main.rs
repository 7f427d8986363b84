//! A typical implementation: actix-web and actix-ws, one insert per message, then one send per member.

#![allow(clippy::print_stdout, reason = "signals readiness")]

mod store;

use std::collections::HashMap;
use std::env;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::error::{ErrorBadRequest, ErrorInternalServerError};
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Data, Json, Payload, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Result};
use actix_ws::{Message, MessageStream, Session};
use futures_util::StreamExt;
use serde::Deserialize;
use store::{InsertStore, NewPost, PostRow};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[derive(Default)]
struct Chats(Mutex<HashMap<i64, Vec<UnboundedSender<Arc<str>>>>>);

impl Chats {
    fn join(&self, chat: i64, listener: UnboundedSender<Arc<str>>) {
        let mut chats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chats.entry(chat).or_default().push(listener);
    }

    /// Closed connections are removed.
    fn publish(&self, posted: &PostRow) -> Result<()> {
        let text: Arc<str> = serde_json::to_string(posted)?.into();
        let mut chats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listeners) = chats.get_mut(&posted.chat) {
            listeners.retain(|listener| listener.send(Arc::clone(&text)).is_ok());
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ClientMessage {
    Join { chat: String },
    Post { chat: String, id: String, message: String },
}

#[derive(Deserialize)]
struct SocketQuery {
    user: i64,
}

#[derive(Deserialize)]
struct HistoryQuery {
    limit: i64,
}

#[derive(Deserialize)]
struct PostBody {
    user: String,
    id: String,
    message: String,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let port = env::var("PORT")?.parse()?;
    let (store, chats) =
        (Data::new(InsertStore::connect(&env::var("DATABASE_URL")?).await?), Data::new(Chats::default()));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(store.clone())
            .app_data(chats.clone())
            .route("/healthz", web::get().to(HttpResponse::Ok))
            .route("/ws", web::get().to(open))
            .route("/chats/{chat}/messages", web::get().to(history))
            .route("/chats/{chat}/messages", web::post().to(post))
    })
    .on_connect(|connection, _| {
        if let Some(stream) = connection.downcast_ref::<TcpStream>() {
            let _ = stream.set_nodelay(true);
        }
    })
    .bind((Ipv4Addr::LOCALHOST, port))?;
    println!("ready");
    Ok(server.run().await?)
}

async fn history(
    store: Data<InsertStore>,
    chat: web::Path<i64>,
    query: Query<HistoryQuery>,
) -> Result<HttpResponse> {
    let messages = store.history(*chat, query.limit).await.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(messages))
}

async fn post(
    store: Data<InsertStore>,
    chats: Data<Chats>,
    chat: web::Path<i64>,
    Json(PostBody { user, id, message }): Json<PostBody>,
) -> Result<HttpResponse> {
    let user = user.parse().map_err(ErrorBadRequest)?;
    let post = NewPost { chat: *chat, user, client_id: id, message };
    let posted = store.post(post).await.map_err(ErrorInternalServerError)?;
    chats.publish(&posted)?;
    Ok(HttpResponse::Ok().json(posted))
}

async fn open(
    request: HttpRequest,
    body: Payload,
    query: Query<SocketQuery>,
    store: Data<InsertStore>,
    chats: Data<Chats>,
) -> Result<HttpResponse> {
    let (response, session, stream) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        // Any error ends the connection.
        let _ = run_connection(session, stream, query.user, &store, &chats).await;
    });
    Ok(response)
}

async fn run_connection(
    mut session: Session,
    mut stream: MessageStream,
    user: i64,
    store: &InsertStore,
    chats: &Chats,
) -> anyhow::Result<()> {
    let (listener, mut broadcasts) = unbounded_channel();
    session.text(r#"{"type":"welcome"}"#).await?;
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let reply = handle_message(&text, user, store, chats, &listener).await?;
                    session.text(reply).await?;
                }
                Some(Ok(Message::Ping(bytes))) => session.pong(&bytes).await?,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => {}
            },
            Some(text) = broadcasts.recv() => session.text(&*text).await?,
        }
    }
}

async fn handle_message(
    text: &str,
    user: i64,
    store: &InsertStore,
    chats: &Chats,
    listener: &UnboundedSender<Arc<str>>,
) -> anyhow::Result<String> {
    match serde_json::from_str(text)? {
        ClientMessage::Join { chat } => {
            chats.join(chat.parse()?, listener.clone());
            Ok(r#"{"type":"joined"}"#.to_owned())
        }
        ClientMessage::Post { chat, id, message } => {
            let ack = format!(r#"{{"type":"ack","id":"{id}"}}"#);
            let posted = store.post(NewPost { chat: chat.parse()?, user, client_id: id, message }).await?;
            chats.publish(&posted).map_err(|error| anyhow::anyhow!("{error}"))?;
            Ok(ack)
        }
    }
}
