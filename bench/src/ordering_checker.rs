//! Checks deliveries: each reader of a chat must receive each acknowledged message once, all in the same order.

use std::collections::{HashMap, HashSet};

use crate::marker::Marker;

/// How many deliveries were wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFaults {
    /// Acknowledged messages that a reader did not receive; counted per reader.
    pub lost: usize,
    pub duplicated: usize,
    /// Messages received before one that other readers received earlier.
    pub out_of_order: usize,
}

impl DeliveryFaults {
    fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
    }
}

/// The deliveries of all readers. While readers agree, only their positions are stored.
pub struct OrderingChecker {
    /// For each chat, the order of the reader that is furthest ahead.
    reference: Vec<Vec<Marker>>,
    readers: Vec<ReaderLog>,
    received: usize,
}

struct ReaderLog {
    chat: usize,
    matched: usize,
    /// All messages since the reader's order first differed.
    deviation: Vec<Marker>,
}

impl OrderingChecker {
    /// `chats` is the chat of each reader.
    pub fn new(chats: impl IntoIterator<Item = usize>) -> Self {
        let readers: Vec<_> =
            chats.into_iter().map(|chat| ReaderLog { chat, matched: 0, deviation: Vec::new() }).collect();
        let count = readers.iter().map(|reader| reader.chat + 1).max().unwrap_or(0);
        Self { reference: vec![Vec::new(); count], readers, received: 0 }
    }

    pub fn received(&self) -> usize {
        self.received
    }

    pub fn record(&mut self, reader: usize, marker: Marker) {
        self.received += 1;
        let reader = &mut self.readers[reader];
        let first = &mut self.reference[reader.chat];
        if reader.deviation.is_empty() {
            if reader.matched == first.len() {
                first.push(marker);
            }
            if first[reader.matched] == marker {
                reader.matched += 1;
                return;
            }
        }
        reader.deviation.push(marker);
    }

    /// `acknowledged` lists the acknowledged messages of each chat.
    pub fn find_faults(&self, acknowledged: &[Vec<Marker>]) -> DeliveryFaults {
        let positions: Vec<_> = self.reference.iter().map(|chat| index_positions(chat)).collect();
        let agreeing: Vec<_> = self
            .reference
            .iter()
            .zip(acknowledged)
            .zip(&positions)
            .map(|((received, acknowledged), positions)| compare(received, acknowledged, positions))
            .collect();
        let mut all = DeliveryFaults::default();
        for reader in &self.readers {
            let first = &self.reference[reader.chat];
            if reader.deviation.is_empty() && reader.matched == first.len() {
                all.add(agreeing[reader.chat]);
                continue;
            }
            let received: Vec<_> = first[..reader.matched].iter().chain(&reader.deviation).copied().collect();
            all.add(compare(&received, &acknowledged[reader.chat], &positions[reader.chat]));
        }
        all
    }
}

fn index_positions(received: &[Marker]) -> HashMap<Marker, usize> {
    let mut positions = HashMap::new();
    for (index, marker) in received.iter().enumerate() {
        positions.entry(*marker).or_insert(index);
    }
    positions
}

fn compare(
    received: &[Marker],
    acknowledged: &[Marker],
    reference: &HashMap<Marker, usize>,
) -> DeliveryFaults {
    let mut once = HashSet::new();
    let mut last_of_group = HashMap::new();
    let (mut duplicated, mut out_of_order, mut latest) = (0, 0, 0);
    for marker in received {
        if !once.insert(*marker) {
            duplicated += 1;
            continue;
        }
        // A group posts independently of others, so its own messages arrive in the order of their counters.
        let before = last_of_group.insert(marker.group, marker.counter);
        let rank = reference.get(marker).copied().unwrap_or(latest);
        out_of_order += usize::from(rank < latest || before.is_some_and(|before| before > marker.counter));
        latest = rank;
    }
    let lost = acknowledged.iter().filter(|marker| !once.contains(marker)).count();
    DeliveryFaults { lost, duplicated, out_of_order }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READERS: usize = 3;

    fn markers(count: usize) -> Vec<Marker> {
        (0..count).map(|index| Marker { group: index % 2, counter: index / 2 }).collect()
    }

    fn record_all(checker: &mut OrderingChecker, reader: usize, received: &[Marker]) {
        for marker in received {
            checker.record(reader, *marker);
        }
    }

    /// The faults when all readers receive the same, except one whose deliveries `mutate` changes.
    fn faults_after(reader: usize, mutate: impl Fn(&mut Vec<Marker>)) -> DeliveryFaults {
        let all = markers(10);
        let mut checker = OrderingChecker::new([0; READERS]);
        for each in 0..READERS {
            let mut received = all.clone();
            if each == reader {
                mutate(&mut received);
            }
            record_all(&mut checker, each, &received);
        }
        checker.find_faults(&[all])
    }

    #[test]
    fn identical_deliveries_have_no_faults() {
        assert_eq!(faults_after(0, |_| {}), DeliveryFaults::default());
    }

    #[test]
    fn lost_message_is_detected_for_every_reader() {
        for reader in 0..READERS {
            for index in 0..10 {
                let faults = faults_after(reader, |received| {
                    received.remove(index);
                });
                assert_eq!(
                    faults,
                    DeliveryFaults { lost: 1, ..DeliveryFaults::default() },
                    "{reader} lost {index}"
                );
            }
        }
    }

    #[test]
    fn duplicate_is_detected_for_every_reader() {
        for reader in 0..READERS {
            let faults = faults_after(reader, |received| received.insert(5, received[4]));
            assert_eq!(faults, DeliveryFaults { duplicated: 1, ..DeliveryFaults::default() }, "{reader}");
            let faults = faults_after(reader, |received| received.push(received[2]));
            assert_eq!(faults, DeliveryFaults { duplicated: 1, ..DeliveryFaults::default() }, "{reader}");
        }
    }

    #[test]
    fn swapped_messages_are_detected_for_every_reader() {
        for reader in 0..READERS {
            let faults = faults_after(reader, |received| received.swap(4, 5));
            assert_eq!((faults.lost, faults.duplicated), (0, 0), "{reader}");
            assert!(faults.out_of_order > 0, "{reader}");
        }
    }

    #[test]
    fn fault_shared_by_all_readers_is_detected() {
        let all = markers(10);
        for (expected, received) in [
            (DeliveryFaults { lost: READERS, ..DeliveryFaults::default() }, all[..9].to_vec()),
            (
                DeliveryFaults { duplicated: READERS, ..DeliveryFaults::default() },
                [&all[..], &all[9..]].concat(),
            ),
            (
                DeliveryFaults { out_of_order: READERS, ..DeliveryFaults::default() },
                [&all[2..3], &all[..2], &all[3..]].concat(),
            ),
        ] {
            let mut checker = OrderingChecker::new([0; READERS]);
            for reader in 0..READERS {
                record_all(&mut checker, reader, &received);
            }
            assert_eq!(checker.find_faults(std::slice::from_ref(&all)), expected);
        }
    }

    #[test]
    fn unacknowledged_message_may_reach_only_some() {
        let mut checker = OrderingChecker::new([0, 0]);
        let all = markers(3);
        record_all(&mut checker, 0, &all);
        record_all(&mut checker, 1, &all[..2]);
        assert_eq!(checker.find_faults(&[all[..2].to_vec()]), DeliveryFaults::default());
        assert_eq!(checker.find_faults(&[all]).lost, 1);
    }
}
