//! Encryption of stored secrets that the server must be able to read, such as TOTP secrets. The key is a file, so that the
//! database alone reveals nothing.

use std::path::Path;

use anyhow::anyhow;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::key_file;
use crate::error::ApiError;

const KEY_FILE: &str = "sealing.key";

/// AES-256-GCM. A value that was sealed for one purpose cannot be unsealed for another.
pub struct SecretBox(RandomizedNonceKey);

impl SecretBox {
    /// Loads the key from the data directory; the first start creates it.
    pub fn load(data_dir: &Path) -> anyhow::Result<Self> {
        let key = key_file::read_or_create(&data_dir.join(KEY_FILE))?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).map(Self).map_err(|_| anyhow!("{KEY_FILE} is not a key"))
    }

    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, ApiError> {
        let mut sealed = secret.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(purpose), &mut sealed);
        let nonce = nonce.map_err(|_| anyhow!("a secret cannot be encrypted"))?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Fails if the value was sealed with another key.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, ApiError> {
        let invalid = || {
            anyhow!("a stored secret cannot be decrypted: is {KEY_FILE} the key that it was encrypted with?")
        };
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or_else(invalid)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| invalid())?;
        let mut opened = sealed.to_vec();
        let secret = self.0.open_in_place(nonce, Aad::from(purpose), &mut opened).map_err(|_| invalid())?;
        Ok(secret.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unseal_requires_same_key_and_purpose() {
        let (folder, other_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secret_box = SecretBox::load(folder.path()).unwrap();
        let sealed = secret_box.seal("codes of 7", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, secret_box.seal("codes of 7", b"secret").unwrap(), "the nonce differs");
        let reloaded = SecretBox::load(folder.path()).unwrap();
        assert_eq!(reloaded.unseal("codes of 7", &sealed).unwrap(), b"secret");
        assert!(reloaded.unseal("codes of 8", &sealed).is_err());
        assert!(SecretBox::load(other_folder.path()).unwrap().unseal("codes of 7", &sealed).is_err());
        for broken in [&sealed[..sealed.len() - 1], &sealed[..5], &[]] {
            assert!(reloaded.unseal("codes of 7", broken).is_err());
        }
    }
}
