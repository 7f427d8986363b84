//! The marks by which messages are known again, in whatever a server wraps them.

use std::fmt::Write as _;
use std::sync::LazyLock;

use memchr::memmem::Finder;

const BEGIN: &str = "~bench:";
/// Two hexadecimal digits for the run, four for the lane, eight for the message.
const DIGITS: usize = 14;
const LENGTH: usize = 100;
const FILLING: &str =
    " the quick brown fox jumps over the lazy dog and has a cup of grey tea at noon with everyone";

static FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(BEGIN));

/// Which message of a run: the lane that sent it, and how many the lane had sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    pub lane: usize,
    pub counter: usize,
}

impl Mark {
    /// A text of a hundred bytes.
    pub fn text(self, run: u8) -> String {
        let mut text = format!("{BEGIN}{run:02x}{:04x}{:08x}{FILLING}", self.lane, self.counter);
        text.truncate(LENGTH);
        text
    }

    /// A UUID that nobody could have foreseen but for its end, which names the message. Not one that rises: indexes
    /// must find it as inconvenient as a real one.
    pub fn id(self, random: u64) -> String {
        let (high, middle, low) = (random >> 32, (random >> 16) & 0xffff, random & 0xfff);
        format!("{high:08x}-{middle:04x}-4{low:03x}-8{low:03x}-{:04x}{:08x}", self.lane, self.counter)
    }

    /// Reads the end of such a UUID.
    pub fn of_id(id: &[u8]) -> Option<Self> {
        let end = id.get(id.len().checked_sub(12)?..)?;
        Some(Self::new(number(end)?))
    }

    fn new(number: u64) -> Self {
        Self { lane: (number >> 32) as usize & 0xffff, counter: number as usize & 0xffff_ffff }
    }
}

/// Calls `hear` for each mark of this run that the frame holds.
pub fn each(frame: &[u8], run: u8, mut hear: impl FnMut(Mark)) {
    for found in FINDER.find_iter(frame) {
        let digits = frame.get(found + BEGIN.len()..found + BEGIN.len() + DIGITS);
        if let Some(number) = digits.and_then(number)
            && number >> 48 == u64::from(run)
        {
            hear(Mark::new(number));
        }
    }
}

/// How many texts of ours there are in an answer.
pub fn count(answer: &[u8]) -> usize {
    FINDER.find_iter(answer).count()
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, &digit| Some(number << 4 | u64::from(value(digit)?)))
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Numbers that are random enough for identifiers.
pub struct Random(pub u64);

impl Random {
    /// `SplitMix64`
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// A JSON text needs no escapes for what is said here, so that frames can be written without a library.
pub fn object(fields: &[(&str, &str)]) -> String {
    let mut json = String::from("{");
    for (place, (name, value)) in fields.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(json, "{comma}\"{name}\":\"{value}\"");
    }
    json + "}"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_again_in_whatever_wraps_it() {
        let (one, two) = (Mark { lane: 3, counter: 70_000 }, Mark { lane: 199, counter: 0 });
        let frame = format!(r#"[{{"message":"{}"}},{{"message":"{}"}}]"#, one.text(7), two.text(7));
        let mut heard = Vec::new();
        each(frame.as_bytes(), 7, |mark| heard.push(mark));
        assert_eq!(heard, [one, two]);
        each(frame.as_bytes(), 8, |mark| panic!("{mark:?} is of another run"));
    }

    #[test]
    fn a_text_has_a_hundred_bytes() {
        assert_eq!(Mark { lane: 0, counter: 0 }.text(255).len(), LENGTH);
    }

    #[test]
    fn an_id_names_its_message_and_is_a_uuid_of_version_4() {
        let mark = Mark { lane: 65_535, counter: 4_000_000_000 };
        let id = mark.id(Random(1).next());
        assert_eq!(Mark::of_id(id.as_bytes()), Some(mark));
        assert_eq!((id.len(), id.matches('-').count()), (36, 4));
        assert_eq!((id.chars().nth(14), id.chars().nth(19)), (Some('4'), Some('8')));
        assert_eq!(Mark::of_id(b"short"), None);
        assert_eq!(Mark::of_id(b"00000000-0000-0000-0000-0000zz000000"), None);
    }
}
