//! The lobby: newcomers knock, and are let in one by one.

use futures_util::{FutureExt, future::join_all};
use serde_json::json;
use shared::{
    chat::Preview,
    member::{Role, Standing},
    problem::ProblemCode,
};

use crate::app::{Person, TestApp};

impl TestApp {
    /// Ada, and a chat of hers at which newcomers knock.
    async fn lobby(&self) -> (Person, String) {
        let (ada, tea) = self.tea().await;
        self.run("UPDATE chats SET approval = true").await;
        (ada, tea)
    }

    /// What a moderator decides about somebody.
    async fn decides(&self, who: &Person, standing: Standing) {
        let user_id = who.id;
        let act = self.app.act(1, move |turn| turn.place(user_id, standing, Role::Writer).boxed());
        act.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knocks_is_seen_and_sees_nothing() {
    let app = TestApp::start().await;
    let (ada, tea) = app.lobby().await;
    let eve = app.person("eve").await;
    let (mut insider, mut outside) = (ada.listens_to(&tea).await, eve.listens().await);
    eve.join(&tea).await.refused(ProblemCode::Knocking);
    outside.hears_membership(&tea, Standing::Knocking).await;
    let heard = insider.hears_changes().await;
    assert_eq!(
        (heard.head, heard.members[0].user.id, heard.members[0].standing),
        (2, eve.id, Standing::Knocking)
    );
    join_all((0..20).map(|_| async { eve.join(&tea).await.refused(ProblemCode::Knocking) })).await;
    let joined = ada.joins(&tea).await;
    assert_eq!(
        (joined.head, joined.members.len(), joined.others[0].user.id),
        (2, 1, eve.id),
        "once is enough"
    );
    let preview: Preview = eve.preview(&tea).await.is(200).read();
    assert_eq!((preview.standing, preview.approval, preview.members), (Some(Standing::Knocking), true, 1));
    eve.say(&tea, "let me in").await.refused(ProblemCode::ChatNotFound);
    eve.get(&format!("/api/chats/{tea}/messages/")).await.refused(ProblemCode::ChatNotFound);
    outside.subscribes(&tea, None, None).await;
    assert_eq!(outside.hears_refusal().await.2.code, ProblemCode::ChatNotFound);
    app.decides(&eve, Standing::In).await;
    outside.hears_membership(&tea, Standing::In).await;
    assert_eq!(insider.hears_changes().await.members[0].standing, Standing::In);
    eve.joins(&tea).await;
    eve.says(&tea, "thank you").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knocks_by_a_link_hears_of_the_chat_under_that_link() {
    let app = TestApp::start().await;
    let (ada, tea) = app.lobby().await;
    let (eve, brian) = (app.person("eve").await, app.person("brian").await);
    let link = ada.makes_link(&tea, json!({ "role": "writer" })).await.secret;
    let mut outside = eve.listens().await;
    eve.join(&link).await.refused(ProblemCode::Knocking);
    outside.hears_membership(&link, Standing::Knocking).await;
    assert_eq!(eve.preview(&link).await.is(200).read::<Preview>().uri, link);
    app.decides(&eve, Standing::Refused).await;
    outside.hears_membership(&link, Standing::Refused).await;
    let problem = eve.join(&link).await.refused(ProblemCode::NotLetIn);
    assert!(problem.retry_after.is_some_and(|wait| (590..=600).contains(&wait)), "{problem:?}");
    app.decides(&eve, Standing::Banned).await;
    outside.hears_membership(&link, Standing::Banned).await;
    let mut admitted = brian.listens().await;
    brian.join(&link).await.refused(ProblemCode::Knocking);
    admitted.hears_membership(&link, Standing::Knocking).await;
    app.decides(&brian, Standing::In).await;
    admitted.hears_membership(&link, Standing::In).await;
    assert_eq!(brian.joins(&link).await.uri, tea, "who is in knows it");
    app.decides(&brian, Standing::Removed).await;
    admitted.hears_membership(&tea, Standing::Removed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_not_let_in_knocks_again_after_ten_minutes() {
    let app = TestApp::start().await;
    let (ada, tea) = app.lobby().await;
    let eve = app.person("eve").await;
    let made = ada.makes_link(&tea, json!({ "role": "reader", "uses_max": 1 })).await;
    for address in [&tea, &made.secret, &made.secret] {
        eve.join(address).await.refused(ProblemCode::Knocking);
        app.decides(&eve, Standing::Refused).await;
        eve.join(address).await.refused(ProblemCode::NotLetIn);
        app.run("UPDATE members SET placed_at = placed_at - interval '601 seconds'").await;
    }
    assert_eq!(app.count("SELECT uses::bigint FROM links").await, 1, "one person, one use");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_knock_at_once_by_a_link_for_seven_seven_may_wait() {
    let app = TestApp::start().await;
    let (ada, tea) = app.lobby().await;
    let made = ada.makes_link(&tea, json!({ "role": "writer", "uses_max": 7 })).await;
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(app.person(&format!("person{number}")).await);
    }
    let answers = join_all(people.iter().map(|person| async { person.join(&made.secret).await })).await;
    let (knocked, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 403);
    assert_eq!((knocked.len(), refused.len()), (7, 13));
    for answer in refused {
        answer.refused(ProblemCode::LinkUsedUp);
    }
    let joined = ada.joins(&tea).await;
    assert_eq!((joined.members.len(), joined.others.len(), joined.head), (1, 7, 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_comes_in_by_themself_once_nobody_has_to_knock() {
    let app = TestApp::start().await;
    let (ada, tea) = app.lobby().await;
    let eve = app.person("eve").await;
    let made = ada.makes_link(&tea, json!({ "role": "writer", "uses_max": 1 })).await;
    eve.join(&made.secret).await.refused(ProblemCode::Knocking);
    app.run("UPDATE chats SET approval = false").await;
    let joined = eve.joins(&made.secret).await;
    assert_eq!((joined.head, joined.others.len(), joined.members.len()), (3, 0, 2));
    assert_eq!(app.count("SELECT uses::bigint FROM links").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_in_does_not_knock() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    app.run("UPDATE chats SET approval = true").await;
    brian.joins(&tea).await;
    let eve = app.person("eve").await;
    ada.add(&tea, "eve").await.is(200);
    eve.joins(&tea).await;
}
