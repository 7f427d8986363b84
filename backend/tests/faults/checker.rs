//! Compares what writers sent, what readers received and what is stored.

use shared::id::{Head, Seq, UserId};
use std::collections::{HashMap, HashSet};

use crate::report::{Report, Row, WriterLog};

/// Returns the first inconsistency.
pub fn check(report: &Report) -> Result<(), String> {
    let Report { writers, readers, history, stored, .. } = report;
    check_no_gap(report)?;
    check_no_duplicate(stored)?;
    for log in writers {
        check_acknowledged(log, stored)?;
    }
    check_all_sent(writers, stored)?;
    for (number, view) in readers.iter().enumerate() {
        compare(&view.arrived, stored).map_err(|what| format!("reader {number} received: {what}"))?;
        compare(&view.shown, stored).map_err(|what| format!("reader {number} shows: {what}"))?;
    }
    compare(history, stored).map_err(|what| format!("a new client reads: {what}"))
}

fn check_no_gap(Report { stored, joined, head, .. }: &Report) -> Result<(), String> {
    let mut seqs: Vec<_> = stored.iter().map(|row| row.seq).chain(joined.iter().copied()).collect();
    seqs.sort_unstable();
    if seqs.iter().copied().map(Seq::get).eq(1..=head.get()) {
        return Ok(());
    }
    let first = seqs.iter().zip(1..).find(|(seq, expected)| seq.get() != *expected);
    Err(format!("{} numbers up to the head {head}; the first wrong one is {first:?}", seqs.len()))
}

fn check_no_duplicate(stored: &[Row]) -> Result<(), String> {
    let mut seen = HashSet::new();
    match stored.iter().find(|row| !seen.insert((row.author, row.client_id))) {
        Some(row) => Err(format!("stored twice: {row:?}")),
        None => Ok(()),
    }
}

fn check_acknowledged(log: &WriterLog, stored: &[Row]) -> Result<(), String> {
    let own = stored.iter().filter(|row| row.author == log.author);
    let rows: HashMap<_, _> = own.map(|row| (row.client_id, row)).collect();
    let mut last = Seq::new(0);
    for sent in &log.sent {
        let seq = sent.seq.ok_or_else(|| format!("never acknowledged: {sent:?}"))?;
        let row = rows.get(&sent.client_id).ok_or_else(|| format!("acknowledged and lost: {sent:?}"))?;
        if (row.seq, &row.text) != (seq, &sent.text) {
            return Err(format!("acknowledged otherwise than stored: {sent:?}, {row:?}"));
        }
        if log.one_by_one && seq <= last {
            return Err(format!("sent later and stored earlier: {sent:?}"));
        }
        last = seq;
    }
    Ok(())
}

fn check_all_sent(writers: &[WriterLog], stored: &[Row]) -> Result<(), String> {
    let sent: HashSet<_> =
        writers.iter().flat_map(|log| log.sent.iter().map(|sent| (log.author, sent.client_id))).collect();
    match stored.iter().find(|row| !sent.contains(&(row.author, row.client_id))) {
        Some(row) => Err(format!("stored but never sent: {row:?}")),
        None => Ok(()),
    }
}

fn compare(seen: &[Row], stored: &[Row]) -> Result<(), String> {
    if seen == stored {
        return Ok(());
    }
    let first = seen.iter().zip(stored).find(|(seen, stored)| seen != stored);
    Err(format!("{} of {} messages; the first that differs: {first:?}", seen.len(), stored.len()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::report::{ReaderView, SentMessage};

    /// Ada (1) joined first and Brian (2) second; each sent two messages, and two readers received all.
    fn consistent_report() -> Report {
        let stored: Vec<_> = [(3, 1), (4, 2), (5, 2), (6, 1)]
            .map(|(seq, author)| Row {
                seq: Seq::new(seq),
                author: UserId::new(author),
                client_id: Uuid::from_u128(seq.unsigned_abs().into()),
                text: format!("message {seq}"),
            })
            .into();
        let log = |author| {
            let author = UserId::new(author);
            let sent = stored.iter().filter(|row| row.author == author).map(|row| SentMessage {
                client_id: row.client_id,
                text: row.text.clone(),
                seq: Some(row.seq),
                tries: 1,
            });
            WriterLog { author, sent: sent.collect(), one_by_one: true }
        };
        let view = ReaderView { arrived: stored.clone(), shown: stored.clone(), connections: 1 };
        let (writers, readers) = (vec![log(1), log(2)], vec![view.clone(), view]);
        let (joined, head) = (vec![Seq::new(1), Seq::new(2)], Head::new(6));
        Report { writers, readers, history: stored.clone(), stored, joined, head }
    }

    #[track_caller]
    fn assert_found(corrupt: impl FnOnce(&mut Report), expected: &str) {
        let mut report = consistent_report();
        assert_eq!(check(&report), Ok(()));
        corrupt(&mut report);
        let found = check(&report).expect_err(expected);
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn checker_finds_lost_message() {
        assert_found(|report| report.stored[3].client_id = Uuid::nil(), "acknowledged and lost");
        assert_found(|report| report.writers[0].sent[1].seq = Some(Seq::new(5)), "acknowledged otherwise");
        assert_found(|report| report.writers[0].sent[1].seq = None, "never acknowledged");
    }

    #[test]
    fn checker_finds_duplicate_message() {
        let repeat = |report: &mut Report| {
            let again = Row { seq: Seq::new(7), ..report.stored[0].clone() };
            report.stored.push(again);
            report.head = Head::new(7);
        };
        assert_found(repeat, "stored twice");
    }

    #[test]
    fn checker_finds_invented_message() {
        assert_found(|report| report.writers[1].sent.truncate(1), "never sent");
    }

    #[test]
    fn checker_finds_gap() {
        assert_found(|report| report.head = Head::new(7), "the head 7");
        assert_found(|report| report.joined.truncate(1), "the first wrong one");
    }

    #[test]
    fn checker_finds_wrong_reader_view() {
        assert_found(|report| report.readers[1].arrived.truncate(3), "reader 1 received");
        assert_found(|report| report.readers[1].arrived.push(report.stored[3].clone()), "reader 1 received");
        assert_found(|report| report.readers[0].arrived.swap(0, 1), "reader 0 received");
        assert_found(|report| report.readers[0].shown.truncate(3), "reader 0 shows");
        assert_found(|report| report.history[0].text.push('!'), "a new client reads");
    }

    #[test]
    fn checker_finds_reordered_writer() {
        assert_found(|report| report.writers[0].sent.swap(0, 1), "sent later and stored earlier");
    }
}
