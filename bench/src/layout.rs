//! Who is in which chat.

use crate::load::{Lane, Speaker};

/// Chats of equal size. Member k of chat c is person `c * members + k`, counted round and round.
#[derive(Clone, Debug)]
pub struct Layout {
    pub people: usize,
    pub chats: usize,
    pub members: usize,
}

impl Layout {
    pub fn new(people: usize, chats: usize, members: usize) -> Self {
        Self { people, chats, members }
    }

    pub fn member(&self, chat: usize, place: usize) -> usize {
        (chat * self.members + place) % self.people
    }

    /// The chats that a person is in.
    pub fn chats_of(&self, person: usize) -> Vec<usize> {
        (0..self.chats).filter(|&chat| self.place(chat, person) < self.members).collect()
    }

    /// A number for each pair of a chat and a member.
    pub fn reader(&self, chat: usize, person: usize) -> usize {
        chat * self.members + self.place(chat, person)
    }

    /// The chat of each reader.
    pub fn readers(&self) -> impl Iterator<Item = usize> + use<> {
        let members = self.members;
        (0..self.chats * members).map(move |reader| reader / members)
    }

    fn place(&self, chat: usize, person: usize) -> usize {
        (person + self.people - (chat * self.members) % self.people) % self.people
    }

    /// So many lanes, each of which goes round its share of the chats, or, if there are fewer chats, of the members.
    pub fn lanes(&self, count: usize) -> Vec<Lane> {
        let speaker = |chat, place| Speaker { socket: self.member(chat, place), chat };
        let lane = |lane: usize| {
            let chats = (lane % self.chats..self.chats).step_by(count);
            chats.map(|chat| speaker(chat, lane / self.chats)).collect()
        };
        (0..count).map(|number| Lane { speakers: lane(number) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_every_chat_is_a_reader_of_their_own() {
        for layout in [Layout::new(500, 1, 500), Layout::new(1_000, 200, 5), Layout::new(32, 10, 32)] {
            let mut seen = vec![false; layout.chats * layout.members];
            for chat in 0..layout.chats {
                for place in 0..layout.members {
                    let person = layout.member(chat, place);
                    assert!(layout.chats_of(person).contains(&chat));
                    let reader = layout.reader(chat, person);
                    assert!(!std::mem::replace(&mut seen[reader], true));
                }
            }
            assert!(seen.into_iter().all(|seen| seen));
            let memberships: usize = (0..layout.people).map(|person| layout.chats_of(person).len()).sum();
            assert_eq!(memberships, layout.chats * layout.members);
        }
    }

    #[test]
    fn lanes_have_speakers_of_their_own_who_are_members() {
        let one = Layout::new(500, 1, 500).lanes(10);
        let sockets: Vec<_> =
            one.iter().flat_map(|lane| &lane.speakers).map(|speaker| speaker.socket).collect();
        assert_eq!(sockets, (0..10).collect::<Vec<_>>());
        let layout = Layout::new(1_000, 10_000, 5);
        let lanes = layout.lanes(10);
        let mut chats: Vec<_> =
            lanes.iter().flat_map(|lane| &lane.speakers).map(|speaker| speaker.chat).collect();
        chats.sort_unstable();
        assert_eq!(chats, (0..10_000).collect::<Vec<_>>());
        for speaker in lanes.iter().flat_map(|lane| &lane.speakers) {
            assert!(layout.chats_of(speaker.socket).contains(&speaker.chat));
        }
    }
}
