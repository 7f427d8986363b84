//! Links the client for its modules, and writes the list of emoji.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo so")]

use std::{env, error::Error, fmt::Write, fs, path::Path};

use emojis::{Emoji, EmojiVersion, Group, SkinTone};

/// Emoji of later versions are missing on many devices.
const NEWEST: EmojiVersion = EmojiVersion::new(15, 0);

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_SPLIT").is_some() {
        // A client that is split into modules must be linked with its relocations, from which the modules are made.
        println!("cargo::rustc-link-arg-bins=--emit-relocs");
    }
    let folder = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&folder).join("emoji.txt"), emoji_list()?)?;
    Ok(())
}

/// A line for each emoji: itself, its name, and its short names, separated by tabs. A line without tabs begins a group.
fn emoji_list() -> Result<String, std::fmt::Error> {
    let mut list = String::new();
    let mut group = None;
    for emoji in emojis::iter().filter(|emoji| is_offered(emoji)) {
        if group.replace(emoji.group()) != Some(emoji.group()) {
            writeln!(list, "{}", group_name(emoji.group()))?;
        }
        let shortcodes: Vec<_> = emoji.shortcodes().collect();
        writeln!(list, "{emoji}\t{}\t{}", emoji.name(), shortcodes.join(" "))?;
    }
    Ok(list)
}

fn is_offered(emoji: &Emoji) -> bool {
    emoji.emoji_version() <= NEWEST && emoji.skin_tone().is_none_or(|tone| tone == SkinTone::Default)
}

const fn group_name(group: Group) -> &'static str {
    match group {
        Group::SmileysAndEmotion => "Smileys and emotion",
        Group::PeopleAndBody => "People and body",
        Group::AnimalsAndNature => "Animals and nature",
        Group::FoodAndDrink => "Food and drink",
        Group::TravelAndPlaces => "Travel and places",
        Group::Activities => "Activities",
        Group::Objects => "Objects",
        Group::Symbols => "Symbols",
        Group::Flags => "Flags",
    }
}
