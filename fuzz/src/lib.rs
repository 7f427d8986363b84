//! What must hold of whatever comes from outside, a module for each place where it comes in. `holds` panics if it does
//! not. `fuzz_targets` searches for inputs that make it, `corpus` keeps one input for each way through the code, and
//! `tests` tries these again.

#![forbid(unsafe_code)]

pub mod addresses;
pub mod envelope;
pub mod frames;
pub mod markdown;
