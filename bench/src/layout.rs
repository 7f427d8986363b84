//! Which user is in which chat.

/// Writers that post in turn.
pub struct WriterGroup {
    pub writers: Vec<Writer>,
}

pub struct Writer {
    pub socket: usize,
    pub chat: usize,
}

/// Chats of equal size. Member k of chat c is user `c * members + k`, modulo the number of users.
#[derive(Clone, Debug)]
pub struct Layout {
    pub users: usize,
    pub chats: usize,
    pub members: usize,
}

impl Layout {
    pub fn new(users: usize, chats: usize, members: usize) -> Self {
        Self { users, chats, members }
    }

    pub fn member(&self, chat: usize, index: usize) -> usize {
        (chat * self.members + index) % self.users
    }

    /// The chats that a user is in.
    pub fn chats_of(&self, user: usize) -> Vec<usize> {
        (0..self.chats).filter(|&chat| self.member_index(chat, user) < self.members).collect()
    }

    /// A number for each pair of chat and member.
    pub fn reader_index(&self, chat: usize, user: usize) -> usize {
        chat * self.members + self.member_index(chat, user)
    }

    /// The chat of each reader index.
    pub fn reader_chats(&self) -> impl Iterator<Item = usize> + use<> {
        let members = self.members;
        (0..self.chats * members).map(move |reader| reader / members)
    }

    fn member_index(&self, chat: usize, user: usize) -> usize {
        (user + self.users - (chat * self.members) % self.users) % self.users
    }

    /// Each group writes to its share of the chats in turn; if there are fewer chats than groups, groups share a chat.
    pub fn writer_groups(&self, count: usize) -> Vec<WriterGroup> {
        let writer = |chat, index| Writer { socket: self.member(chat, index), chat };
        let group = |group: usize| {
            let chats = (group % self.chats..self.chats).step_by(count);
            chats.map(|chat| writer(chat, group / self.chats)).collect()
        };
        (0..count).map(|number| WriterGroup { writers: group(number) }).collect()
    }

    /// Groups in which all members of all chats write in turn, first one of each chat.
    pub fn groups_of_everyone(&self, count: usize) -> Vec<WriterGroup> {
        let writer = |number: usize| {
            let (index, chat) = (number / self.chats, number % self.chats);
            Writer { socket: self.member(chat, index), chat }
        };
        let writers = |group| (group..self.members * self.chats).step_by(count).map(writer).collect();
        (0..count).map(|group| WriterGroup { writers: writers(group) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_has_a_unique_reader_index() {
        for layout in [Layout::new(500, 1, 500), Layout::new(1_000, 200, 5), Layout::new(32, 10, 32)] {
            let mut seen = vec![false; layout.chats * layout.members];
            for chat in 0..layout.chats {
                for index in 0..layout.members {
                    let user = layout.member(chat, index);
                    assert!(layout.chats_of(user).contains(&chat));
                    let reader = layout.reader_index(chat, user);
                    assert!(!std::mem::replace(&mut seen[reader], true));
                }
            }
            assert!(seen.into_iter().all(|seen| seen));
            let memberships: usize = (0..layout.users).map(|user| layout.chats_of(user).len()).sum();
            assert_eq!(memberships, layout.chats * layout.members);
        }
    }

    #[test]
    fn writer_groups_have_distinct_member_writers() {
        let one = Layout::new(500, 1, 500).writer_groups(10);
        let sockets: Vec<_> =
            one.iter().flat_map(|group| &group.writers).map(|writer| writer.socket).collect();
        assert_eq!(sockets, (0..10).collect::<Vec<_>>());
        let layout = Layout::new(1_000, 10_000, 5);
        let writer_groups = layout.writer_groups(10);
        let mut chats: Vec<_> =
            writer_groups.iter().flat_map(|group| &group.writers).map(|writer| writer.chat).collect();
        chats.sort_unstable();
        assert_eq!(chats, (0..10_000).collect::<Vec<_>>());
        for writer in writer_groups.iter().flat_map(|group| &group.writers) {
            assert!(layout.chats_of(writer.socket).contains(&writer.chat));
        }
    }

    #[test]
    fn groups_of_everyone_contain_each_member_once() {
        let groups = Layout::new(200, 100, 2).groups_of_everyone(10);
        let mut writers: Vec<_> = groups
            .iter()
            .flat_map(|group| &group.writers)
            .map(|writer| (writer.chat, writer.socket))
            .collect();
        writers.sort_unstable();
        assert_eq!(writers, (0..200).map(|user| (user / 2, user)).collect::<Vec<_>>());
        let mut first: Vec<_> = groups.iter().map(|group| group.writers[0].chat).collect();
        first.dedup();
        assert_eq!(first.len(), 10);
    }
}
