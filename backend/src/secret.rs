//! Texts of chance that open something to whoever shows them. What is stored of one is its hash alone, so that whoever
//! reads the database cannot use it.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use sha2::{Digest, Sha256};

/// 256 bits.
const BYTES: usize = 32;

/// A secret. It has no `Debug`, so no log can hold one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

/// What makes a secret out of the one before it.
pub type Salt = [u8; BYTES];

impl Secret {
    /// One that nobody knows yet: 43 characters that may stand in an address, a cookie and a header.
    pub fn fresh() -> Self {
        Self::of_bytes(rand::random::<[u8; BYTES]>())
    }

    /// What somebody shows.
    pub fn shown(text: String) -> Self {
        Self(text)
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    /// By which it is found again.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// The one that takes its place: the same for the same salt, and found by nobody who has only one of the two.
    pub fn successor(&self, salt: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        Self::of_bytes(hmac::sign(&key, salt))
    }

    fn of_bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_another_and_may_stand_anywhere() {
        let (one, other) = (Secret::fresh(), Secret::fresh());
        assert!(one != other && one.hash() != other.hash());
        assert_eq!(one.text().len(), 43);
        assert!(one.text().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
    }

    #[test]
    fn a_successor_follows_from_both_and_from_nothing_less() {
        let (one, other) = (Secret::fresh(), Secret::fresh());
        let next = one.successor(&[1; BYTES]);
        assert!(next == Secret::shown(one.text().to_owned()).successor(&[1; BYTES]));
        assert!(next != one && next != one.successor(&[2; BYTES]) && next != other.successor(&[1; BYTES]));
        assert_eq!(next.text().len(), one.text().len());
    }
}
