//! Generates display names for guests.

const COLOURS: [&str; 48] = [
    "Amber",
    "Apricot",
    "Aqua",
    "Azure",
    "Beige",
    "Blue",
    "Bronze",
    "Cherry",
    "Cobalt",
    "Copper",
    "Coral",
    "Cream",
    "Crimson",
    "Cyan",
    "Emerald",
    "Ginger",
    "Golden",
    "Green",
    "Hazel",
    "Indigo",
    "Ivory",
    "Jade",
    "Lavender",
    "Lemon",
    "Lilac",
    "Lime",
    "Magenta",
    "Maroon",
    "Mauve",
    "Mint",
    "Mustard",
    "Ochre",
    "Olive",
    "Orange",
    "Peach",
    "Pearl",
    "Plum",
    "Purple",
    "Ruby",
    "Russet",
    "Saffron",
    "Sapphire",
    "Scarlet",
    "Silver",
    "Teal",
    "Topaz",
    "Turquoise",
    "Violet",
];

const ANIMALS: [&str; 48] = [
    "Alpaca", "Badger", "Beaver", "Bee", "Bison", "Bunting", "Camel", "Cricket", "Crane", "Deer", "Dolphin",
    "Dormouse", "Eagle", "Falcon", "Ferret", "Finch", "Fox", "Gecko", "Gull", "Hare", "Hedgehog", "Heron",
    "Ibex", "Kestrel", "Kiwi", "Koala", "Lark", "Lemur", "Llama", "Lynx", "Marten", "Moose", "Newt", "Orca",
    "Otter", "Owl", "Panda", "Penguin", "Puffin", "Quail", "Rabbit", "Raven", "Robin", "Seal", "Sparrow",
    "Stork", "Swift", "Wren",
];

/// The name for a random number, such as "Amber Otter". Names are not unique.
pub fn generate(random: u32) -> String {
    let number = random as usize;
    let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or_default();
    let animal = ANIMALS.get(number / COLOURS.len() % ANIMALS.len()).copied().unwrap_or_default();
    format!("{colour} {animal}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::user::check_display_name;

    #[test]
    fn guest_names_are_distinct_and_valid() {
        let all = u32::try_from(COLOURS.len() * ANIMALS.len()).unwrap();
        let names: HashSet<_> = (0..all).map(generate).collect();
        assert_eq!(names.len(), COLOURS.len() * ANIMALS.len());
        for name in names.iter().chain([&generate(u32::MAX)]) {
            assert_eq!(check_display_name(name), Ok(()), "{name}");
            assert!(name.split(' ').all(|word| !word.is_empty()) && name.contains(' '), "{name}");
        }
    }
}
