//! The name under which a file is uploaded.

use shared::file::{FILE_NAME_MAX, check_file_name};

/// Longer endings are no type of a file.
const EXTENSION_MAX: usize = 20;
/// In the place of a character that names must not have.
const REPLACEMENT: char = '_';
const DEFAULT_NAME: &str = "file";

/// A name that the server accepts, as close to this one as possible.
pub fn clean_file_name(name: &str) -> String {
    let is_allowed = |c: char| check_file_name(&format!("a{c}")).is_ok();
    let name: Vec<char> = name.chars().map(|c| if is_allowed(c) { c } else { REPLACEMENT }).collect();
    let extension = name
        .iter()
        .rposition(|c| *c == '.')
        .map_or(name.len(), |dot| if name.len() - dot > EXTENSION_MAX { name.len() } else { dot });
    let (stem, extension) = name.split_at(extension);
    let name: String = stem.iter().take(FILE_NAME_MAX - extension.len()).chain(extension).collect();
    if check_file_name(&name).is_ok() { name } else { DEFAULT_NAME.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_names_are_kept() {
        for name in ["plan.pdf", "Größe 1.png", ".env", "Makefile", "a.tar.gz"] {
            assert_eq!(clean_file_name(name), name);
        }
    }

    #[test]
    fn invalid_names_become_valid() {
        for (name, clean) in [
            ("a/b.txt", "a_b.txt"),
            ("a\nb\\c", "a_b_c"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
            ("", DEFAULT_NAME),
            (" ", DEFAULT_NAME),
        ] {
            assert_eq!(clean_file_name(name), clean, "{name:?}");
        }
    }

    #[test]
    fn long_name_keeps_its_extension() {
        let name = clean_file_name(&format!("{}.jpeg", "é".repeat(FILE_NAME_MAX)));
        assert!(name.chars().count() == FILE_NAME_MAX && name.ends_with("é.jpeg"));
        let name = clean_file_name(&format!("a.{}", "x".repeat(FILE_NAME_MAX)));
        assert_eq!(name.chars().count(), FILE_NAME_MAX);
    }
}
