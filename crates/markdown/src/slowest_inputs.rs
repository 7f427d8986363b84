//! Searches for the inputs that need the most steps, and holds the bound on them.

use super::{parse, steps};

/// No input needs more steps than this for each of its bytes, however long it is.
const STEPS_PER_BYTE_MAX: usize = 80;

/// What inputs are made of: every construct, complete and broken off.
const FRAGMENTS: &[&str] = &[
    "a",
    " ",
    "\n",
    "\n\n",
    "é",
    "*",
    "**",
    "_",
    "a*",
    "*a",
    "_a",
    "a_",
    "~~",
    "~~a",
    "`",
    "``",
    "[",
    "]",
    "(",
    ")",
    "[a]",
    "[a](",
    "](",
    "](http://a)",
    "\\",
    "\\*",
    "\\_",
    "\\`",
    "\\[",
    "\\]",
    "\\> ",
    "\\- ",
    "http://",
    "http://a",
    "https://a.b/c ",
    "@",
    "/",
    "mailto:",
    "mailto:a@b",
    "mailto:a@b?subject=",
    "&cc=",
    "\u{1}",
    "> ",
    ">",
    "- ",
    "1. ",
    "  ",
    "\t",
    "```",
    "```\n",
    ".",
    "!",
    "<",
    "|",
];

const PARTS_MAX: usize = 4;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    /// Indices of [`FRAGMENTS`].
    fragments: Vec<usize>,
    /// Whether the part is repeated to fill its share of the input.
    is_repeated: bool,
}

/// A pseudorandom number generator (xorshift), so that the search is the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn part(&mut self) -> Part {
        let count = 1 + self.below(4);
        let fragments = (0..count).map(|_| self.below(FRAGMENTS.len())).collect();
        Part { fragments, is_repeated: self.below(4) > 0 }
    }

    fn parts(&mut self) -> Vec<Part> {
        (0..=self.below(PARTS_MAX)).map(|_| self.part()).collect()
    }

    /// Adds, removes or changes a part or a fragment.
    fn mutate(&mut self, mut parts: Vec<Part>) -> Vec<Part> {
        let index = self.below(parts.len());
        match self.below(5) {
            0 => parts.insert(index, self.part()),
            1 if parts.len() > 1 => drop(parts.remove(index)),
            2 => parts[index] = self.part(),
            3 => parts[index].fragments.push(self.below(FRAGMENTS.len())),
            _ => {
                let fragment = self.below(parts[index].fragments.len());
                parts[index].fragments[fragment] = self.below(FRAGMENTS.len());
            }
        }
        parts.truncate(PARTS_MAX);
        parts
    }
}

/// The input of these parts, of at most `size` bytes unless a single part is longer.
fn build_input(parts: &[Part], size: usize) -> String {
    let mut input = String::new();
    for Part { fragments, is_repeated } in parts {
        let part: String = fragments.iter().map(|fragment| FRAGMENTS[*fragment]).collect();
        let count = if *is_repeated { size / parts.len() / part.len() } else { 1 };
        input += &part.repeat(count);
    }
    input
}

fn steps_per_byte(input: &str) -> usize {
    steps::count(|| drop(parse(input))) / input.len().max(1)
}

/// Climbs from random parts to those whose input of `size` bytes needs the most steps.
fn climb(random: &mut Random, tries: usize, size: usize) -> (usize, Vec<Part>) {
    let mut best = random.parts();
    let mut most = steps_per_byte(&build_input(&best, size));
    for _ in 0..tries {
        let parts = random.mutate(best.clone());
        let steps = steps_per_byte(&build_input(&parts, size));
        if steps >= most {
            (most, best) = (steps, parts);
        }
    }
    (most, best)
}

/// A step that repeats for each byte would show as a multiple of the steps per byte.
#[test]
fn slowest_inputs_need_linear_steps() {
    let mut random = Random(1);
    let (_, slowest) = (0..10).map(|_| climb(&mut random, 100, 1_000)).max().unwrap();
    for size in [1_000, 4_000, 16_000] {
        let input = build_input(&slowest, size);
        let steps = steps_per_byte(&input);
        assert!(steps <= STEPS_PER_BYTE_MAX, "{steps} steps for each byte of {input:?}");
    }
}
