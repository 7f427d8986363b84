//! For every command of the socket the frame that is carried out, if only whoever says it may.

use backend::{auth::access::Verdict, routes::table::Command};
use shared::{
    problem::Problem,
    socket::{ClientFrame, Followed, ServerFrame},
};
use uuid::Uuid;

use super::{Outcome, stage::Stage};
use crate::listener::{Listener, Refused, knock};

/// Opens a socket and says it.
pub async fn attempt(command: &Command, stage: &Stage<'_>) -> Outcome {
    let Some(frame) = frame(command.name, stage) else {
        return Outcome::Strange("there is no frame for it in authorisation/commands.rs".to_owned());
    };
    match open(stage).await {
        Ok(listener) => say(frame, listener, stage).await,
        Err(refused) => match serde_json::from_str::<Problem>(&refused.text) {
            Ok(problem) => Outcome::of_problem(&problem),
            Err(_) => Outcome::Strange(refused.text),
        },
    }
}

fn frame(name: &str, stage: &Stage<'_>) -> Option<ClientFrame> {
    let uri = stage.chat.clone();
    Some(match name {
        "Subscribe" => ClientFrame::Subscribe { uri, after: None, epoch: None },
        "Unsubscribe" => ClientFrame::Unsubscribe { uri },
        "Post" => ClientFrame::Post { uri, client_id: Uuid::new_v4(), message: "tea!".to_owned() },
        "Typing" => ClientFrame::Typing { uri },
        "Read" => ClientFrame::Read { uri, seq: 4 },
        "Follow" => ClientFrame::Follow { epoch: Uuid::nil(), chats: vec![Followed { uri, after: 0 }] },
        "Renew" => ClientFrame::Renew { token: stage.actor.token.clone() },
        _ => return None,
    })
}

async fn open(stage: &Stage<'_>) -> Result<Listener, Box<Refused>> {
    let authorization = stage.token.as_ref().map(|token| format!("JWT {token}"));
    let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
    let (mut listener, _) = knock(&stage.owner.web, &headers).await?;
    assert!(matches!(listener.hears().await, ServerFrame::Welcome { .. }));
    Ok(listener)
}

/// What comes of a frame shows in different ways.
async fn say(frame: ClientFrame, mut speaker: Listener, stage: &Stage<'_>) -> Outcome {
    match frame {
        ClientFrame::Post { .. } => {
            speaker.says(&frame).await;
            answer(&[speaker.hears().await])
        }
        ClientFrame::Subscribe { .. } | ClientFrame::Follow { .. } => {
            speaker.says(&frame).await;
            answer(&speaker.hears_until_now().await)
        }
        ClientFrame::Unsubscribe { .. } | ClientFrame::Renew { .. } => {
            speaker.says(&frame).await;
            match answer(&speaker.hears_until_now().await) {
                Outcome::Silence => Outcome::Is(Verdict::Allowed),
                told => told,
            }
        }
        ClientFrame::Typing { .. } | ClientFrame::Read { .. } => {
            let mut onlooker = stage.other.listens_to(&stage.chat).await;
            speaker.subscribes(&stage.chat, None, None).await;
            speaker.hears_until_now().await;
            speaker.says(&frame).await;
            match answer(&speaker.hears_until_now().await) {
                // What is read is told in a moment.
                Outcome::Silence if matches!(frame, ClientFrame::Read { .. }) => {
                    answer(&[onlooker.hears().await])
                }
                Outcome::Silence => answer(&onlooker.hears_until_now().await),
                told => told,
            }
        }
    }
}

fn answer(heard: &[ServerFrame]) -> Outcome {
    match heard {
        [] => Outcome::Silence,
        [ServerFrame::Refused { problem, .. }] => Outcome::of_problem(problem),
        [
            ServerFrame::Changes(_)
            | ServerFrame::Resync { .. }
            | ServerFrame::Posted { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Read { .. },
        ] => Outcome::Is(Verdict::Allowed),
        others => Outcome::Strange(format!("{others:?}")),
    }
}
