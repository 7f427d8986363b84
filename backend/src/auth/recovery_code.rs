//! Recovery codes, for users who lost their authenticator app.

use sha2::{Digest, Sha256};

/// The number of codes that are issued at once.
pub const COUNT: usize = 10;
/// Crockford's base 32, which omits letters that are easily confused.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 16 characters hold 80 bits, so that a fast hash is sufficient.
const LENGTH: usize = 16;
const GROUP_LENGTH: usize = 4;

/// A random code, in groups that are easy to copy by hand.
pub fn generate() -> String {
    let random: [u8; LENGTH] = rand::random();
    let character = |byte: u8| ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied().map(char::from);
    let mut code = String::new();
    for (index, byte) in random.into_iter().enumerate() {
        if index > 0 && index.is_multiple_of(GROUP_LENGTH) {
            code.push('-');
        }
        code.extend(character(byte));
    }
    code
}

/// The lookup key in the database, independent of case, separators and confused letters.
pub fn hash(code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(normalize).collect();
    Sha256::digest(plain).to_vec()
}

/// Replaces letters that are easily confused with digits.
fn normalize(character: char) -> char {
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
    fn recovery_code_hash_ignores_formatting() {
        let code = generate();
        assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
        assert_ne!(code, generate());
        assert_eq!(hash(&code), hash(&code.replace('-', " ").to_uppercase()));
        assert_eq!(hash("0123-abcd"), hash("OI23 ABCD"));
        assert_ne!(hash("0123-abcd"), hash("0123-abce"));
    }
}
