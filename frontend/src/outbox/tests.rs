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

const ADA: i64 = 1;
const BRIAN: i64 = 2;

fn outbox_with(texts: &[&str]) -> (Outbox, Vec<Uuid>) {
    let mut outbox = Outbox::default();
    let add = |text: &&str| outbox.add(ADA, "tea".into(), (*text).into(), 0).client_id;
    let ids = texts.iter().map(add).collect();
    (outbox, ids)
}

fn take(outbox: &mut Outbox, now: i64) -> Option<String> {
    outbox.take(ADA, 2, now).map(|u| u.text)
}

fn shown(outbox: &Outbox) -> Vec<&str> {
    outbox.of("tea", ADA).map(|u| u.text.as_str()).collect()
}

#[test]
fn messages_go_out_in_the_order_written_a_few_at_once() {
    let (mut outbox, ids) = outbox_with(&["one", "two", "three"]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("one"));
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("two"));
    assert_eq!(take(&mut outbox, 0), None);
    outbox.stored(ids[0], 7);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("three"));
}

#[test]
fn after_many_in_a_row_one_waits_for_the_other() {
    let texts = [""; SWIFT + 2];
    let (mut outbox, ids) = outbox_with(&texts);
    for (nth, id) in ids.iter().take(SWIFT).enumerate() {
        assert!(take(&mut outbox, 0).is_some(), "{nth}");
        outbox.stored(*id, 7);
    }
    assert!(take(&mut outbox, 0).is_some() && take(&mut outbox, 0).is_none());
}

#[test]
fn nobody_sends_or_sees_what_another_wrote() {
    let (mut outbox, _) = outbox_with(&["one"]);
    assert!(outbox.take(BRIAN, 2, 0).is_none() && outbox.of("tea", BRIAN).next().is_none());
    assert!(!outbox.waits(BRIAN) && outbox.waits(ADA));
    assert!(outbox.take(ADA, 2, 0).is_some() && outbox.of("tea", ADA).next().is_some());
}

#[test]
fn what_was_under_way_when_the_way_broke_goes_again_under_the_same_id() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 0);
    take(&mut outbox, 0);
    outbox.lost();
    for id in ids {
        assert_eq!(outbox.take(ADA, 2, 0).map(|u| u.client_id), Some(id));
    }
}

#[test]
fn a_busy_server_is_given_the_time_it_asks_for() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 1_000);
    let held = outbox.refused(ids[0], &problem(ProblemCode::TooManyRequests, Some(3)), 1_000);
    assert_eq!(held, Some(3_000));
    assert_eq!(take(&mut outbox, 3_999), None);
    assert_eq!(take(&mut outbox, 4_000).as_deref(), Some("one"));
    assert_eq!(take(&mut outbox, 4_000), None, "nothing overtakes what may be turned away again");
}

#[test]
fn a_refused_message_keeps_its_text_lets_the_others_pass_and_stands_behind_them() {
    let (mut outbox, ids) = outbox_with(&["one", "two", "three"]);
    take(&mut outbox, 0);
    assert_eq!(outbox.refused(ids[0], &problem(ProblemCode::ChatNotFound, None), 0), None);
    assert_eq!(shown(&outbox), ["two", "three", "one"]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("two"));
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("three"));
    assert_eq!(take(&mut outbox, 0), None);
}

#[test]
fn what_is_tried_anew_goes_behind_what_was_written_since() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 0);
    outbox.refused(ids[0], &problem(ProblemCode::Forbidden, None), 0);
    let (before, after) = outbox.retry(ids[0], 0).unwrap();
    assert!(before.client_id == after.client_id && before.at < after.at);
    assert_eq!(shown(&outbox), ["two", "one"]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("two"));
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
fn what_another_page_left_behind_is_taken_up_once_and_in_its_place() {
    let (mut left, _) = outbox_with(&["one", "two"]);
    let (mut outbox, mut left) = (Outbox::default(), std::mem::take(&mut left.unsent));
    outbox.add(ADA, "tea".into(), "three".into(), 9);
    left.reverse();
    for unsent in left {
        assert!(outbox.take_up(unsent.clone()) && !outbox.take_up(unsent));
    }
    assert_eq!(shown(&outbox), ["one", "two", "three"]);
}

#[test]
fn what_is_not_kept_would_be_lost_with_the_page_until_it_is_stored() {
    let (mut outbox, ids) = outbox_with(&["one", "two", "three"]);
    outbox.kept(ids[0]);
    outbox.stored(ids[1], 7);
    let unkept: Vec<_> = outbox.unkept().into_iter().map(|u| u.text).collect();
    assert_eq!(unkept, ["three"]);
}

#[test]
fn what_is_seen_in_the_timeline_leaves_and_the_rest_stays() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    let early = outbox.settle("tea", 0, |id| id == ids[0]);
    assert_eq!(early[0].text, "one");
    assert_eq!(shown(&outbox), ["two"]);
    assert_eq!(outbox.remove(ids[1]).unwrap().text, "two");
    assert!(outbox.unsent.is_empty());
}

#[test]
fn what_the_timeline_has_passed_leaves_though_it_is_not_loaded() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    outbox.stored(ids[0], 7);
    outbox.stored(ids[1], 8);
    outbox.settle("coffee", 9, |_| false);
    assert!(outbox.settle("tea", 7, |_| false).is_empty());
    assert_eq!(shown(&outbox), ["two"]);
}

#[test]
fn a_slow_chat_holds_back_its_own_messages_and_nobody_elses() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    let other = outbox.add(ADA, "cake".into(), "three".into(), 0).client_id;
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("one"));
    let held = outbox.refused(ids[0], &problem(ProblemCode::SlowMode, Some(30)), 0);
    assert_eq!(held, Some(30_000));
    assert_eq!(take(&mut outbox, 1_000).as_deref(), Some("three"));
    outbox.stored(other, 1);
    assert_eq!(take(&mut outbox, 1_000), None);
    assert_eq!(outbox.held_in("tea", ADA), Some(29_999));
    assert_eq!((outbox.held_in("cake", ADA), outbox.held_in("tea", BRIAN)), (None, None));
    assert_eq!(take(&mut outbox, 30_000).as_deref(), Some("one"));
    assert_eq!(take(&mut outbox, 30_000), None, "one at a time, or the second could overtake the first");
    outbox.stored(ids[0], 7);
    assert_eq!(take(&mut outbox, 30_000).as_deref(), Some("two"));
}

#[test]
fn what_waits_follows_its_chat_to_another_address() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 0);
    outbox.refused(ids[0], &problem(ProblemCode::SlowMode, Some(30)), 0);
    let moved = outbox.move_to("tea", "chai");
    assert_eq!(moved.len(), 2);
    assert!(moved.iter().all(|(before, after)| before.uri == "tea" && after.uri == "chai"));
    assert!(shown(&outbox).is_empty() && outbox.held_in("chai", ADA) == Some(29_999));
}
