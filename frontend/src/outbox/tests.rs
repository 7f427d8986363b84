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

const ADA: UserId = UserId::new(1);
const BRIAN: UserId = UserId::new(2);
const TEA: ChatId = ChatId::new(3);
const CAKE: ChatId = ChatId::new(4);

fn content(text: &str) -> MessageContent {
    MessageContent { text: text.to_owned(), ..MessageContent::default() }
}

fn outbox_with(texts: &[&str]) -> (Outbox, Vec<Uuid>) {
    let mut outbox = Outbox::default();
    let add = |text: &&str| outbox.enqueue(ADA, TEA, "tea".into(), content(text), 0).client_id;
    let ids = texts.iter().map(add).collect();
    (outbox, ids)
}

fn take(outbox: &mut Outbox, now: i64) -> Option<String> {
    outbox.take_next(ADA, 2, now).map(|m| m.text)
}

fn shown(outbox: &Outbox) -> Vec<&str> {
    outbox.list_for_chat(TEA, ADA).map(|m| m.text.as_str()).collect()
}

#[test]
fn messages_are_sent_in_order_within_limit() {
    let (mut outbox, ids) = outbox_with(&["one", "two", "three"]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("one"));
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("two"));
    assert_eq!(take(&mut outbox, 0), None);
    outbox.mark_stored(ids[0], Seq::new(7));
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("three"));
}

#[test]
fn burst_of_messages_ends_in_one_at_a_time() {
    let texts = [""; BURST_MAX + 2];
    let (mut outbox, ids) = outbox_with(&texts);
    for (nth, id) in ids.iter().take(BURST_MAX).enumerate() {
        assert!(take(&mut outbox, 0).is_some(), "{nth}");
        outbox.mark_stored(*id, Seq::new(7));
    }
    assert!(take(&mut outbox, 0).is_some() && take(&mut outbox, 0).is_none());
}

#[test]
fn message_of_another_user_is_hidden_and_unsent() {
    let (mut outbox, _) = outbox_with(&["one"]);
    assert!(outbox.take_next(BRIAN, 2, 0).is_none() && outbox.list_for_chat(TEA, BRIAN).next().is_none());
    assert!(!outbox.has_waiting(BRIAN) && outbox.has_waiting(ADA));
    assert!(outbox.take_next(ADA, 2, 0).is_some() && outbox.list_for_chat(TEA, ADA).next().is_some());
}

#[test]
fn message_in_flight_on_close_is_sent_again() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 0);
    take(&mut outbox, 0);
    outbox.requeue_in_flight();
    for id in ids {
        assert_eq!(outbox.take_next(ADA, 2, 0).map(|m| m.client_id), Some(id));
    }
}

#[test]
fn busy_server_pauses_outbox_for_retry_after() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 1_000);
    let pause = outbox.reject(ids[0], &problem(ProblemCode::TooManyRequests, Some(3)), 1_000);
    assert_eq!(pause, Some(3_000));
    assert_eq!(take(&mut outbox, 3_999), None);
    assert_eq!(take(&mut outbox, 4_000).as_deref(), Some("one"));
    assert_eq!(take(&mut outbox, 4_000), None, "nothing overtakes what may be turned away again");
}

#[test]
fn rejected_message_stays_behind_the_others() {
    let (mut outbox, ids) = outbox_with(&["one", "two", "three"]);
    take(&mut outbox, 0);
    assert_eq!(outbox.reject(ids[0], &problem(ProblemCode::ChatNotFound, None), 0), None);
    assert_eq!(shown(&outbox), ["two", "three", "one"]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("two"));
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("three"));
    assert_eq!(take(&mut outbox, 0), None);
}

#[test]
fn retried_message_goes_behind_newer_ones() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    take(&mut outbox, 0);
    outbox.reject(ids[0], &problem(ProblemCode::Forbidden, None), 0);
    let Rekeyed { before, after } = outbox.retry(ids[0], 0).unwrap();
    assert!(before.client_id == after.client_id && before.queued_at < after.queued_at);
    assert_eq!(shown(&outbox), ["two", "one"]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("two"));
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("one"));
}

