//! Codes that stand in for a one-time code when the device that makes those is lost.

use sha2::{Digest, Sha256};

/// How many somebody gets at a time.
pub const COUNT: usize = 10;
/// Crockford's base 32: without the letters that are easily taken for digits or for each other.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 16 characters hold 80 bits, so that their hash need not be slow.
const LENGTH: usize = 16;
const GROUP: usize = 4;

/// A code of chance, in groups that are easily copied by hand.
pub fn fresh() -> String {
    let random: [u8; LENGTH] = rand::random();
    let character = |byte: u8| ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied().map(char::from);
    let mut code = String::new();
    for (place, byte) in random.into_iter().enumerate() {
        if place > 0 && place.is_multiple_of(GROUP) {
            code.push('-');
        }
        code.extend(character(byte));
    }
    code
}

/// By which it is found again, however it was typed.
pub fn hash(code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(read).collect();
    Sha256::digest(plain).to_vec()
}

/// What somebody means who takes a letter for a digit.
fn read(character: char) -> char {
    match character.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = fresh();
        assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
        assert_ne!(code, fresh());
        assert_eq!(hash(&code), hash(&code.replace('-', " ").to_uppercase()));
        assert_eq!(hash("0123-abcd"), hash("OI23 ABCD"));
        assert_ne!(hash("0123-abcd"), hash("0123-abce"));
    }
}
