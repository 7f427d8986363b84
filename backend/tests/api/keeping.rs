//! What owners and moderators do, and what is heard of it.

use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    audit::Audit,
    changes::Changes,
    event::Event,
    member::{Role, Standing},
    socket::ServerFrame,
};

use crate::{
    app::{Call, Person, TestApp},
    listener::Listener,
};

impl Person {
    /// Changes settings of a chat.
    pub fn set(&self, uri: &str, settings: &Value) -> Call {
        self.call(&Method::PATCH, &format!("/api/chats/{uri}/settings/")).json(settings)
    }

    /// Gives somebody another role or standing.
    pub fn change_member(&self, uri: &str, other: &Person, change: &Value) -> Call {
        self.call(&Method::PUT, &format!("/api/chats/{uri}/members/{}/", other.id)).json(change)
    }

    pub fn put_out(&self, uri: &str, other: &Person, standing: Standing) -> Call {
        self.change_member(uri, other, &json!({ "standing": standing }))
    }

    pub fn give_role(&self, uri: &str, other: &Person, role: Role) -> Call {
        self.change_member(uri, other, &json!({ "role": role }))
    }

    pub fn hand_over(&self, uri: &str, heir: &Person) -> Call {
        self.call(&Method::PUT, &format!("/api/chats/{uri}/owner/")).json(&json!({ "user_id": heir.id }))
    }

    pub fn leave(&self, uri: &str) -> Call {
        self.call(&Method::DELETE, &format!("/api/chats/{uri}/members/me/"))
    }

    pub fn end(&self, uri: &str) -> Call {
        self.call(&Method::DELETE, &format!("/api/chats/{uri}/"))
    }

    pub fn delete_message(&self, uri: &str, seq: i64) -> Call {
        self.call(&Method::DELETE, &format!("/api/chats/{uri}/messages/{seq}/"))
    }

    /// The newest page of the audit: who did what, newest first.
    pub async fn audit(&self, uri: &str) -> Vec<(i64, Event)> {
        let page: Audit = self.get(&format!("/api/chats/{uri}/audit/")).await.is(200).read();
        page.entries.into_iter().map(|entry| (entry.user.map_or(0, |user| user.id), entry.act)).collect()
    }
}

impl TestApp {
    /// Somebody who has joined.
    pub async fn joiner(&self, name: &str, uri: &str) -> Person {
        let person = self.person(name).await;
        person.joins(uri).await;
        person
    }

    /// Somebody who waits to be let in.
    pub async fn knocker(&self, name: &str, uri: &str) -> Person {
        let person = self.joiner(name, uri).await;
        self.places(&person, "knocking").await;
        person
    }

    /// Gives somebody a standing behind the server's back.
    pub async fn places(&self, person: &Person, standing: &str) {
        let place = "UPDATE members SET standing = $1 WHERE user_id = $2";
        self.sql().await.execute(place, &[&standing, &person.id]).await.unwrap();
        let id: i64 = self.count("SELECT max(id) FROM chats").await;
        self.app.people.forget_role(id, person.id);
    }
}

impl Listener {
    /// What the person at the socket is in the chat now.
    pub async fn hears_standing(&mut self) -> Standing {
        match self.hears().await {
            ServerFrame::Membership { standing, .. } => standing,
            other => panic!("a membership was awaited: {other:?}"),
        }
    }

    /// That a chat is gone.
    pub async fn hears_end(&mut self) -> String {
        match self.hears().await {
            ServerFrame::Gone { uri } => uri,
            other => panic!("an end was awaited: {other:?}"),
        }
    }
}

/// What was done, by whom, as lines of the chat say it.
pub fn events(changes: &Changes) -> Vec<(i64, Event)> {
    let said = changes.messages.iter();
    said.filter_map(|line| Some((line.user.id, line.event.clone()?))).collect()
}
