//! The properties that parsers of untrusted input must have, one module per parser. Each `check` panics if a property
//! does not hold for an input.
//!
//! `fuzz_targets` searches for inputs that fail, `corpus` keeps one input per code path that the search found, and
//! `tests` runs the corpus.

#![forbid(unsafe_code)]

pub mod client_frames;
pub mod links;
pub mod markdown;
pub mod ws_frames;
