//! The examples of the protocol's description are what the server and its clients really say.

use std::{collections::BTreeSet, fs, path::Path};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    audit::Audit,
    changes::Changes,
    chat::{ChangeSettings, Joined, Preview, Started},
    credentials::{Refreshed, SignIn, Token},
    export::Export,
    link::{Made, MakeLink},
    member::{ChangeMember, Member},
    message::{History, Message, Post, Posted},
    passkey::Passkeys,
    problem::Problem,
    second_factor::Enrolment,
    session::Sessions,
    socket::{ClientFrame, ServerFrame, Ticket},
    user::{Account, Begun, Claim, SignUp, User},
    your_chats::YourChats,
};

/// Each example of the document, with the line before its block that says what it is. A block may hold several.
fn examples() -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let text = fs::read_to_string(path).expect("docs/protocol.md is there");
    let mut examples = Vec::new();
    let mut lines = text.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        if line == "```json" {
            let json: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            let what = before.strip_prefix("<!-- ").and_then(|before| before.strip_suffix(" -->"));
            let what = what.unwrap_or_else(|| panic!("what is this? {json:?}"));
            for value in serde_json::Deserializer::from_str(&json.join("\n")).into_iter() {
                let value = value.unwrap_or_else(|error| panic!("{error} after {before}: {json:?}"));
                examples.push((what.to_owned(), value));
            }
        }
        before = line;
    }
    examples
}

/// Reads the example and says it again: nothing is lost and nothing added.
fn is_the_same<T: DeserializeOwned + Serialize>(example: &Value) {
    let read: T =
        serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{error}: {example}"));
    assert_eq!(serde_json::to_value(read).unwrap(), *example);
}

fn check(what: &str, example: &Value) {
    match what {
        "frame: client" => is_the_same::<ClientFrame>(example),
        "frame: server" => is_the_same::<ServerFrame>(example),
        "body: Account" => is_the_same::<Account>(example),
        "body: Audit" => is_the_same::<Audit>(example),
        "body: Begun" => is_the_same::<Begun>(example),
        "body: ChangeMember" => is_the_same::<ChangeMember>(example),
        "body: ChangeSettings" => is_the_same::<ChangeSettings>(example),
        "body: Changes" => is_the_same::<Changes>(example),
        "body: Claim" => is_the_same::<Claim>(example),
        "body: Enrolment" => is_the_same::<Enrolment>(example),
        "body: Export" => is_the_same::<Export>(example),
        "body: History" => is_the_same::<History>(example),
        "body: Joined" => is_the_same::<Joined>(example),
        "body: Member" => is_the_same::<Member>(example),
        "body: Message" => is_the_same::<Message>(example),
        "body: Made" => is_the_same::<Made>(example),
        "body: MakeLink" => is_the_same::<MakeLink>(example),
        "body: Passkeys" => is_the_same::<Passkeys>(example),
        "body: Post" => is_the_same::<Post>(example),
        "body: Posted" => is_the_same::<Posted>(example),
        "body: Preview" => is_the_same::<Preview>(example),
        "body: Problem" => is_problem(example),
        "body: Refreshed" => is_the_same::<Refreshed>(example),
        "body: Sessions" => is_the_same::<Sessions>(example),
        "body: SignIn" => is_the_same::<SignIn>(example),
        "body: SignUp" => is_the_same::<SignUp>(example),
        "body: Started" => is_the_same::<Started>(example),
        "body: Ticket" => is_the_same::<Ticket>(example),
        "body: Token" => is_the_same::<Token>(example),
        "body: User" => is_the_same::<User>(example),
        "body: YourChats" => is_the_same::<YourChats>(example),
        other => panic!("nothing is known of `{other}`"),
    }
}

/// A problem also has an array for each wrong field, which the shared type leaves out.
fn is_problem(example: &Value) {
    let read: Problem =
        serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{error}: {example}"));
    let said = serde_json::to_value(&read).unwrap();
    for (name, value) in example.as_object().unwrap() {
        let sentences = read.errors.iter().filter(|error| error.field == *name).map(|error| &error.detail);
        let sentences = serde_json::to_value(sentences.collect::<Vec<_>>()).unwrap();
        assert_eq!(said.get(name).unwrap_or(&sentences), value, "{name}");
    }
}

#[test]
fn every_example_is_what_is_really_said() {
    let examples = examples();
    assert!(!examples.is_empty(), "there are examples");
    for (what, example) in &examples {
        check(what, example);
    }
}

#[test]
fn every_frame_has_an_example() {
    let kinds = |of: &str| -> BTreeSet<String> {
        let frames = examples().into_iter().filter(|(what, _)| what == of);
        frames.map(|(_, example)| example["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("frame: client"), kinds_of::<ClientFrame>());
    assert_eq!(kinds("frame: server"), kinds_of::<ServerFrame>());
}

/// The kinds that a type of frames knows, as it lists them itself when it meets one that it does not know.
fn kinds_of<T: DeserializeOwned>() -> BTreeSet<String> {
    let unknown = serde_json::json!({ "type": "no such kind" });
    let error = serde_json::from_value::<T>(unknown).err().expect("there is no such kind").to_string();
    let listed = error.split_once("expected one of ").expect("the kinds are listed").1;
    listed.split(", ").map(|kind| kind.trim_matches('`').to_owned()).collect()
}
