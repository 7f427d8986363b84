//! Holds every server to its word: each reader of a chat hears each acknowledged message once, in the same order.

use std::collections::{HashMap, HashSet};

use crate::mark::Mark;

/// What went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Acknowledged, but a reader did not hear it; counted for each reader.
    pub lost: usize,
    pub doubled: usize,
    /// Heard before one that the others heard earlier.
    pub disordered: usize,
}

impl Faults {
    fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.disordered += other.disordered;
    }
}

/// What all readers heard. As long as they agree, only how far each has come is kept.
pub struct Order {
    /// For each chat the order in which whoever was first heard it.
    heard_first: Vec<Vec<Mark>>,
    readers: Vec<Reader>,
    heard: usize,
}

struct Reader {
    chat: usize,
    agreed: usize,
    /// From where this reader heard otherwise than the first.
    otherwise: Vec<Mark>,
}

impl Order {
    /// `chats` says which chat each reader reads.
    pub fn new(chats: impl IntoIterator<Item = usize>) -> Self {
        let readers: Vec<_> =
            chats.into_iter().map(|chat| Reader { chat, agreed: 0, otherwise: Vec::new() }).collect();
        let count = readers.iter().map(|reader| reader.chat + 1).max().unwrap_or(0);
        Self { heard_first: vec![Vec::new(); count], readers, heard: 0 }
    }

    pub fn heard(&self) -> usize {
        self.heard
    }

    pub fn hear(&mut self, reader: usize, mark: Mark) {
        self.heard += 1;
        let reader = &mut self.readers[reader];
        let first = &mut self.heard_first[reader.chat];
        if reader.otherwise.is_empty() {
            if reader.agreed == first.len() {
                first.push(mark);
            }
            if first[reader.agreed] == mark {
                reader.agreed += 1;
                return;
            }
        }
        reader.otherwise.push(mark);
    }

    /// `acknowledged` holds those of each chat.
    pub fn judge(&self, acknowledged: &[Vec<Mark>]) -> Faults {
        let places: Vec<_> = self.heard_first.iter().map(|chat| places(chat)).collect();
        let agreeing: Vec<_> = self
            .heard_first
            .iter()
            .zip(acknowledged)
            .zip(&places)
            .map(|((heard, acknowledged), places)| faults(heard, acknowledged, places))
            .collect();
        let mut all = Faults::default();
        for reader in &self.readers {
            let first = &self.heard_first[reader.chat];
            if reader.otherwise.is_empty() && reader.agreed == first.len() {
                all.add(agreeing[reader.chat]);
                continue;
            }
            let heard: Vec<_> = first[..reader.agreed].iter().chain(&reader.otherwise).copied().collect();
            all.add(faults(&heard, &acknowledged[reader.chat], &places[reader.chat]));
        }
        all
    }
}

fn places(heard: &[Mark]) -> HashMap<Mark, usize> {
    let mut places = HashMap::new();
    for (place, mark) in heard.iter().enumerate() {
        places.entry(*mark).or_insert(place);
    }
    places
}

fn faults(heard: &[Mark], acknowledged: &[Mark], heard_first: &HashMap<Mark, usize>) -> Faults {
    let mut once = HashSet::new();
    let mut last_of_lane = HashMap::new();
    let (mut doubled, mut disordered, mut latest) = (0, 0, 0);
    for mark in heard {
        if !once.insert(*mark) {
            doubled += 1;
            continue;
        }
        // A lane waits for nobody else, so its own messages come in the order of their numbers.
        let before = last_of_lane.insert(mark.lane, mark.counter);
        let rank = heard_first.get(mark).copied().unwrap_or(latest);
        disordered += usize::from(rank < latest || before.is_some_and(|before| before > mark.counter));
        latest = rank;
    }
    let lost = acknowledged.iter().filter(|mark| !once.contains(mark)).count();
    Faults { lost, doubled, disordered }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READERS: usize = 3;

    fn marks(count: usize) -> Vec<Mark> {
        (0..count).map(|place| Mark { lane: place % 2, counter: place / 2 }).collect()
    }

    fn hear_all(order: &mut Order, reader: usize, heard: &[Mark]) {
        for mark in heard {
            order.hear(reader, *mark);
        }
    }

    /// Everyone hears the same, but for one reader, to whom something happens.
    fn judged(reader: usize, happens: impl Fn(&mut Vec<Mark>)) -> Faults {
        let all = marks(10);
        let mut order = Order::new([0; READERS]);
        for each in 0..READERS {
            let mut heard = all.clone();
            if each == reader {
                happens(&mut heard);
            }
            hear_all(&mut order, each, &heard);
        }
        order.judge(&[all])
    }

    #[test]
    fn all_is_well_when_all_hear_the_same() {
        assert_eq!(judged(0, |_| {}), Faults::default());
    }

    #[test]
    fn a_lost_message_is_missed_whoever_lost_it() {
        for reader in 0..READERS {
            for place in 0..10 {
                let faults = judged(reader, |heard| {
                    heard.remove(place);
                });
                assert_eq!(faults, Faults { lost: 1, ..Faults::default() }, "{reader} lost {place}");
            }
        }
    }

    #[test]
    fn a_doubled_message_is_noticed_whoever_heard_it() {
        for reader in 0..READERS {
            let faults = judged(reader, |heard| heard.insert(5, heard[4]));
            assert_eq!(faults, Faults { doubled: 1, ..Faults::default() }, "{reader}");
            let faults = judged(reader, |heard| heard.push(heard[2]));
            assert_eq!(faults, Faults { doubled: 1, ..Faults::default() }, "{reader}");
        }
    }

    #[test]
    fn swapped_messages_are_noticed_whoever_heard_them() {
        for reader in 0..READERS {
            let faults = judged(reader, |heard| heard.swap(4, 5));
            assert_eq!((faults.lost, faults.doubled), (0, 0), "{reader}");
            assert!(faults.disordered > 0, "{reader}");
        }
    }

    #[test]
    fn what_all_hear_wrongly_is_wrong_too() {
        let all = marks(10);
        for (expected, heard) in [
            (Faults { lost: READERS, ..Faults::default() }, all[..9].to_vec()),
            (Faults { doubled: READERS, ..Faults::default() }, [&all[..], &all[9..]].concat()),
            (
                Faults { disordered: READERS, ..Faults::default() },
                [&all[2..3], &all[..2], &all[3..]].concat(),
            ),
        ] {
            let mut order = Order::new([0; READERS]);
            for reader in 0..READERS {
                hear_all(&mut order, reader, &heard);
            }
            assert_eq!(order.judge(std::slice::from_ref(&all)), expected);
        }
    }

    #[test]
    fn a_message_that_nobody_else_heard_is_no_fault_unless_it_was_acknowledged() {
        let mut order = Order::new([0, 0]);
        let all = marks(3);
        hear_all(&mut order, 0, &all);
        hear_all(&mut order, 1, &all[..2]);
        assert_eq!(order.judge(&[all[..2].to_vec()]), Faults::default());
        assert_eq!(order.judge(&[all]).lost, 1);
    }
}
