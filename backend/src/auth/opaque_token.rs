//! Random tokens that grant access to their holder. Only the hash is stored, so that the database does not reveal them.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use sha2::{Digest, Sha256};

use super::hmac_sha256::HmacSha256;

/// 256 bits.
const BYTES: usize = 32;

/// It has no `Debug`, so that it cannot be logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OpaqueToken(String);

/// The input from which a token is derived from its predecessor.
pub type Salt = [u8; BYTES];

impl OpaqueToken {
    /// A new token: 43 characters that are valid in a URL, a cookie and a header.
    pub fn generate() -> Self {
        Self::encode(rand::random::<[u8; BYTES]>())
    }

    /// The token that a client presents.
    pub fn from_client(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lookup key in the database.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// The next token of a rotation. It is determined by this token and the salt, and cannot be computed from one alone.
    #[must_use]
    pub fn derive_next(&self, salt: &[u8]) -> Self {
        Self::encode(HmacSha256::new(self.0.as_bytes()).sign(salt))
    }

    fn encode(bytes: impl AsRef<[u8]>) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_tokens_are_unique_and_url_safe() {
        let (token, other) = (OpaqueToken::generate(), OpaqueToken::generate());
        assert!(token != other && token.hash() != other.hash());
        assert_eq!(token.as_str().len(), 43);
        assert!(token.as_str().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
    }

    #[test]
    fn derived_token_depends_on_token_and_salt() {
        let (token, other) = (OpaqueToken::generate(), OpaqueToken::generate());
        let next = token.derive_next(&[1; BYTES]);
        assert!(next == OpaqueToken::from_client(token.as_str().to_owned()).derive_next(&[1; BYTES]));
        assert!(
            next != token && next != token.derive_next(&[2; BYTES]) && next != other.derive_next(&[1; BYTES])
        );
        assert_eq!(next.as_str().len(), token.as_str().len());
    }
}
