use super::*;

fn problem(code: ProblemCode, retry_after: Option<u64>) -> Problem {
    Problem {
        kind: "about:blank".into(),
        title: String::new(),
        status: code.status(),
        detail: String::new(),
        code,
        retry_after,
        errors: Vec::new(),
    }
}

fn outbox_with(texts: &[&str]) -> (Outbox, Vec<Uuid>) {
    let mut outbox = Outbox::default();
    for text in texts {
        outbox.add(Unsent::new("tea".into(), "ada".into(), (*text).into(), 0));
    }
    let ids = outbox.unsent.iter().map(|u| u.client_id).collect();
    (outbox, ids)
}

fn take(outbox: &mut Outbox, now: i64) -> Option<String> {
    outbox.take("ada", now).map(|u| u.text)
}

#[test]
fn messages_go_out_one_at_a_time_in_the_order_written() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("one"));
    assert_eq!(take(&mut outbox, 0), None);
    outbox.stored(ids[0], 7);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("two"));
}

#[test]
fn nobody_sends_or_sees_what_another_wrote() {
    let (mut outbox, _) = outbox_with(&["one"]);
    assert!(outbox.take("brian", 0).is_none() && outbox.of("tea", "brian").next().is_none());
    assert!(outbox.take("ada", 0).is_some() && outbox.of("tea", "ada").next().is_some());
}

#[test]
fn what_was_under_way_when_the_way_broke_goes_again_under_the_same_id() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 0);
    outbox.lost();
    let again = outbox.take("ada", 0).unwrap();
    assert_eq!((again.client_id, again.text.as_str()), (ids[0], "one"));
}

#[test]
fn a_busy_server_is_given_the_time_it_asks_for() {
    let (mut outbox, ids) = outbox_with(&["one"]);
    take(&mut outbox, 1_000);
    let held = outbox.refused(ids[0], &problem(ProblemCode::TooManyRequests, Some(3)), 1_000);
    assert_eq!(held, Some(3_000));
    assert_eq!(take(&mut outbox, 3_999), None);
    assert_eq!(take(&mut outbox, 4_000).as_deref(), Some("one"));
}

#[test]
fn a_refused_message_keeps_its_text_and_lets_the_others_pass() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 0);
    assert_eq!(outbox.refused(ids[0], &problem(ProblemCode::ChatNotFound, None), 0), None);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("two"));
    outbox.stored(ids[1], 8);
    assert_eq!(take(&mut outbox, 0), None);
    outbox.retry(ids[0]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("one"));
}

#[test]
fn a_fault_that_does_not_pass_ends_as_failed() {
    let (mut outbox, ids) = outbox_with(&["one"]);
    for now in 0..i64::from(FAULTS_MAX) {
        take(&mut outbox, now * HOLD);
        outbox.refused(ids[0], &problem(ProblemCode::Internal, None), now * HOLD);
    }
    assert_eq!(outbox.unsent[0].state, State::Failed(ProblemCode::Internal));
    assert_eq!(outbox.unsent[0].text, "one");
}

#[test]
fn what_is_seen_in_the_timeline_leaves_and_the_rest_stays() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    outbox.settle("tea", 0, |id| id == ids[0]);
    let left: Vec<_> = outbox.of("tea", "ada").map(|u| u.text.as_str()).collect();
    assert_eq!(left, ["two"]);
    assert_eq!(outbox.remove(ids[1]).unwrap().text, "two");
    assert!(outbox.unsent.is_empty());
}

#[test]
fn what_the_timeline_has_passed_leaves_though_it_is_not_loaded() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    outbox.stored(ids[0], 7);
    outbox.stored(ids[1], 8);
    outbox.settle("coffee", 9, |_| false);
    outbox.settle("tea", 7, |_| false);
    let left: Vec<_> = outbox.of("tea", "ada").map(|u| u.text.as_str()).collect();
    assert_eq!(left, ["two"]);
}