#[test]
fn message_with_repeated_server_errors_fails() {
    let (mut outbox, ids) = outbox_with(&["one"]);
    for now in 0..i64::from(SERVER_ERRORS_MAX) {
        take(&mut outbox, now * DEFAULT_PAUSE);
        outbox.reject(ids[0], &problem(ProblemCode::Internal, None), now * DEFAULT_PAUSE);
    }
    assert_eq!(outbox.messages[0].state, PendingState::Failed(ProblemCode::Internal));
    assert_eq!(outbox.messages[0].text, "one");
}

#[test]
fn persisted_message_is_restored_once_in_order() {
    let (mut left, _) = outbox_with(&["one", "two"]);
    let (mut outbox, mut left) = (Outbox::default(), std::mem::take(&mut left.messages));
    outbox.enqueue(ADA, TEA, "tea".into(), content("three"), 9);
    left.reverse();
    for message in left {
        assert!(outbox.restore(message.clone()) && !outbox.restore(message));
    }
    assert_eq!(shown(&outbox), ["one", "two", "three"]);
}

/// The messages as another tab finds them in the browser's database.
fn rows_of(outbox: &Outbox) -> Vec<PendingMessage> {
    outbox.messages.iter().map(|m| PendingMessage { is_persisted: true, ..m.clone() }).collect()
}

#[test]
fn changes_of_another_tab_are_taken_over() {
    let (mut other, ids) = outbox_with(&["sent", "retried", "waiting"]);
    let mut outbox = Outbox::default();
    assert!(outbox.reconcile(ADA, rows_of(&other)) && !outbox.reconcile(ADA, rows_of(&other)));
    other.remove(ids[0]);
    other.retry(ids[1], 0);
    assert!(outbox.reconcile(ADA, rows_of(&other)));
    assert_eq!(shown(&outbox), ["waiting", "retried"]);
    assert!(outbox.reconcile(ADA, Vec::new()) && outbox.messages.is_empty());
}

#[test]
fn message_not_in_database_yet_stays() {
    let (mut outbox, ids) = outbox_with(&["in flight", "unwritten"]);
    outbox.mark_persisted(ids[0]);
    take(&mut outbox, 0);
    assert!(!outbox.reconcile(ADA, Vec::new()) && !outbox.reconcile(BRIAN, Vec::new()));
    assert_eq!(shown(&outbox), ["in flight", "unwritten"]);
    outbox.reject(ids[0], &problem(ProblemCode::Forbidden, None), 0);
    assert!(!outbox.reconcile(ADA, Vec::new()), "its failure is being written");
}

#[test]
fn message_is_unpersisted_until_written_or_stored() {
    let (mut outbox, ids) = outbox_with(&["one", "two", "three"]);
    outbox.mark_persisted(ids[0]);
    outbox.mark_stored(ids[1], Seq::new(7));
    let unpersisted: Vec<_> = outbox.list_unpersisted().into_iter().map(|m| m.text).collect();
    assert_eq!(unpersisted, ["three"]);
}

#[test]
fn message_in_timeline_leaves_outbox() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    let unacknowledged = outbox.acknowledge(TEA, Head::new(0), |id| id == ids[0]);
    assert_eq!(unacknowledged[0].text, "one");
    assert_eq!(shown(&outbox), ["two"]);
    assert_eq!(outbox.remove(ids[1]).unwrap().text, "two");
    assert!(outbox.messages.is_empty());
}

#[test]
fn stored_message_leaves_when_head_passes_it() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    outbox.mark_stored(ids[0], Seq::new(7));
    outbox.mark_stored(ids[1], Seq::new(8));
    outbox.acknowledge(CAKE, Head::new(9), |_| false);
    assert!(outbox.acknowledge(TEA, Head::new(7), |_| false).is_empty());
    assert_eq!(shown(&outbox), ["two"]);
}

#[test]
fn end_of_slow_mode_releases_messages() {
    let (mut outbox, ids) = outbox_with(&["one"]);
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("one"));
    outbox.reject(ids[0], &problem(ProblemCode::SlowMode, Some(30)), 0);
    assert_eq!(take(&mut outbox, 1_000), None);
    assert!(outbox.end_slow_mode(TEA));
    assert_eq!(take(&mut outbox, 1_000).as_deref(), Some("one"));
    assert!(!outbox.end_slow_mode(TEA));
}

