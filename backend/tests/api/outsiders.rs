//! Whoever is not in a chat learns nothing of it, not even that there is one.

use std::collections::BTreeSet;

use shared::{member::Standing, problem::ProblemCode, socket::ServerFrame};
use uuid::Uuid;

use crate::app::{Answer, TestApp};

const NOWHERE: &str = "aaaaaaaaaaaaaaaaaaaaaa";

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_of_others_is_answered_just_as_one_that_does_not_exist() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let eve = app.person("eve").await;
    ada.says(&tea, "secret").await;
    let epoch = format!("changes/?epoch={}", Uuid::new_v4());
    for path in ["messages/", "messages/?before=2", "changes/", "changes/?after=99", &epoch] {
        let at = |uri: &str| eve.get(&format!("/api/chats/{uri}/{path}"));
        let (theirs, nowhere) = (at(&tea).await, at(NOWHERE).await);
        assert_eq!(theirs.text, nowhere.text, "{path}");
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(names(&theirs), names(&nowhere), "{path}");
        theirs.refused(ProblemCode::ChatNotFound);
    }
    let (theirs, nowhere) = (eve.say(&tea, "tea?").await, eve.say(NOWHERE, "tea?").await);
    assert_eq!(theirs.text, nowhere.text);
    theirs.refused(ProblemCode::ChatNotFound);
    assert_eq!(ada.history(&tea, "").await.messages.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_answers_outsiders_just_as_for_a_chat_that_does_not_exist() {
    let app = TestApp::start().await;
    let (_ada, tea) = app.tea().await;
    let mut eve = app.person("eve").await.listens().await;
    for (uri, after) in
        [(tea.as_str(), None), (&tea, Some(0)), (&tea, Some(99)), (NOWHERE, None), ("a b", None), ("", None)]
    {
        eve.subscribes(uri, after, None).await;
        let (client_id, of, problem) = eve.hears_refusal().await;
        assert_eq!((client_id, of.as_deref(), problem.code), (None, Some(uri), ProblemCode::ChatNotFound));
    }
    let id = Uuid::new_v4();
    let mut problems = Vec::new();
    for uri in [tea.as_str(), NOWHERE] {
        eve.posts(uri, id, "tea?").await;
        let (client_id, of, problem) = eve.hears_refusal().await;
        assert_eq!(
            (client_id, of.as_deref(), problem.code),
            (Some(id), Some(uri), ProblemCode::ChatNotFound)
        );
        problems.push(problem);
    }
    assert_eq!(problems[0], problems[1]);
    assert_eq!(app.count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outsider_hears_nothing() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let eve = app.person("eve").await;
    let coffee = eve.starts().await;
    ada.joins(&coffee).await;
    let mut insider = ada.listens_to(&tea).await;
    let mut outsider = eve.listens_to(&coffee).await;
    outsider.subscribes(&tea, None, None).await;
    outsider.hears_refusal().await;
    ada.says(&tea, "secret").await;
    assert_eq!(insider.hears_changes().await.messages[0].message, "secret");
    // News comes in order: if the secret were on its way, it would come first.
    ada.says(&coffee, "public").await;
    let heard = outsider.hears_text().await;
    assert!(heard.contains("public") && !heard.contains("secret"), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_hears_from_then_on_and_can_read_what_was_before() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let eve = app.person("eve").await;
    ada.says(&tea, "before").await;
    let mut insider = ada.listens_to(&tea).await;
    let mut newcomer = eve.listens().await;
    newcomer.subscribes(&tea, None, None).await;
    newcomer.hears_refusal().await;
    eve.joins(&tea).await;
    assert_eq!(insider.hears_changes().await.members[0].user.username, "eve");
    newcomer.hears_membership(&tea, Standing::In).await;
    newcomer.subscribes(&tea, None, None).await;
    assert_eq!(newcomer.hears_changes().await.head, 3);
    ada.says(&tea, "after").await;
    assert_eq!(newcomer.hears_changes().await.messages[0].message, "after");
    let texts: Vec<_> = eve.history(&tea, "").await.messages.into_iter().map(|m| m.message).collect();
    assert_eq!(texts, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_unsubscribes_hears_no_more() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    let mut listener = ada.listens_to(&tea).await;
    listener.subscribes(&coffee, None, None).await;
    listener.hears_changes().await;
    ada.says(&tea, "first").await;
    assert_eq!(listener.hears_changes().await.messages[0].message, "first");
    listener.says(&shared::socket::ClientFrame::Unsubscribe { uri: tea.clone() }).await;
    // Answered in order, so that the unsubscription is done.
    listener.posts(&coffee, Uuid::new_v4(), "fence").await;
    let (one, other) = (listener.hears().await, listener.hears().await);
    assert!(
        [&one, &other].iter().any(|frame| matches!(frame, ServerFrame::Posted { .. })),
        "{one:?} {other:?}"
    );
    ada.says(&tea, "second").await;
    ada.says(&coffee, "third").await;
    let heard = listener.hears_changes().await;
    assert_eq!((heard.uri.as_str(), heard.messages[0].message.as_str()), (coffee.as_str(), "third"));
}
