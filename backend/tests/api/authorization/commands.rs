//! For every frame type, a frame that succeeds if its sender is authorized.

use backend::{api::route_table::Command, auth::policy::access::Decision};
use shared::{
    id::{Head, Seq},
    problem::Problem,
    socket::{ClientFrame, FollowedChat, ServerFrame},
};
use uuid::Uuid;

use super::{Outcome, fixture::Fixture};
use crate::support::{HandshakeError, WsClient, open_websocket};

/// Opens a socket and sends the frame.
pub async fn attempt(command: &Command, fixture: &Fixture<'_>) -> Outcome {
    let Some(frame) = frame(command.name, fixture) else {
        return Outcome::Unexpected("authorization/commands.rs has no frame for it".to_owned());
    };
    match open_socket(fixture).await {
        Ok(socket) => send(frame, socket, fixture).await,
        Err(error) => match serde_json::from_str::<Problem>(&error.text) {
            Ok(problem) => Outcome::from_problem(&problem),
            Err(_) => Outcome::Unexpected(error.text),
        },
    }
}

fn frame(name: &str, fixture: &Fixture<'_>) -> Option<ClientFrame> {
    let chat_id = fixture.chat.id;
    Some(match name {
        "Subscribe" => {
            let uri = Some(fixture.chat.uri.clone());
            ClientFrame::Subscribe { chat_id: None, uri, after: None, epoch: None }
        }
        "Unsubscribe" => ClientFrame::Unsubscribe { chat_id },
        "Post" => {
            let (client_id, message) = (Uuid::new_v4(), "tea!".to_owned());
            ClientFrame::Post { chat_id, client_id, message, reply_to: None, files: Vec::new() }
        }
        "Typing" => ClientFrame::Typing { chat_id },
        "Read" => ClientFrame::Read { chat_id, seq: Seq::new(4) },
        "Follow" => ClientFrame::Follow {
            epoch: Uuid::nil(),
            chats: vec![FollowedChat { chat_id, after: Head::new(0) }],
        },
        "Renew" => ClientFrame::Renew { token: fixture.actor.token.clone() },
        _ => return None,
    })
}

async fn open_socket(fixture: &Fixture<'_>) -> Result<WsClient, Box<HandshakeError>> {
    let authorization = fixture.token.as_ref().map(|token| format!("JWT {token}"));
    let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
    let (mut socket, _) = open_websocket(&fixture.owner.http, &headers).await?;
    assert!(matches!(socket.recv_event().await, ServerFrame::Welcome { .. }));
    Ok(socket)
}

/// Sends the frame, and looks for its effect where it shows.
async fn send(frame: ClientFrame, mut socket: WsClient, fixture: &Fixture<'_>) -> Outcome {
    match frame {
        ClientFrame::Post { .. } => {
            socket.send_frame(&frame).await;
            outcome(&[socket.recv_event().await])
        }
        ClientFrame::Subscribe { .. } | ClientFrame::Follow { .. } => {
            socket.send_frame(&frame).await;
            outcome(&socket.recv_pending().await)
        }
        ClientFrame::Unsubscribe { .. } | ClientFrame::Renew { .. } => {
            socket.send_frame(&frame).await;
            match outcome(&socket.recv_pending().await) {
                Outcome::Ignored => Outcome::Decided(Decision::Allowed),
                outcome => outcome,
            }
        }
        ClientFrame::Typing { .. } | ClientFrame::Read { .. } => {
            let mut other = fixture.other.open_socket_in(&fixture.chat).await;
            socket.subscribe(&fixture.chat, None, None).await;
            socket.recv_pending().await;
            socket.send_frame(&frame).await;
            match outcome(&socket.recv_pending().await) {
                // Read positions are sent by the next heartbeat.
                Outcome::Ignored if matches!(frame, ClientFrame::Read { .. }) => {
                    outcome(&[other.recv_event().await])
                }
                Outcome::Ignored => outcome(&other.recv_pending().await),
                outcome => outcome,
            }
        }
    }
}

fn outcome(frames: &[ServerFrame]) -> Outcome {
    match frames {
        [] => Outcome::Ignored,
        [ServerFrame::Refused { problem, .. }] => Outcome::from_problem(problem),
        [
            ServerFrame::Changes(_)
            | ServerFrame::Resync { .. }
            | ServerFrame::Posted { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Read { .. },
        ] => Outcome::Decided(Decision::Allowed),
        others => Outcome::Unexpected(format!("{others:?}")),
    }
}
