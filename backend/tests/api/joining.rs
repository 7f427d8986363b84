//! Coming into a chat: who gets in, by what, as what, and who does not.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    chat::Joined,
    event::{Event, Person as Who},
    link::Links,
    member::{Role, Standing},
    problem::{FieldCode, ProblemCode},
};

use crate::app::{PASSWORD, Person, TestApp};

impl TestApp {
    pub async fn run(&self, statement: &str) {
        self.sql().await.batch_execute(statement).await.unwrap();
    }

    /// Somebody without an account, in a browser.
    pub async fn guest_in(&self, browser: u128) -> Person {
        let cookie = format!("chatire_browser={}", uuid::Uuid::from_u128(browser));
        self.guest_of(&self.web.post("/auth/guest/").header("cookie", &cookie).await.is(201))
    }

    /// Gives somebody another standing behind everyone's back.
    pub async fn stands(&self, person: &Person, standing: &str) {
        let stands = format!("SET standing = '{standing}', placed_at = now() WHERE user_id = {}", person.id);
        self.run(&format!("UPDATE members {stands}")).await;
        self.app.people.forget_role(1, person.id);
    }

    async fn crowd(&self, size: usize) -> Vec<Person> {
        let mut people = Vec::new();
        for number in 0..size {
            people.push(self.person(&format!("person{number}")).await);
        }
        people
    }
}

