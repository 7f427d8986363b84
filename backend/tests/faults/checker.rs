//! Compares what everybody took down.

use std::collections::{HashMap, HashSet};

use crate::evidence::{Evidence, Log, Row};

/// The first thing that is wrong.
pub fn check(evidence: &Evidence) -> Result<(), String> {
    let Evidence { writers, readers, fresh, stored, .. } = evidence;
    numbers_have_no_gap(evidence)?;
    nothing_is_doubled(stored)?;
    for log in writers {
        all_that_was_acknowledged_is_there(log, stored)?;
    }
    nothing_is_made_up(writers, stored)?;
    for (number, view) in readers.iter().enumerate() {
        same(&view.arrived, stored).map_err(|what| format!("what reader {number} heard: {what}"))?;
        same(&view.shown, stored).map_err(|what| format!("what reader {number} sees: {what}"))?;
    }
    same(fresh, stored).map_err(|what| format!("what a newcomer sees: {what}"))
}

fn numbers_have_no_gap(Evidence { stored, joined, head, .. }: &Evidence) -> Result<(), String> {
    let mut numbers: Vec<_> = stored.iter().map(|row| row.seq).chain(joined.iter().copied()).collect();
    numbers.sort_unstable();
    if numbers.iter().copied().eq(1..=*head) {
        return Ok(());
    }
    let odd = numbers.iter().zip(1..).find(|(number, place)| *number != place);
    Err(format!("{} numbers up to the head {head}; the first odd one is {odd:?}", numbers.len()))
}

fn nothing_is_doubled(stored: &[Row]) -> Result<(), String> {
    let mut known = HashSet::new();
    match stored.iter().find(|row| !known.insert((row.author, row.client_id))) {
        Some(row) => Err(format!("stored twice: {row:?}")),
        None => Ok(()),
    }
}

fn all_that_was_acknowledged_is_there(log: &Log, stored: &[Row]) -> Result<(), String> {
    let own = stored.iter().filter(|row| row.author == log.author);
    let places: HashMap<_, _> = own.map(|row| (row.client_id, row)).collect();
    let mut last = 0;
    for said in &log.said {
        let seq = said.seq.ok_or_else(|| format!("never acknowledged: {said:?}"))?;
        let row = places.get(&said.client_id).ok_or_else(|| format!("acknowledged and lost: {said:?}"))?;
        if (row.seq, &row.text) != (seq, &said.text) {
            return Err(format!("acknowledged otherwise than stored: {said:?}, {row:?}"));
        }
        if log.one_by_one && seq <= last {
            return Err(format!("said later and stored earlier: {said:?}"));
        }
        last = seq;
    }
    Ok(())
}

fn nothing_is_made_up(writers: &[Log], stored: &[Row]) -> Result<(), String> {
    let said: HashSet<_> =
        writers.iter().flat_map(|log| log.said.iter().map(|said| (log.author, said.client_id))).collect();
    match stored.iter().find(|row| !said.contains(&(row.author, row.client_id))) {
        Some(row) => Err(format!("stored, and said by nobody: {row:?}")),
        None => Ok(()),
    }
}

fn same(seen: &[Row], stored: &[Row]) -> Result<(), String> {
    if seen == stored {
        return Ok(());
    }
    let odd = seen.iter().zip(stored).find(|(seen, stored)| seen != stored);
    Err(format!("{} of {} messages; the first that differs: {odd:?}", seen.len(), stored.len()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::evidence::{Said, View};

    /// Ada (1) joined first, brian (2) second; each said two things, and eve saw it all.
    fn sound() -> Evidence {
        let stored: Vec<_> = [(3, 1), (4, 2), (5, 2), (6, 1)]
            .map(|(seq, author)| Row {
                seq,
                author,
                client_id: Uuid::from_u128(seq.unsigned_abs().into()),
                text: format!("message {seq}"),
            })
            .into();
        let log = |author: i64| {
            let said = stored.iter().filter(|row| row.author == author).map(|row| Said {
                client_id: row.client_id,
                text: row.text.clone(),
                seq: Some(row.seq),
                tries: 1,
            });
            Log { author, said: said.collect(), one_by_one: true }
        };
        let view = View { arrived: stored.clone(), shown: stored.clone(), connections: 1 };
        let (writers, readers) = (vec![log(1), log(2)], vec![view.clone(), view]);
        Evidence { writers, readers, fresh: stored.clone(), stored, joined: vec![1, 2], head: 6 }
    }

    #[track_caller]
    fn fails(spoil: impl FnOnce(&mut Evidence), with: &str) {
        let mut evidence = sound();
        assert_eq!(check(&evidence), Ok(()));
        spoil(&mut evidence);
        let found = check(&evidence).expect_err(with);
        assert!(found.contains(with), "{found}");
    }

    #[test]
    fn an_acknowledged_message_that_is_lost_is_found() {
        fails(|e| e.stored[3].client_id = Uuid::nil(), "acknowledged and lost");
        fails(|e| e.writers[0].said[1].seq = Some(5), "acknowledged otherwise");
        fails(|e| e.writers[0].said[1].seq = None, "never acknowledged");
    }

    #[test]
    fn a_message_that_is_stored_twice_is_found() {
        fails(
            |e| {
                let again = Row { seq: 7, ..e.stored[0].clone() };
                e.stored.push(again);
                e.head = 7;
            },
            "stored twice",
        );
    }

    #[test]
    fn a_message_of_nobody_is_found() {
        fails(|e| e.writers[1].said.truncate(1), "said by nobody");
    }

    #[test]
    fn a_gap_in_the_numbers_is_found() {
        fails(|e| e.head = 7, "the head 7");
        fails(|e| e.joined.truncate(1), "the first odd one");
    }

    #[test]
    fn a_reader_who_lost_doubled_or_reordered_is_found() {
        fails(|e| e.readers[1].arrived.truncate(3), "what reader 1 heard");
        fails(|e| e.readers[1].arrived.push(e.stored[3].clone()), "what reader 1 heard");
        fails(|e| e.readers[0].arrived.swap(0, 1), "what reader 0 heard");
        fails(|e| e.readers[0].shown.truncate(3), "what reader 0 sees");
        fails(|e| e.fresh[0].text.push('!'), "what a newcomer sees");
    }

    #[test]
    fn a_writer_whose_order_was_turned_is_found() {
        fails(|e| e.writers[0].said.swap(0, 1), "said later and stored earlier");
    }
}
