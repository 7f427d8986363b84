//! Following chats: hearing of all of them without having them open.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    changes::Changes,
    member::Standing,
    problem::ProblemCode,
    socket::{ClientFrame, FOLLOWED_MAX, Followed, ServerFrame},
    timeline::{Heard, Timeline},
};
use uuid::Uuid;

use crate::{
    app::{Person, TestApp},
    listener::Listener,
};

impl Listener {
    pub async fn follows(&mut self, app: &TestApp, chats: &[(&str, i64)]) {
        self.follows_as_of(app.app.epoch, chats).await;
    }

    async fn follows_as_of(&mut self, epoch: Uuid, chats: &[(&str, i64)]) {
        let chats = chats.iter().map(|(uri, after)| Followed { uri: (*uri).to_owned(), after: *after });
        self.says(&ClientFrame::Follow { epoch, chats: chats.collect() }).await;
    }

    async fn unsubscribes(&mut self, uri: &str) {
        self.says(&ClientFrame::Unsubscribe { uri: uri.to_owned() }).await;
    }
}

async fn member(app: &TestApp, name: &str, uri: &str) -> Person {
    let person = app.person(name).await;
    person.joins(uri).await;
    person
}

fn place_of(changes: &Changes) -> (&str, i64, i64) {
    (changes.uri.as_str(), changes.after, changes.head)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_chats_hears_what_was_missed_and_what_comes() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    ada.says(&coffee, "missed").await;
    let mut listener = ada.listens().await;
    listener.follows(&app, &[(&tea, 1), (&coffee, 1)]).await;
    let missed = listener.hears_changes().await;
    assert_eq!(place_of(&missed), (coffee.as_str(), 1, 2));
    assert!(listener.hears_until_now().await.is_empty(), "nothing was missed in the other");
    for (uri, head) in [(&tea, 2), (&coffee, 3), (&tea, 3)] {
        ada.says(uri, "news").await;
        assert_eq!(place_of(&listener.hears_changes().await), (uri.as_str(), head - 1, head));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_is_not_here_and_is_told_of_nobody() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (member(&app, "brian", &tea).await, member(&app, "eve", &tea).await);
    let mut following = brian.listens().await;
    following.follows(&app, &[(&tea, 3)]).await;
    following.is_heard().await;
    let mut hers = ada.listens_to(&tea).await;
    assert_eq!(hers.hears_presence_of(1).await, [ada.id]);
    let mut eves = eve.listens_to(&tea).await;
    assert_eq!(hers.hears_presence_of(2).await, [ada.id, eve.id]);
    eves.says(&ClientFrame::Typing { uri: tea.clone() }).await;
    assert!(matches!(hers.hears().await, ServerFrame::Typing { .. }));
    following.says(&ClientFrame::Typing { uri: tea.clone() }).await;
    following.is_heard().await;
    ada.says(&tea, "tea?").await;
    let heard = following.hears_any().await;
    assert!(matches!(heard, ServerFrame::Changes(_)), "neither who is here nor who writes: {heard:?}");
    assert!(matches!(hers.hears().await, ServerFrame::Changes(_)), "who only follows is not seen writing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_chat_is_opened_and_left_without_losing_it() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = member(&app, "brian", &tea).await;
    let mut hers = ada.listens_to(&tea).await;
    hers.hears_presence_of(1).await;
    let mut his = brian.listens().await;
    his.follows(&app, &[(&tea, 2)]).await;
    for head in [3, 5] {
        his.subscribes(&tea, Some(head - 1), Some(app.app.epoch)).await;
        his.hears_changes().await;
        assert_eq!(hers.hears_presence_of(2).await, [ada.id, brian.id]);
        ada.says(&tea, "while it is open").await;
        assert_eq!(his.hears_changes().await.head, head);
        his.follows(&app, &[(&tea, head)]).await;
        assert!(his.hears_until_now().await.is_empty(), "an open chat stays as it is");
        his.unsubscribes(&tea).await;
        assert_eq!(hers.hears_presence_of(1).await, [ada.id]);
        ada.says(&tea, "while it is not").await;
        assert_eq!(his.hears_changes().await.head, head + 1, "it is followed again");
    }
    let mut other = brian.listens_to(&tea).await;
    other.unsubscribes(&tea).await;
    other.is_heard().await;
    ada.says(&tea, "to those who listen").await;
    his.hears_changes().await;
    assert!(other.hears_until_now().await.is_empty(), "what was not followed before is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_was_open_before_it_was_followed_is_followed_when_it_is_left() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens_to(&tea).await;
    listener.hears_presence_of(1).await;
    listener.follows(&app, &[(&tea, 1)]).await;
    listener.unsubscribes(&tea).await;
    listener.is_heard().await;
    ada.says(&tea, "tea?").await;
    assert_eq!(place_of(&listener.hears_changes().await), (tea.as_str(), 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_chats_are_followed_by_one_frame() {
    let app = TestApp::with(|config| config.limits.rate_limits = backend::config::RateLimits::On).await;
    let ada = app.person("ada").await;
    let chats = join_all((0..FOLLOWED_MAX).map(|_| ada.starts())).await;
    let mut listener = ada.listens().await;
    let mut all: Vec<_> = chats.iter().map(|uri| (uri.as_str(), 1)).collect();
    listener.follows(&app, &all).await;
    assert!(listener.hears_until_now().await.is_empty());
    for uri in [&chats[0], &chats[99], &chats[FOLLOWED_MAX - 1]] {
        ada.says(uri, "tea?").await;
        assert_eq!(&listener.hears_changes().await.uri, uri);
    }
    all.push((&chats[0], 2));
    listener.follows(&app, &all).await;
    assert_eq!(listener.hears_refusal().await.2.code, ProblemCode::Malformed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_one_is_not_in_is_refused_and_the_others_are_followed() {
    let app = TestApp::with(|config| config.limits.rate_limits = backend::config::RateLimits::On).await;
    let (ada, tea) = app.tea().await;
    let brian = member(&app, "brian", &tea).await;
    let hers = ada.starts().await;
    let mut his = brian.listens().await;
    let unknown = ["nosuchchat", "", "a b", &hers];
    let chats: Vec<_> = unknown.into_iter().chain([tea.as_str()]).map(|uri| (uri, 2)).collect();
    his.follows(&app, &chats).await;
    for uri in unknown {
        let (_, refused, problem) = his.hears_refusal().await;
        assert_eq!((refused.as_deref(), problem.code), (Some(uri), ProblemCode::ChatNotFound));
    }
    ada.says(&hers, "not for him").await;
    ada.says(&tea, "tea?").await;
    assert_eq!(his.hears_changes().await.uri, tea);
    let guesses: Vec<_> = (0..40).map(|n| format!("guess{n}")).collect();
    his.follows(&app, &guesses.iter().map(|uri| (uri.as_str(), 0)).collect::<Vec<_>>()).await;
    let mut codes = Vec::new();
    for _ in 0..40 {
        codes.push(his.hears_refusal().await.2.code);
    }
    assert!(codes.contains(&ProblemCode::TooManyRequests), "guesses are counted: {codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_does_not_fit_is_answered_by_resync_and_the_chat_is_heard_on() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    let mut listener = ada.listens().await;
    listener.follows_as_of(Uuid::nil(), &[(&tea, 1), (&coffee, 0)]).await;
    for uri in [&tea, &coffee] {
        assert_eq!(listener.hears().await, ServerFrame::Resync { uri: uri.clone() });
    }
    listener.follows(&app, &[(&tea, 77)]).await;
    assert_eq!(listener.hears().await, ServerFrame::Resync { uri: tea.clone() });
    for uri in [&tea, &coffee] {
        ada.says(uri, "news").await;
        assert_eq!(&listener.hears_changes().await.uri, uri);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_address_leads_to_the_present_one() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let moving = "WITH moved AS (UPDATE chats SET uri = 'newtea' RETURNING id) \
                  INSERT INTO former_uris (uri, chat_id) SELECT $1, id FROM moved";
    app.sql().await.execute(moving, &[&tea]).await.unwrap();
    let mut listener = ada.listens().await;
    listener.follows(&app, &[(&tea, 1)]).await;
    assert_eq!(listener.hears().await, ServerFrame::Moved { uri: tea, to: "newtea".to_owned() });
    ada.says("newtea", "here").await;
    assert_eq!(place_of(&listener.hears_changes().await), ("newtea", 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_removed_hears_that_and_nothing_more_on_all_devices() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (member(&app, "brian", &tea).await, member(&app, "eve", &tea).await);
    let mut devices = [brian.listens().await, brian.listens().await, brian.listens_to(&tea).await];
    for device in devices.iter_mut().take(2) {
        device.follows(&app, &[(&tea, 3)]).await;
        device.is_heard().await;
    }
    let mut hers = eve.listens().await;
    hers.follows(&app, &[(&tea, 3)]).await;
    hers.is_heard().await;
    app.puts(&tea, &brian, Standing::Removed).await;
    let gone = ServerFrame::Membership { uri: tea.clone(), standing: Standing::Removed };
    for device in &mut devices {
        assert_eq!(device.hears().await, gone);
    }
    ada.says(&tea, "now that he is gone").await;
    assert_eq!(hers.hears_changes().await.members[0].standing, Standing::Removed);
    assert_eq!(hers.hears_changes().await.messages.len(), 1);
    for device in &mut devices {
        assert!(device.hears_until_now().await.is_empty());
        device.follows(&app, &[(&tea, 4)]).await;
        assert_eq!(device.hears_refusal().await.2.code, ProblemCode::ChatNotFound);
    }
    app.puts(&tea, &brian, Standing::In).await;
    let back = ServerFrame::Membership { uri: tea.clone(), standing: Standing::In };
    for device in &mut devices {
        assert_eq!(device.hears().await, back);
        device.follows(&app, &[(&tea, 6)]).await;
        device.is_heard().await;
    }
    ada.says(&tea, "welcome back").await;
    for device in &mut devices {
        assert_eq!(device.hears_changes().await.head, 7);
    }
}

/// Hears until the timeline holds everything up to `head`.
async fn hear_up_to(listener: &mut Listener, timeline: &mut Timeline, head: i64) {
    while timeline.head() < head {
        assert_ne!(timeline.hear(listener.hears_changes().await), Heard::Missed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_and_follows_ends_equal_to_whoever_stayed() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = member(&app, "brian", &tea).await;
    let mut staying = ada.listens_to(&tea).await;
    let (mut stayed, mut away) = (ada.opens(&tea).await, brian.opens(&tea).await);
    for round in 0..4 {
        let mut his = brian.listens().await;
        his.follows(&app, &[(&tea, away.head())]).await;
        for number in 0..20 {
            ada.says(&tea, &format!("{round}: {number}")).await;
        }
        let newcomer = member(&app, &format!("newcomer{round}"), &tea).await;
        let head = newcomer.says(&tea, "hello").await.stored.seq;
        hear_up_to(&mut his, &mut away, head).await;
        hear_up_to(&mut staying, &mut stayed, head).await;
        assert_eq!(seen(&away), seen(&stayed));
        drop(his);
        // Long enough that it takes more than one frame.
        ada.says_often(&tea, "while he is away", if round == 1 { 600 } else { 3 }).await;
    }
    assert!(stayed.messages().len() > 80);
}

/// All of it but the e-mail addresses: everyone knows their own.
fn seen(timeline: &Timeline) -> serde_json::Value {
    let messages: Vec<_> = timeline.messages().collect();
    let members = timeline.members();
    let members: Vec<_> =
        members.iter().map(|member| (member.user.id, member.role, member.revision)).collect();
    json!([timeline.head(), messages, members])
}

#[tokio::test(flavor = "multi_thread")]
async fn following_while_everyone_speaks_tears_no_gap() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = member(&app, "brian", &tea).await;
    let speaking = join_all((0..200).map(|_| ada.says(&tea, "all at once")));
    let following = join_all((0..10).map(async |_| {
        let mut listener = brian.listens().await;
        let mut known = 2;
        listener.follows(&app, &[(&tea, known)]).await;
        while known < 202 {
            let changes = listener.hears_changes().await;
            assert!(changes.after <= known, "{} after {known}", changes.after);
            known = known.max(changes.head);
        }
    }));
    futures_util::future::join(speaking, following).await;
}
