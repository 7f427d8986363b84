//! Reading the frames of the socket.

use serde::Deserialize;
use shared::{member::Standing, problem::Problem, socket::ServerFrame};
use uuid::Uuid;

use crate::api::decode;

/// The fields of all frames but `changes`, which is read as the answer to a request is. The derived reader has code for
/// each kind of frame, and would make the client larger by a fiftieth.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "type")]
    kind: String,
    client_id: Option<Uuid>,
    uri: Option<String>,
    problem: Option<Problem>,
    session: Option<Uuid>,
    reason: Option<String>,
    #[serde(default)]
    heartbeat: u64,
    retry_after: Option<u64>,
    #[serde(default)]
    seq: i64,
    #[serde(default)]
    revision: i64,
    #[serde(default)]
    user: i64,
    #[serde(default)]
    count: usize,
    #[serde(default)]
    here: Vec<i64>,
    standing: Option<Standing>,
    to: Option<String>,
}

/// Nothing for a frame from a newer server.
pub fn read(text: &str) -> Option<ServerFrame> {
    let fields: Fields = decode(text)?;
    let Fields { client_id, uri, problem, session, reason, heartbeat, retry_after, seq, revision, .. } =
        fields;
    Some(match fields.kind.as_str() {
        "changes" => ServerFrame::Changes(decode(text)?),
        "posted" => ServerFrame::Posted { client_id: client_id?, seq, revision },
        "refused" => ServerFrame::Refused { client_id, uri, problem: problem? },
        "resync" => ServerFrame::Resync { uri: uri? },
        "typing" => ServerFrame::Typing { uri: uri?, user: fields.user },
        "presence" => ServerFrame::Presence { uri: uri?, count: fields.count, here: fields.here },
        "read" => ServerFrame::Read { uri: uri?, user: fields.user, seq },
        "membership" => ServerFrame::Membership { uri: uri?, standing: fields.standing? },
        "moved" => ServerFrame::Moved { uri: uri?, to: fields.to? },
        "gone" => ServerFrame::Gone { uri: uri? },
        "welcome" => ServerFrame::Welcome { session: session?, heartbeat },
        "goodbye" => ServerFrame::Goodbye { reason: reason?, retry_after },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use shared::{changes::Changes, problem::ProblemCode};

    use super::*;
    use crate::api::Trouble;

    #[test]
    fn every_frame_is_read_as_the_server_wrote_it() {
        let id = Uuid::from_u128(7);
        let uri = "tea".to_owned();
        let Trouble::Refused(problem) = Trouble::refused(ProblemCode::TooManyRequests) else { panic!() };
        let changes = Changes {
            uri: uri.clone(),
            epoch: id,
            after: 1,
            head: 2,
            more: true,
            chat: None,
            members: Vec::new(),
            messages: Vec::new(),
        };
        for frame in [
            ServerFrame::Welcome { session: id, heartbeat: 30 },
            ServerFrame::Changes(changes),
            ServerFrame::Posted { client_id: id, seq: 3, revision: 4 },
            ServerFrame::Refused { client_id: Some(id), uri: None, problem: problem.clone() },
            ServerFrame::Refused { client_id: None, uri: Some(uri.clone()), problem },
            ServerFrame::Resync { uri: uri.clone() },
            ServerFrame::Typing { uri: uri.clone(), user: 7 },
            ServerFrame::Presence { uri: uri.clone(), count: 60, here: vec![7, 8] },
            ServerFrame::Read { uri: uri.clone(), user: 7, seq: 5 },
            ServerFrame::Membership { uri: uri.clone(), standing: Standing::Knocking },
            ServerFrame::Moved { uri: uri.clone(), to: "coffee".to_owned() },
            ServerFrame::Gone { uri },
            ServerFrame::Goodbye { reason: "restart".to_owned(), retry_after: Some(2) },
        ] {
            let text = serde_json::to_string(&frame).unwrap();
            assert_eq!(read(&text), Some(frame), "{text}");
        }
    }

    #[test]
    fn a_frame_from_a_newer_server_is_passed_over() {
        assert_eq!(read(r#"{"type":"applause","uri":"tea"}"#), None);
        assert_eq!(read("tea?"), None);
    }
}
