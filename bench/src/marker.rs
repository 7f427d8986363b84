//! Markers in message texts, which identify messages in the frames of any protocol.

use std::fmt::Write as _;
use std::sync::LazyLock;

use memchr::memmem::Finder;

const PREFIX: &str = "~bench:";
/// Hexadecimal digits: two for the run, four for the group, eight for the message.
const DIGITS: usize = 14;
const TEXT_LENGTH: usize = 100;
const FILLER: &str =
    " the quick brown fox jumps over the lazy dog and has a cup of grey tea at noon with everyone";

static PREFIX_FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(PREFIX));

/// A message of a run: its writer group, and how many messages the group posted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Marker {
    pub group: usize,
    pub counter: usize,
}

impl Marker {
    /// A message of 100 bytes.
    pub fn message_text(self, run: u8) -> String {
        let mut text = format!("{PREFIX}{run:02x}{:04x}{:08x}{FILLER}", self.group, self.counter);
        text.truncate(TEXT_LENGTH);
        text
    }

    /// A version 4 UUID that ends with the marker. The rest is random, so that database indexes cost as much as with
    /// real IDs.
    pub fn client_id(self, random: u64) -> String {
        let (high, middle, low) = (random >> 32, (random >> 16) & 0xffff, random & 0xfff);
        format!("{high:08x}-{middle:04x}-4{low:03x}-8{low:03x}-{:04x}{:08x}", self.group, self.counter)
    }

    /// Reads the marker of [`Marker::client_id`].
    pub fn from_client_id(id: &[u8]) -> Option<Self> {
        let end = id.get(id.len().checked_sub(12)?..)?;
        Some(Self::from_number(parse_hex(end)?))
    }

    fn from_number(number: u64) -> Self {
        Self { group: (number >> 32) as usize & 0xffff, counter: number as usize & 0xffff_ffff }
    }
}

/// Calls `handle` for each marker of this run in the frame.
pub fn for_each_marker(frame: &[u8], run: u8, mut handle: impl FnMut(Marker)) {
    for found in PREFIX_FINDER.find_iter(frame) {
        let digits = frame.get(found + PREFIX.len()..found + PREFIX.len() + DIGITS);
        if let Some(number) = digits.and_then(parse_hex)
            && number >> 48 == u64::from(run)
        {
            handle(Marker::from_number(number));
        }
    }
}

/// How many of our messages a body contains.
pub fn count_markers(body: &[u8]) -> usize {
    PREFIX_FINDER.find_iter(body).count()
}

fn parse_hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, &digit| Some(number << 4 | u64::from(hex_digit(digit)?)))
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// A generator of pseudorandom numbers.
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

/// Needs no escaping, because the values contain no special characters.
pub fn json_object(fields: &[(&str, &str)]) -> String {
    let mut json = String::from("{");
    for (index, (name, value)) in fields.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(json, "{comma}\"{name}\":\"{value}\"");
    }
    json + "}"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_in_any_frame() {
        let (one, two) = (Marker { group: 3, counter: 70_000 }, Marker { group: 199, counter: 0 });
        let frame =
            format!(r#"[{{"message":"{}"}},{{"message":"{}"}}]"#, one.message_text(7), two.message_text(7));
        let mut found = Vec::new();
        for_each_marker(frame.as_bytes(), 7, |marker| found.push(marker));
        assert_eq!(found, [one, two]);
        for_each_marker(frame.as_bytes(), 8, |marker| panic!("{marker:?} is of another run"));
    }

    #[test]
    fn message_text_has_100_bytes() {
        assert_eq!(Marker { group: 0, counter: 0 }.message_text(255).len(), TEXT_LENGTH);
    }

    #[test]
    fn client_id_round_trips_as_uuid_v4() {
        let marker = Marker { group: 65_535, counter: 4_000_000_000 };
        let id = marker.client_id(Random(1).next());
        assert_eq!(Marker::from_client_id(id.as_bytes()), Some(marker));
        assert_eq!((id.len(), id.matches('-').count()), (36, 4));
        assert_eq!((id.chars().nth(14), id.chars().nth(19)), (Some('4'), Some('8')));
        assert_eq!(Marker::from_client_id(b"short"), None);
        assert_eq!(Marker::from_client_id(b"00000000-0000-0000-0000-0000zz000000"), None);
    }
}