fn role_in(joined: &Joined, person: &Person) -> Role {
    joined.members.iter().find(|member| member.user.id == person.id).unwrap().role
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_at_once_a_link_for_seven_lets_in_seven() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let link = ada.makes_link(&tea, json!({ "role": "writer", "uses_max": 7 })).await;
    let people = app.crowd(20).await;
    let answers = join_all(people.iter().map(|person| async { person.join(&link.secret).await })).await;
    let (came, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((came.len(), refused.len()), (7, 13));
    for answer in refused {
        answer.refused(ProblemCode::LinkUsedUp);
    }
    for answer in came {
        assert_eq!(answer.read::<Joined>().uri, tea, "the answer names the chat's own address");
    }
    let links: Links = ada.get(&format!("/api/chats/{tea}/links/")).await.is(200).read();
    assert_eq!(links.links[0].uses, 7);
    let joined = ada.joins(&tea).await;
    let seqs: Vec<_> = joined.members.iter().map(|member| member.seq).collect();
    assert_eq!((joined.head, seqs), (8, (1..=8).collect()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_tries_of_one_person_at_once_a_link_counts_one() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let link = ada.makes_link(&tea, json!({ "role": "writer", "uses_max": 1 })).await;
    let brian = app.person("brian").await;
    join_all((0..20).map(|_| brian.joins(&link.secret))).await;
    assert_eq!(app.count("SELECT uses::bigint FROM links").await, 1);
    assert_eq!(ada.joins(&tea).await.head, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_or_was_removed_comes_back_as_they_came() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let link = ada.makes_link(&tea, json!({ "role": "writer", "uses_max": 1 })).await;
    brian.joins(&link.secret).await;
    for (standing, seq) in [("left", 3), ("removed", 4)] {
        app.stands(&brian, standing).await;
        brian.say(&tea, "still here?").await.refused(ProblemCode::ChatNotFound);
        let mut insider = ada.listens_to(&tea).await;
        let back = brian.joins(&link.secret).await;
        assert_eq!((back.head, back.members[1].seq, back.members[1].revision), (seq, seq, seq));
        let heard = insider.hears_changes().await;
        assert_eq!((heard.head, heard.members[0].standing), (seq, Standing::In));
    }
    assert_eq!(app.count("SELECT count(*) FROM members").await, 2);
    assert_eq!(app.count("SELECT uses::bigint FROM links").await, 1, "one person, one use");
    brian.says(&tea, "back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_beats_every_address() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let link = ada.makes_link(&tea, json!({ "role": "moderator" })).await;
    app.stands(&brian, "banned").await;
    for address in [&tea, &link.secret] {
        brian.join(address).await.refused(ProblemCode::Banned);
        brian.preview(address).await.refused(ProblemCode::Banned);
    }
    assert_eq!(app.count("SELECT count(*) FROM members WHERE standing = 'banned'").await, 1);
    assert_eq!(app.count("SELECT uses::bigint FROM links").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_guest_is_known_by_the_browser() {
    let app = TestApp::start().await;
    let (_ada, tea) = app.tea().await;
    let (guest, again) = (app.guest_in(7).await, app.guest_in(7).await);
    let elsewhere = app.guest_in(8).await;
    guest.joins(&tea).await;
    app.stands(&guest, "banned").await;
    again.join(&tea).await.refused(ProblemCode::Banned);
    again.preview(&tea).await.refused(ProblemCode::Banned);
    elsewhere.joins(&tea).await;
    app.stands(&guest, "left").await;
    again.joins(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claiming_an_account_lifts_no_ban() {
    let app = TestApp::start().await;
    let (_ada, tea) = app.tea().await;
    let (guest, again) = (app.guest_in(7).await, app.guest_in(7).await);
    guest.joins(&tea).await;
    app.stands(&guest, "banned").await;
    let claim = json!({ "username": "mallory", "password": PASSWORD });
    let claimed = app.guest_of(&guest.post("/auth/claim/").json(&claim).await.is(200));
    claimed.join(&tea).await.refused(ProblemCode::Banned);
    again.join(&tea).await.refused(ProblemCode::Banned);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_answers_for_themself_and_not_for_their_browser() {
    let app = TestApp::start().await;
    let (_ada, tea) = app.tea().await;
    let (owner, other) = (app.guest_in(7).await, app.guest_in(7).await);
    app.run(&format!("UPDATE users SET guest = false WHERE id = {}", owner.id)).await;
    owner.joins(&tea).await;
    app.stands(&owner, "banned").await;
    other.joins(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_stay_out_where_they_are_not_welcome() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (inside, guest) = (app.guest_in(1).await, app.guest_in(2).await);
    inside.joins(&tea).await;
    app.run("UPDATE chats SET guests = false").await;
    let link = ada.makes_link(&tea, json!({ "role": "writer" })).await;
    for address in [&tea, &link.secret] {
        guest.join(address).await.refused(ProblemCode::GuestsNotWelcome);
    }
    ada.add(&tea, &guest.name).await.refused(ProblemCode::GuestsNotWelcome);
    inside.joins(&tea).await;
    app.person("brian").await.joins(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_one_do_more_and_never_less() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let [reads, writes, keeps] = [
        ada.makes_link(&tea, json!({ "role": "reader" })).await.secret,
        ada.makes_link(&tea, json!({ "role": "writer", "uses_max": 1 })).await.secret,
        ada.makes_link(&tea, json!({ "role": "moderator" })).await.secret,
    ];
    assert_eq!(role_in(&brian.joins(&reads).await, &brian), Role::Reader);
    brian.say(&tea, "I only read").await.refused(ProblemCode::Forbidden);
    assert_eq!(role_in(&brian.joins(&tea).await, &brian), Role::Reader, "the page URL is for strangers");
    let mut insider = ada.listens_to(&tea).await;
    let risen = brian.joins(&writes).await;
    assert_eq!((role_in(&risen, &brian), risen.head), (Role::Writer, 3));
    assert_eq!(insider.hears_changes().await.members[0].role, Role::Writer);
    brian.says(&tea, "now I write").await;
    assert_eq!(brian.joins(&reads).await.head, 4, "nothing changes");
    assert_eq!(role_in(&brian.joins(&keeps).await, &brian), Role::Moderator);
    assert_eq!(role_in(&ada.joins(&keeps).await, &ada), Role::Owner);
    assert_eq!(app.count("SELECT sum(uses)::bigint FROM links").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_given_less_does_not_get_it_back_by_coming_again() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let writes = ada.makes_link(&tea, json!({ "role": "writer" })).await.secret;
    brian.joins(&writes).await;
    app.run(&format!("UPDATE members SET role = 'reader' WHERE user_id = {}", brian.id)).await;
    app.app.people.forget_role(1, brian.id);
    assert_eq!(role_in(&brian.joins(&writes).await, &brian), Role::Reader);
    app.stands(&brian, "left").await;
    assert_eq!(role_in(&brian.joins(&tea).await, &brian), Role::Reader);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_the_chat_adds_somebody() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (eve, brian) = (app.person("eve").await, app.person("brian").await);
    let (mut insider, mut added) = (ada.listens_to(&tea).await, eve.listens().await);
    let joined: Joined = ada.add(&tea, "EVE").await.is(200).read();
    assert_eq!((joined.user.id, joined.user.email.as_str(), joined.head), (eve.id, "", 3));
    added.hears_membership(&tea, Standing::In).await;
    let heard = insider.hears_changes().await;
    let who = Who { id: eve.id, name: "eve".into() };
    assert_eq!((heard.members[0].user.id, heard.members[0].role), (eve.id, Role::Writer));
    assert_eq!(heard.messages[0].event, Some(Event::Admitted { who }));
    eve.says(&tea, "here I am").await;
    assert_eq!(ada.add(&tea, "eve").await.is(200).read::<Joined>().head, 4, "she is in already");
    let problem = ada.add(&tea, "nobody").await.refused(ProblemCode::Invalid);
    assert_eq!(problem.errors[0].code, FieldCode::NotOneOf);
    brian.joins(&tea).await;
    app.stands(&brian, "banned").await;
    ada.add(&tea, "brian").await.refused(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_given_less_keeps_that_by_leaving_and_coming_back() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, mia) = (app.person("brian").await, app.person("mia").await);
    let writes = ada.makes_link(&tea, json!({ "role": "writer" })).await.secret;
    let keeps = ada.makes_link(&tea, json!({ "role": "moderator", "uses_max": 1 })).await.secret;
    assert_eq!(role_in(&brian.joins(&writes).await, &brian), Role::Writer);
    assert_eq!(role_in(&mia.joins(&keeps).await, &mia), Role::Moderator);
    for (person, change) in [(&brian, json!({ "role": "reader" })), (&mia, json!({ "standing": "removed" }))]
    {
        let path = format!("/api/chats/{tea}/members/{}/", person.id);
        ada.call(&Method::PUT, &path).json(&change).await.is(200);
    }
    brian.call(&Method::DELETE, &format!("/api/chats/{tea}/members/me/")).await.is(204);
    assert_eq!(role_in(&brian.joins(&writes).await, &brian), Role::Reader);
    assert_eq!(role_in(&mia.joins(&keeps).await, &mia), Role::Writer);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_out_does_not_hear_under_which_address_the_chat_is_now() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    brian.call(&Method::DELETE, &format!("/api/chats/{tea}/members/me/")).await.is(204);
    let mut listener = brian.listens().await;
    ada.call(&Method::POST, &format!("/api/chats/{tea}/uri/")).await.is(200);
    let path = format!("/api/chats/{tea}/members/{}/", brian.id);
    for standing in ["banned", "left"] {
        ada.call(&Method::PUT, &path).json(&json!({ "standing": standing })).await.is(200);
    }
    let heard = listener.hears_until_now().await;
    assert!(heard.is_empty(), "{heard:?}");
}
