//! The examples in docs/protocol.md match the wire types.

use std::{collections::BTreeSet, fs, path::Path};

use backend::api::{openapi, routes::ROUTES};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    audit_log::AuditLogResponse,
    changes::Changes,
    chat::{ChatCreated, ChatPreview, JoinResponse, UpdateChatSettings},
    chat_list::ChatListResponse,
    credentials::{AccessToken, SignIn, TokenRefreshed},
    data_export::DataExport,
    file::{FileToken, MessageFile},
    invite_link::{CreateInviteLink, InviteLinkCreated},
    member::{Member, UpdateMember},
    message::{
        EditMessage, Message, MessagePage, MessagePosted, MessageVersionsResponse, PostMessage,
        ReactionsResponse,
    },
    passkey::PasskeysResponse,
    problem::{Problem, ProblemCode},
    search::SearchResponse,
    second_factor::TotpEnrolment,
    session::SessionsResponse,
    socket::{ClientFrame, ServerFrame, Ticket},
    user::{Account, ClaimAccount, SessionCreated, SignUp, User},
};

/// The examples of the document, each with the comment before its block that names its type. A block may hold several.
fn examples() -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let text = fs::read_to_string(path).expect("docs/protocol.md exists");
    let mut examples = Vec::new();
    let mut lines = text.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        if line == "```json" {
            let json: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            let what = before.strip_prefix("<!-- ").and_then(|before| before.strip_suffix(" -->"));
            let what = what.unwrap_or_else(|| panic!("no comment names the type of {json:?}"));
            for value in serde_json::Deserializer::from_str(&json.join("\n")).into_iter() {
                let value = value.unwrap_or_else(|error| panic!("{error} after {before}: {json:?}"));
                examples.push((what.to_owned(), value));
            }
        }
        before = line;
    }
    examples
}

/// Asserts that the example is the same after deserializing and serializing it.
fn assert_round_trip<T: DeserializeOwned + Serialize>(example: &Value) {
    let read: T =
        serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{error}: {example}"));
    assert_eq!(serde_json::to_value(read).unwrap(), *example);
}

fn check(what: &str, example: &Value) {
    match what {
        "frame: client" => assert_round_trip::<ClientFrame>(example),
        "frame: server" => assert_round_trip::<ServerFrame>(example),
        "body: Account" => assert_round_trip::<Account>(example),
        "body: AuditLogResponse" => assert_round_trip::<AuditLogResponse>(example),
        "body: SessionCreated" => assert_round_trip::<SessionCreated>(example),
        "body: UpdateMember" => assert_round_trip::<UpdateMember>(example),
        "body: UpdateChatSettings" => assert_round_trip::<UpdateChatSettings>(example),
        "body: Changes" => assert_round_trip::<Changes>(example),
        "body: ClaimAccount" => assert_round_trip::<ClaimAccount>(example),
        "body: TotpEnrolment" => assert_round_trip::<TotpEnrolment>(example),
        "body: DataExport" => assert_round_trip::<DataExport>(example),
        "body: JoinResponse" => assert_round_trip::<JoinResponse>(example),
        "body: Member" => assert_round_trip::<Member>(example),
        "body: InviteLinkCreated" => assert_round_trip::<InviteLinkCreated>(example),
        "body: CreateInviteLink" => assert_round_trip::<CreateInviteLink>(example),
        "body: PasskeysResponse" => assert_round_trip::<PasskeysResponse>(example),
        "body: ChatPreview" => assert_round_trip::<ChatPreview>(example),
        "body: Problem" => assert_problem_document(example),
        "body: TokenRefreshed" => assert_round_trip::<TokenRefreshed>(example),
        "body: SessionsResponse" => assert_round_trip::<SessionsResponse>(example),
        "body: SignIn" => assert_round_trip::<SignIn>(example),
        "body: SignUp" => assert_round_trip::<SignUp>(example),
        "body: ChatCreated" => assert_round_trip::<ChatCreated>(example),
        "body: Ticket" => assert_round_trip::<Ticket>(example),
        "body: AccessToken" => assert_round_trip::<AccessToken>(example),
        "body: User" => assert_round_trip::<User>(example),
        "body: ChatListResponse" => assert_round_trip::<ChatListResponse>(example),
        other => check_message_body(other, example),
    }
}

