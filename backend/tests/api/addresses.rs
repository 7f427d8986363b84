//! A chat's addresses: what each tells whoever has it, and how the page URL becomes another.

use futures_util::future::join;
use serde_json::json;
use shared::{
    chat::{Preview, Rotated},
    event::Event,
    member::{Role, Standing},
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use crate::app::{Call, Person, TestApp};

impl Person {
    pub fn preview(&self, address: &str) -> Call {
        self.get(&format!("/api/chats/{address}/"))
    }

    /// Gives the chat another page URL.
    pub async fn rotates(&self, uri: &str) -> String {
        self.post(&format!("/api/chats/{uri}/uri/")).await.is(200).read::<Rotated>().uri
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_an_address_sees_what_is_behind_it() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    app.run("UPDATE chats SET name = 'Tea', topic = 'Which one?', closed = true").await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let mut here = ada.listens_to(&tea).await;
    let link = ada.makes_link(&tea, json!({ "role": "reader" })).await.secret;
    let before = app.count("SELECT head FROM chats").await;
    let answer = app.web.get(&format!("/api/chats/{link}/")).await.is(200);
    let stranger: Preview = answer.read();
    assert_eq!(
        (stranger.uri.as_str(), stranger.role, stranger.standing),
        (link.as_str(), Role::Reader, None)
    );
    assert_eq!((stranger.name.as_str(), stranger.topic.as_str()), ("Tea", "Which one?"));
    assert_eq!(
        (stranger.members, stranger.closed, stranger.guests, stranger.approval),
        (2, true, true, false)
    );
    assert_eq!(stranger.here.iter().map(|user| user.id).collect::<Vec<_>>(), [ada.id]);
    assert!(!answer.text.contains(&tea) && !answer.text.contains("example.org"), "{answer:?}");
    let eve: Preview = app.person("eve").await.preview(&tea).await.is(200).read();
    assert_eq!((eve.uri, eve.role, eve.standing), (tea.clone(), Role::Writer, None));
    let member: Preview = brian.preview(&link).await.is(200).read();
    assert_eq!((member.uri, member.role, member.standing), (tea.clone(), Role::Writer, Some(Standing::In)));
    assert_eq!(app.count("SELECT head FROM chats").await, before);
    assert_eq!(app.count("SELECT uses::bigint FROM links").await, 0);
    here.is_heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_nothing_is_not_found_and_a_bad_token_is_refused() {
    let app = TestApp::start().await;
    let (mut ada, tea) = app.tea().await;
    for address in ["aaaaaaaaaaaaaaaaaaaaaa", "a%20b", "0a1b2c3d4e5f678"] {
        app.web.get(&format!("/api/chats/{address}/")).await.refused(ProblemCode::ChatNotFound);
        ada.preview(address).await.refused(ProblemCode::ChatNotFound);
    }
    ada.token.push('x');
    ada.preview(&tea).await.refused(ProblemCode::BadToken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_page_url_says_so_and_links_still_lead_in() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let eve = app.person("eve").await;
    app.run("UPDATE chats SET link_open = false").await;
    eve.join(&tea).await.refused(ProblemCode::LinkClosed);
    eve.preview(&tea).await.refused(ProblemCode::LinkClosed);
    ada.joins(&tea).await;
    let link = ada.makes_link(&tea, json!({ "role": "writer" })).await.secret;
    assert_eq!(eve.joins(&link).await.uri, tea);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_page_url_expels_nobody_and_the_old_one_tells_its_visitor() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.person("brian").await, app.person("eve").await);
    brian.joins(&tea).await;
    brian.says(&tea, "warm").await;
    brian.post(&format!("/api/chats/{tea}/uri/")).await.refused(ProblemCode::Forbidden);
    let new = ada.rotates(&tea).await;
    assert!(new.len() == 22 && new != tea);
    for code in
        [eve.join(&tea).await, eve.preview(&tea).await, app.web.get(&format!("/api/chats/{tea}/")).await]
    {
        code.refused(ProblemCode::LinkRevoked);
    }
    eve.joins(&new).await;
    assert_eq!(brian.says(&tea, "by the old one").await.uri, new);
    assert_eq!(brian.history(&tea, "").await.uri, new);
    assert_eq!(brian.joins(&tea).await.uri, new);
    let missed = brian.changes(&tea, 3).await;
    assert_eq!(
        (missed.uri.as_str(), missed.messages[0].event.as_ref()),
        (new.as_str(), Some(&Event::UriRotated))
    );
    let newest = ada.rotates(&tea).await;
    eve.join(&new).await.is(200);
    assert_eq!(eve.joins(&tea).await.uri, newest, "who is in gets in by any that it ever had");
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE act->>'kind' = 'uri_rotated'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_listens_hears_of_the_new_address_before_anything_that_bears_it() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let (mut insider, mut other) = (ada.listens_to(&tea).await, brian.listens_to(&tea).await);
    let new = ada.rotates(&tea).await;
    insider.hears_moved(&tea, &new).await;
    let heard = insider.hears_changes().await;
    assert_eq!(
        (heard.uri.as_str(), heard.head, heard.messages[0].event.as_ref()),
        (new.as_str(), 4, Some(&Event::UriRotated))
    );
    // Whatever was on its way under the old address still arrives, and is spoken of under the new one.
    brian.says(&tea, "by the old one").await;
    assert_eq!(insider.hears_changes().await.uri, new);
    other.hears_moved(&tea, &new).await;
    other.says(&ClientFrame::Typing { uri: tea.clone() }).await;
    assert_eq!(insider.hears().await, ServerFrame::Typing { uri: new.clone(), user: brian.id });
    other.leaves().await;
    loop {
        if let ServerFrame::Presence { uri, here, .. } = insider.hears_any().await
            && here == [ada.id]
        {
            assert_eq!(uri, new);
            break;
        }
    }
    insider.says(&ClientFrame::Unsubscribe { uri: new.clone() }).await;
    insider.posts(&new, Uuid::new_v4(), "fence").await;
    assert!(
        matches!(insider.hears().await, ServerFrame::Posted { .. }),
        "nothing of the chat is heard any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_by_an_old_address_is_told_the_new_one_first() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let epoch = ada.joins(&tea).await.epoch;
    let link = ada.makes_link(&tea, json!({ "role": "writer" })).await.secret;
    let new = ada.rotates(&tea).await;
    for old in [&tea, &link] {
        let mut listener = ada.listens().await;
        listener.subscribes(old, Some(1), Some(epoch)).await;
        listener.hears_moved(old, &new).await;
        let missed = listener.hears_changes().await;
        assert_eq!((missed.uri.as_str(), missed.after), (new.as_str(), 1));
        let id = Uuid::new_v4();
        listener.posts(old, id, "tea?").await;
        let heard = [listener.hears().await, listener.hears().await];
        assert!(
            heard
                .iter()
                .any(|frame| matches!(frame, ServerFrame::Posted { client_id, .. } if *client_id == id))
        );
        assert!(
            heard.iter().any(|frame| matches!(frame, ServerFrame::Changes(changes) if changes.uri == new))
        );
        listener.says(&ClientFrame::Unsubscribe { uri: new.clone() }).await;
        listener.posts(old, Uuid::new_v4(), "fence").await;
        assert!(matches!(listener.hears().await, ServerFrame::Posted { .. }));
    }
}

/// However posts and new addresses overtake each other, each listener sees one address give way to the next.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_of_an_address_that_they_were_not_told_of() {
    const TIMES: usize = 12;
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let mut listener = brian.listens_to(&tea).await;
    let rotating = async {
        for _ in 0..TIMES {
            ada.rotates(&tea).await;
        }
    };
    let speaking = async { brian.says_often(&tea, "tea?", 150).await };
    let listening = async {
        let (mut uri, mut head, mut moves) = (tea.clone(), 2, 0);
        while head < 2 + 150 + 2 * i64::try_from(TIMES).unwrap() {
            match listener.hears().await {
                ServerFrame::Moved { uri: from, to } => {
                    assert_eq!(from, uri);
                    (uri, moves) = (to, moves + 1);
                }
                ServerFrame::Changes(changes) => {
                    assert_eq!(changes.uri, uri);
                    assert!(changes.after <= head, "nothing is missing");
                    head = changes.head;
                }
                other => panic!("{other:?}"),
            }
        }
        (uri, moves)
    };
    let ((uri, moves), _) = join(listening, join(rotating, speaking)).await;
    assert_eq!((uri, moves), (ada.joins(&tea).await.uri, TIMES));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_goes_on_under_the_new_address() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut stream = ada.follows(&tea).await;
    let new = ada.rotates(&tea).await;
    assert_eq!(stream.hears_changes().await.1.uri, new);
    ada.says(&tea, "tea?").await;
    let (_, heard) = stream.hears_changes().await;
    assert_eq!((heard.uri.as_str(), heard.messages[0].message.as_str()), (new.as_str(), "tea?"));
}
