//! Decodes the frames of the server.

use serde::Deserialize;
use shared::{
    id::{ChatId, Seq, UserId},
    member::MembershipStatus,
    problem::Problem,
    socket::ServerFrame,
};
use uuid::Uuid;

use crate::api::decode;

/// The fields of all frames but `changes`, which is decoded like the body of a response. A derived
/// deserializer has code for each kind of frame and makes the client 2 % larger.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "type")]
    kind: String,
    client_id: Option<Uuid>,
    chat_id: Option<ChatId>,
    uri: Option<String>,
    problem: Option<Problem>,
    session: Option<Uuid>,
    reason: Option<String>,
    #[serde(default)]
    heartbeat: u64,
    #[serde(default)]
    chat_list_version: Uuid,
    retry_after: Option<u64>,
    #[serde(default)]
    seq: Seq,
    #[serde(default)]
    revision: Seq,
    #[serde(default)]
    user_id: UserId,
    #[serde(default)]
    count: usize,
    #[serde(default)]
    users: Vec<UserId>,
    status: Option<MembershipStatus>,
}

/// `None` for a frame that this client does not need, and for the frame of a newer server.
pub fn read(text: &str) -> Option<ServerFrame> {
    let fields: Fields = decode(text)?;
    let Fields {
        client_id,
        chat_id,
        uri,
        problem,
        session,
        reason,
        heartbeat,
        chat_list_version,
        retry_after,
        seq,
        revision,
        ..
    } = fields;
    Some(match fields.kind.as_str() {
        "changes" => ServerFrame::Changes(decode(text)?),
        "posted" => ServerFrame::Posted { client_id: client_id?, seq, revision },
        "refused" => ServerFrame::Refused { client_id, chat_id, uri, problem: problem? },
        "resync" => ServerFrame::Resync { chat_id: chat_id? },
        "typing" => ServerFrame::Typing { chat_id: chat_id?, user_id: fields.user_id },
        "presence" => ServerFrame::Presence { chat_id: chat_id?, count: fields.count, users: fields.users },
        "read" => ServerFrame::Read { chat_id: chat_id?, user_id: fields.user_id, seq },
        "membership" => ServerFrame::Membership { chat_id: chat_id?, status: fields.status? },
        "gone" => ServerFrame::Gone { chat_id: chat_id? },
        "welcome" => ServerFrame::Welcome { session: session?, heartbeat, chat_list_version },
        "goodbye" => ServerFrame::Goodbye { reason: reason?, retry_after },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use shared::{changes::Changes, id::Head, problem::ProblemCode};

    use super::*;
    use crate::request_error::RequestError;

    #[test]
    fn every_frame_decodes_to_what_server_sent() {
        let id = Uuid::from_u128(7);
        let (chat_id, user_id, seq) = (ChatId::new(4), UserId::new(7), Seq::new(3));
        let uri = Some("tea".to_owned());
        let RequestError::Rejected(problem) = RequestError::from_code(ProblemCode::TooManyRequests) else {
            panic!()
        };
        let changes = Changes {
            chat_id,
            epoch: id,
            after: Head::new(1),
            head: Head::new(2),
            more: true,
            chat: None,
            members: Vec::new(),
            messages: Vec::new(),
        };
        for frame in [
            ServerFrame::Welcome { session: id, heartbeat: 30, chat_list_version: id },
            ServerFrame::Changes(changes),
            ServerFrame::Posted { client_id: id, seq, revision: Seq::new(4) },
            ServerFrame::Refused {
                client_id: Some(id),
                chat_id: Some(chat_id),
                uri: None,
                problem: problem.clone(),
            },
            ServerFrame::Refused { client_id: None, chat_id: None, uri, problem },
            ServerFrame::Resync { chat_id },
            ServerFrame::Typing { chat_id, user_id },
            ServerFrame::Presence { chat_id, count: 60, users: vec![user_id, UserId::new(8)] },
            ServerFrame::Read { chat_id, user_id, seq },
            ServerFrame::Membership { chat_id, status: MembershipStatus::Pending },
            ServerFrame::Gone { chat_id },
            ServerFrame::Goodbye { reason: "restart".to_owned(), retry_after: Some(2) },
        ] {
            let text = serde_json::to_string(&frame).unwrap();
            assert_eq!(read(&text), Some(frame), "{text}");
        }
    }

    #[test]
    fn frame_of_newer_server_is_ignored() {
        assert_eq!(read(r#"{"type":"applause","chat_id":4}"#), None);
        assert_eq!(read("tea?"), None);
    }
}
