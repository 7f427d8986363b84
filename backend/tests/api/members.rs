//! What is done to members: roles, hand-overs, and leaving.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    event::{Event, Person as Who},
    member::{Member, Role, Standing},
    problem::{FieldCode, ProblemCode},
};

use crate::{
    app::{Person, TestApp},
    keeping::events,
};

fn who(person: &Person) -> Who {
    Who { id: person.id, name: person.name.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_gives_roles_and_they_count_at_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    brian.says(&tea, "warm").await;
    let mut listener = brian.listens_to(&tea).await;
    for role in [Role::Reader, Role::Moderator, Role::Writer] {
        let member: Member = ada.give_role(&tea, &brian, role).await.is(200).read();
        assert_eq!((member.user.id, member.role, member.standing), (brian.id, role, Standing::In));
        assert_eq!(listener.hears_standing().await, Standing::In);
        let heard = listener.hears_changes().await;
        assert_eq!(heard.members, [member]);
        assert_eq!(events(&heard), [(ada.id, Event::Role { who: who(&brian), role })]);
        assert_eq!(heard.head - heard.after, 2, "the member and the line");
        let said = brian.say(&tea, "may I?").await;
        if role == Role::Reader {
            said.refused(ProblemCode::Forbidden);
        } else {
            said.is(200);
            listener.hears_changes().await;
        }
        let audit = brian.get(&format!("/api/chats/{tea}/audit/")).await;
        assert_eq!(audit.status == 200, role == Role::Moderator);
    }
    assert_eq!(ada.audit(&tea).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_cannot_be_given_are_refused() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.joiner("brian", &tea).await, app.joiner("eve", &tea).await);
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    brian.give_role(&tea, &eve, Role::Reader).await.refused(ProblemCode::Forbidden);
    eve.give_role(&tea, &brian, Role::Reader).await.refused(ProblemCode::Forbidden);
    ada.give_role(&tea, &ada, Role::Writer).await.refused(ProblemCode::Forbidden);
    ada.give_role(&tea, &brian, Role::Moderator).await.refused(ProblemCode::Conflict);
    ada.give_role(&tea, &app.person("fay").await, Role::Writer).await.refused(ProblemCode::NotFound);
    let wrong = [
        (json!({ "role": "owner" }), "role", FieldCode::NotOneOf),
        (json!({ "role": "queen" }), "role", FieldCode::NotOneOf),
        (json!({ "standing": "knocking" }), "standing", FieldCode::NotOneOf),
        (json!({ "role": "writer", "standing": "removed" }), "role", FieldCode::NotOneOf),
        (json!({}), "standing", FieldCode::Required),
    ];
    for (change, field, code) in wrong {
        let problem = ada.change_member(&tea, &brian, &change).await.refused(ProblemCode::Invalid);
        assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), (field, code));
    }
    let nobody = ada.call(&Method::PUT, &format!("/api/chats/{tea}/members/brian/"));
    nobody.json(&json!({ "role": "writer" })).await.refused(ProblemCode::NotFound);
    assert_eq!(ada.audit(&tea).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_handed_over_whole() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let mut listener = app.joiner("eve", &tea).await.listens_to(&tea).await;
    ada.give_role(&tea, &brian, Role::Reader).await.is(200);
    listener.hears_changes().await;
    let owner: Member = ada.hand_over(&tea, &brian).await.is(200).read();
    assert_eq!((owner.user.id, owner.role), (brian.id, Role::Owner));
    let heard = listener.hears_changes().await;
    let roles: Vec<_> = heard.members.iter().map(|member| (member.user.id, member.role)).collect();
    assert_eq!(roles, [(ada.id, Role::Moderator), (brian.id, Role::Owner)]);
    assert_eq!(events(&heard), [(ada.id, Event::HandedOver { who: who(&brian) })]);
    ada.set(&tea, &json!({ "closed": true })).await.refused(ProblemCode::Forbidden);
    ada.hand_over(&tea, &brian).await.refused(ProblemCode::Forbidden);
    brian.set(&tea, &json!({ "closed": true })).await.is(200);
    brian.hand_over(&tea, &brian).await.refused(ProblemCode::Conflict);
    brian.hand_over(&tea, &app.person("fay").await).await.refused(ProblemCode::NotFound);
    ada.leave(&tea).await.is(204);
    brian.hand_over(&tea, &ada).await.refused(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_hand_overs_at_once_one_counts() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut heirs = Vec::new();
    for number in 0..20 {
        heirs.push(app.joiner(&format!("heir{number}"), &tea).await);
    }
    let answers = join_all(heirs.iter().map(|heir| async { ada.hand_over(&tea, heir).await.status })).await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 403).count(), 19, "{answers:?}");
    assert_eq!(app.count("SELECT count(*) FROM members WHERE role = 'owner'").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM members WHERE role = 'moderator'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_is_out_and_the_owner_stays() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let (mut of_brian, mut of_ada) = (brian.listens_to(&tea).await, ada.listens_to(&tea).await);
    brian.leave(&tea).await.is(204);
    assert_eq!(of_brian.hears_standing().await, Standing::Left);
    let heard = of_ada.hears_changes().await;
    assert_eq!(heard.members[0].standing, Standing::Left);
    assert_eq!(events(&heard), [(brian.id, Event::Left)]);
    ada.says(&tea, "gone?").await;
    of_ada.hears_changes().await;
    of_brian.is_heard().await;
    brian.say(&tea, "not quite").await.refused(ProblemCode::ChatNotFound);
    brian.leave(&tea).await.refused(ProblemCode::ChatNotFound);
    app.person("eve").await.leave(&tea).await.refused(ProblemCode::ChatNotFound);
    ada.leave(&tea).await.refused(ProblemCode::OwnerStays);
    for nowhere in ["a%00b", "aaaaaaaaaaaaaaaaaaaaaa", "%C3%A9"] {
        ada.leave(nowhere).await.refused(ProblemCode::ChatNotFound);
    }
    assert_eq!(ada.joins(&tea).await.members.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knock_is_taken_back_without_a_line() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.knocker("brian", &tea).await;
    let mut listener = ada.listens_to(&tea).await;
    brian.leave(&tea).await.is(204);
    let heard = listener.hears_changes().await;
    assert_eq!((heard.members[0].standing, heard.messages.len()), (Standing::Left, 0));
    assert!(ada.audit(&tea).await.is_empty());
    ada.put_out(&tea, &brian, Standing::In).await.refused(ProblemCode::Conflict);
}
