//! Who is here and who is writing, as far as one knows: none of it is numbered, and all of it may be lost.

use shared::socket::{TYPING_EVERY, TYPING_FOR};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// How many people have the chat open; none when it is not known.
    pub count: usize,
    /// The first of them.
    here: Vec<i64>,
    /// Who, and until when that holds, in milliseconds since 1970.
    writers: Vec<(i64, i64)>,
    /// When one said it of oneself.
    said_at: i64,
}

impl Company {
    pub fn present(&mut self, count: usize, here: Vec<i64>) {
        (self.count, self.here) = (count, here);
    }

    pub fn is_here(&self, user: i64) -> bool {
        self.here.contains(&user)
    }

    pub fn writes(&mut self, user: i64, now: i64) {
        let until = now + milliseconds(TYPING_FOR);
        match self.writers.iter_mut().find(|(writer, _)| *writer == user) {
            Some(writer) => writer.1 = until,
            None => self.writers.push((user, until)),
        }
    }

    /// What was being written has come in; `false` when nothing is different.
    pub fn wrote(&mut self, user: i64) -> bool {
        self.keep(|(writer, _)| *writer != user)
    }

    /// Forgets who was not heard of for too long.
    pub fn expire(&mut self, now: i64) -> bool {
        self.keep(|(_, until)| now < *until)
    }

    fn keep(&mut self, kept: impl Fn(&(i64, i64)) -> bool) -> bool {
        let before = self.writers.len();
        self.writers.retain(kept);
        self.writers.len() < before
    }

    /// In the order in which they began.
    pub fn writers(&self) -> impl Iterator<Item = i64> {
        self.writers.iter().map(|(writer, _)| *writer)
    }

    /// Whether it is time to say that one is writing oneself.
    pub fn say(&mut self, now: i64) -> bool {
        let due = now - self.said_at >= milliseconds(TYPING_EVERY);
        if due {
            self.said_at = now;
        }
        due
    }

    /// What one wrote is sent: the next letter is the beginning of something new.
    pub fn sent(&mut self) {
        self.said_at = 0;
    }
}

pub const fn milliseconds(seconds: u64) -> i64 {
    seconds.cast_signed() * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writers(company: &Company) -> Vec<i64> {
        company.writers().collect()
    }

    #[test]
    fn whoever_writes_is_named_until_they_are_not_heard_of_for_too_long() {
        let mut company = Company::default();
        company.writes(1, 0);
        company.writes(2, 1_000);
        company.writes(1, 3_000);
        assert_eq!(writers(&company), [1, 2]);
        assert!(!company.expire(6_999));
        assert!(company.expire(7_000));
        assert_eq!(writers(&company), [1]);
        assert!(company.expire(9_000));
        assert!(writers(&company).is_empty());
    }

    #[test]
    fn a_message_ends_its_authors_writing_and_nobody_elses() {
        let mut company = Company::default();
        company.writes(1, 0);
        company.writes(2, 0);
        assert!(company.wrote(1) && !company.wrote(1));
        assert_eq!(writers(&company), [2]);
    }

    #[test]
    fn each_presence_is_the_whole_of_it() {
        let mut company = Company::default();
        company.present(2, vec![1, 2]);
        company.present(1, vec![2]);
        assert!(company.count == 1 && company.is_here(2) && !company.is_here(1));
    }

    #[test]
    fn one_says_it_every_three_seconds_and_at_once_after_sending() {
        let mut company = Company::default();
        assert!(company.say(10_000) && !company.say(12_999) && company.say(13_000));
        company.sent();
        assert!(company.say(13_500) && !company.say(14_000));
    }
}