#[test]
fn slow_mode_pauses_only_its_own_chat() {
    let (mut outbox, ids) = outbox_with(&["one", "two"]);
    let other = outbox.enqueue(ADA, CAKE, "cake".into(), content("three"), 0).client_id;
    assert_eq!(take(&mut outbox, 0).as_deref(), Some("one"));
    let pause = outbox.reject(ids[0], &problem(ProblemCode::SlowMode, Some(30)), 0);
    assert_eq!(pause, Some(30_000));
    assert_eq!(take(&mut outbox, 1_000).as_deref(), Some("three"));
    outbox.mark_stored(other, Seq::new(1));
    assert_eq!(take(&mut outbox, 1_000), None);
    assert_eq!(outbox.slow_mode_until(TEA, ADA), Some(29_999));
    assert_eq!((outbox.slow_mode_until(CAKE, ADA), outbox.slow_mode_until(TEA, BRIAN)), (None, None));
    assert_eq!(take(&mut outbox, 30_000).as_deref(), Some("one"));
    assert_eq!(take(&mut outbox, 30_000), None, "one at a time, or the second could overtake the first");
    outbox.mark_stored(ids[0], Seq::new(7));
    assert_eq!(take(&mut outbox, 30_000).as_deref(), Some("two"));
}

const PLAN: Uuid = Uuid::from_u128(1);
const PHOTO: Uuid = Uuid::from_u128(2);

/// A message with two files, between two without.
fn outbox_with_files() -> (Outbox, Uuid) {
    let (mut outbox, _) = outbox_with(&["before"]);
    let with_files = MessageContent { files: vec![PLAN, PHOTO], ..content("files") };
    let client_id = outbox.enqueue(ADA, TEA, "tea".into(), with_files, 0).client_id;
    outbox.enqueue(ADA, TEA, "tea".into(), content("after"), 0);
    (outbox, client_id)
}

#[test]
fn message_is_sent_after_its_files_are_uploaded() {
    let (mut outbox, client_id) = outbox_with_files();
    assert!(outbox.has_uploading(ADA) && !outbox.has_uploading(BRIAN));
    assert_eq!(outbox.next_upload(ADA).map(|m| m.client_id), Some(client_id));
    assert!(outbox.next_upload(BRIAN).is_none());
    let before_upload = [take(&mut outbox, 0), take(&mut outbox, 0)];
    assert_eq!(before_upload, [Some("before".into()), Some("after".into())], "others are not blocked");
    let message = outbox.finish_upload(client_id).unwrap();
    assert!(message.state == PendingState::Waiting && message.files == [PLAN, PHOTO]);
    assert!(!outbox.has_uploading(ADA) && outbox.finish_upload(client_id).is_none());
    assert_eq!(outbox.take_next(ADA, 3, 0).map(|m| m.files), Some(vec![PLAN, PHOTO]));
}

#[test]
fn lost_files_are_uploaded_again_once() {
    let (mut outbox, client_id) = outbox_with_files();
    for expected in [PendingState::Uploading, PendingState::Failed(ProblemCode::FileNotFound)] {
        outbox.finish_upload(client_id);
        while outbox.take_next(ADA, 3, 0).is_some() {}
        assert_eq!(outbox.reject(client_id, &problem(ProblemCode::FileNotFound, None), 0), None);
        assert_eq!(outbox.find(client_id).unwrap().state, expected);
    }
    let after = outbox.retry(client_id, 0).unwrap().after;
    assert!(after.state == PendingState::Uploading && !after.is_uploaded_again);
}

#[test]
fn failed_upload_keeps_text_and_files() {
    let (mut outbox, client_id) = outbox_with_files();
    outbox.fail_upload(client_id, ProblemCode::StorageLimitReached);
    let failed = outbox.find(client_id).unwrap();
    assert_eq!(failed.state, PendingState::Failed(ProblemCode::StorageLimitReached));
    assert_eq!(failed.content(), MessageContent { files: vec![PLAN, PHOTO], ..content("files") });
    assert_eq!(outbox.list_files(), [PLAN, PHOTO]);
    outbox.remove(client_id);
    assert!(outbox.list_files().is_empty());
}

#[test]
fn ids_of_files_are_stored_as_text() {
    for ids in [vec![], vec![PLAN], vec![PLAN, PHOTO]] {
        assert_eq!(parse_ids(&join_ids(&ids)), ids);
    }
    assert!(parse_ids("no id").is_empty());
}
