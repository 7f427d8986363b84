//! Secrets that must be known to be used, such as what makes one-time codes: in the database they stand sealed, and the key
//! is a file. Whoever reads either alone has nothing.

use std::path::Path;

use anyhow::anyhow;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::key_file;
use crate::problem::Error;

const KEY_FILE: &str = "sealing.key";

/// Seals and opens. What was sealed for one purpose opens for no other.
pub struct Sealing(RandomizedNonceKey);

impl Sealing {
    /// The key in the data folder; the first start makes one.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let key = key_file::read_or_create(&data_dir.join(KEY_FILE))?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).map(Self).map_err(|_| anyhow!("{KEY_FILE} is no key"))
    }

    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let mut sealed = secret.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(purpose), &mut sealed);
        let nonce = nonce.map_err(|_| anyhow!("a secret cannot be sealed"))?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Fails if the key is another one than it was sealed with.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let broken =
            || anyhow!("a sealed secret cannot be opened: is {KEY_FILE} the one it was sealed with?");
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut opened = sealed.to_vec();
        let secret = self.0.open_in_place(nonce, Aad::from(purpose), &mut opened).map_err(|_| broken())?;
        Ok(secret.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_for_the_same_purpose() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealing = Sealing::open(folder.path()).unwrap();
        let sealed = sealing.seal("codes of 7", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, sealing.seal("codes of 7", b"secret").unwrap(), "it never looks the same");
        let again = Sealing::open(folder.path()).unwrap();
        assert_eq!(again.unseal("codes of 7", &sealed).unwrap(), b"secret");
        assert!(again.unseal("codes of 8", &sealed).is_err());
        assert!(Sealing::open(elsewhere.path()).unwrap().unseal("codes of 7", &sealed).is_err());
        for broken in [&sealed[..sealed.len() - 1], &sealed[..5], &[]] {
            assert!(again.unseal("codes of 7", broken).is_err());
        }
    }
}
