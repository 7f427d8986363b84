//! Too many frames, and too many sockets.

use std::time::Duration;

use backend::config::RateLimits;
use shared::{
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame, close},
};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::{
    app::{Person, TestApp},
    listener::{BOUND, Listener, Refused, knock},
};

async fn limited(proxies: &[&str]) -> TestApp {
    TestApp::with(|config| {
        config.limits.rate_limits = RateLimits::On;
        config.trusted_proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
    })
    .await
}

/// A socket that a trusted proxy opens for somebody at this address.
async fn socket_from(person: &Person, address: &str) -> Result<Listener, Box<Refused>> {
    let authorization = format!("JWT {}", person.token);
    let headers = [("authorization", authorization.as_str()), ("x-forwarded-for", address)];
    knock(&person.web, &headers).await.map(|(listener, _)| listener)
}

async fn types_often(listener: &mut Listener, uri: &str, times: usize) {
    for _ in 0..times {
        listener.says(&ClientFrame::Typing { uri: uri.to_owned() }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_too_many_is_refused_by_its_name_and_the_socket_lives() {
    let app = limited(&[]).await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens().await;
    types_often(&mut listener, &tea, 150).await;
    let id = Uuid::new_v4();
    listener.posts(&tea, id, "tea?").await;
    let problem = loop {
        let (client_id, uri, problem) = listener.hears_refusal().await;
        assert_eq!((uri.as_deref(), problem.code), (Some(tea.as_str()), ProblemCode::TooManyRequests));
        if client_id.is_some() {
            assert_eq!(client_id, Some(id));
            break problem;
        }
    };
    // Whoever waits for as long as they are told to is let in.
    sleep(Duration::from_secs(problem.retry_after.unwrap())).await;
    listener.posts(&tea, id, "tea?").await;
    assert_eq!(listener.hears().await, ServerFrame::Posted { client_id: id, seq: 2, revision: 2 });
    assert_eq!(ada.history(&tea, "").await.messages.len(), 1, "what was refused was not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_frames_at_once_are_not_too_many() {
    let app = limited(&[]).await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens().await;
    types_often(&mut listener, &tea, 58).await;
    listener.posts(&tea, Uuid::nil(), "tea?").await;
    assert!(matches!(listener.hears().await, ServerFrame::Posted { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_ends_the_socket_and_nobody_else_s() {
    let app = limited(&[]).await;
    let (ada, tea) = app.tea().await;
    let mut calm = ada.listens_to(&tea).await;
    let mut flooding = ada.listens().await;
    // Each waits for the last one's answer, so that now and then one is within the limit.
    let mut answered = 0;
    let code = loop {
        flooding.sends(Message::text("{}")).await;
        match flooding.hears_text_or_close().await {
            Ok(_) => answered += 1,
            Err(code) => break code,
        }
        assert!(answered < 5_000, "the flood goes on");
    };
    assert_eq!(code, close::MISBEHAVED);
    assert!(answered > 60 + 100, "a moment of zeal is forgiven: {answered}");
    ada.says(&tea, "calm").await;
    assert_eq!(calm.hears_changes().await.messages.len(), 1);
}

/// Knocks until there is room: a socket that was closed is gone a moment later.
async fn is_let_in(person: &Person, address: &str) -> Listener {
    let knocking = async {
        loop {
            match socket_from(person, address).await {
                Ok(listener) => return listener,
                Err(refused) => assert_eq!(refused.status, 429),
            }
        }
    };
    timeout(BOUND, knocking).await.expect("there is room in the end")
}

fn is_too_many(refused: &Refused) {
    assert_eq!(refused.status, 429);
    assert!(refused.text.contains("too_many_requests"), "{}", refused.text);
    let seconds = refused.response.headers()["retry-after"].to_str().unwrap().parse::<u64>();
    assert!(seconds.unwrap() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_eleventh_socket_of_one_person_waits_for_another_to_close() {
    let app = limited(&["127.0.0.1/32"]).await;
    let (ada, brian) = (app.person("ada").await, app.person("brian").await);
    let mut sockets = Vec::new();
    for number in 0..10 {
        sockets.push(socket_from(&ada, &format!("198.51.100.{number}")).await.unwrap());
    }
    is_too_many(&socket_from(&ada, "203.0.113.7").await.err().expect("one too many"));
    socket_from(&brian, "198.51.100.0").await.expect("others may");
    sockets.pop().unwrap().leaves().await;
    is_let_in(&ada, "203.0.113.7").await;
    // A line that breaks frees its seat as well.
    drop(sockets.pop());
    is_let_in(&ada, "203.0.113.7").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_two_hundred_sockets() {
    let app = limited(&["127.0.0.1/32"]).await;
    let mut sockets = Vec::new();
    for number in 0..20 {
        let person = app.person(&format!("person{number}")).await;
        for _ in 0..10 {
            sockets.push(socket_from(&person, "198.51.100.1").await.unwrap());
        }
    }
    let ada = app.person("ada").await;
    is_too_many(&socket_from(&ada, "198.51.100.1").await.err().expect("one too many"));
    socket_from(&ada, "198.51.100.2").await.expect("elsewhere is room");
    sockets.pop().unwrap().leaves().await;
    is_let_in(&ada, "198.51.100.1").await;
}