fn check_message_body(what: &str, example: &Value) {
    match what {
        "body: MessagePage" => assert_round_trip::<MessagePage>(example),
        "body: Message" => assert_round_trip::<Message>(example),
        "body: EditMessage" => assert_round_trip::<EditMessage>(example),
        "body: MessageVersionsResponse" => assert_round_trip::<MessageVersionsResponse>(example),
        "body: ReactionsResponse" => assert_round_trip::<ReactionsResponse>(example),
        "body: SearchResponse" => assert_round_trip::<SearchResponse>(example),
        "body: PostMessage" => assert_round_trip::<PostMessage>(example),
        "body: MessagePosted" => assert_round_trip::<MessagePosted>(example),
        "body: MessageFile" => assert_round_trip::<MessageFile>(example),
        "body: FileToken" => assert_round_trip::<FileToken>(example),
        other => panic!("unknown type `{other}`"),
    }
}

/// A problem document also has an array for each invalid field, which the shared type omits.
fn assert_problem_document(example: &Value) {
    let read: Problem =
        serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{error}: {example}"));
    let posted = serde_json::to_value(&read).unwrap();
    for (name, value) in example.as_object().unwrap() {
        let sentences = read.errors.iter().filter(|error| error.field == *name).map(|error| &error.detail);
        let sentences = serde_json::to_value(sentences.collect::<Vec<_>>()).unwrap();
        assert_eq!(posted.get(name).unwrap_or(&sentences), value, "{name}");
    }
}

#[test]
fn documented_examples_match_wire_types() {
    let examples = examples();
    assert!(!examples.is_empty(), "there are examples");
    for (what, example) in &examples {
        check(what, example);
    }
}

/// The values of an enum in the OpenAPI document, without the one for newer servers.
fn codes_of(name: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&openapi::document(ROUTES)).unwrap();
    let mut codes = document["components"]["schemas"][name]["enum"].as_array().unwrap().clone();
    codes.retain(|code| code != "unknown");
    assert!(codes.len() > 10, "{codes:?}");
    codes
}

#[test]
fn every_error_code_stands_in_its_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, errors) = text.split_once("\n## Errors\n").expect("a chapter about errors");
    let (errors, _) = errors.split_once("\n## ").expect("a chapter after it");
    for code in codes_of("ProblemCode") {
        let status = serde_json::from_value::<ProblemCode>(code.clone()).unwrap().status();
        let row = errors.lines().find(|line| line.starts_with(&format!("| {status} |")));
        let name = format!("`{}`", code.as_str().unwrap());
        assert!(row.is_some_and(|row| row.contains(&name)), "{name} is not in the row of {status}");
    }
    let (_, fields) = errors.split_once("\nCodes of fields: ").expect("the codes of fields");
    for code in codes_of("FieldCode") {
        assert!(fields.contains(&format!("`{}`", code.as_str().unwrap())), "{code} is not listed");
    }
}

#[test]
fn every_frame_type_has_an_example() {
    let kinds = |of: &str| -> BTreeSet<String> {
        let frames = examples().into_iter().filter(|(what, _)| what == of);
        frames.map(|(_, example)| example["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("frame: client"), kinds_of::<ClientFrame>());
    assert_eq!(kinds("frame: server"), kinds_of::<ServerFrame>());
}

/// The frame types that an enum knows, taken from the error message for an unknown one.
fn kinds_of<T: DeserializeOwned>() -> BTreeSet<String> {
    let unknown = serde_json::json!({ "type": "no such kind" });
    let error = serde_json::from_value::<T>(unknown).err().expect("there is no such kind").to_string();
    let listed = error.split_once("expected one of ").expect("the kinds are listed").1;
    listed.split(", ").map(|kind| kind.trim_matches('`').to_owned()).collect()
}
