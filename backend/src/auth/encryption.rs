//! Encryption of stored secrets that the server must be able to read, such as TOTP secrets. The key is a file, so that the
//! database alone reveals nothing.

use std::path::Path;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use anyhow::anyhow;

use super::key_file;
use crate::error::ApiError;

const KEY_FILE: &str = "sealing.key";

/// Bytes of the random nonce in front of a sealed value.
const NONCE_LEN: usize = 12;

/// AES-256-GCM. A value that was sealed for one purpose cannot be unsealed for another.
pub struct SecretBox(Aes256Gcm);

impl SecretBox {
    /// Loads the key from the data directory; the first start creates it.
    pub fn load(data_dir: &Path) -> anyhow::Result<Self> {
        let key = key_file::read_or_create(&data_dir.join(KEY_FILE))?;
        Ok(Self(Aes256Gcm::new(&key.into())))
    }

    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, ApiError> {
        let nonce = rand::random::<[u8; NONCE_LEN]>();
        let payload = Payload { msg: secret, aad: purpose.as_bytes() };
        let sealed = self.0.encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| anyhow!("a secret cannot be encrypted"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Fails if the value was sealed with another key.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, ApiError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().unwrap_or((&[0; NONCE_LEN], &[]));
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        let secret = self.0.decrypt(&(*nonce).into(), payload);
        Ok(secret.map_err(|_| {
            anyhow!("a stored secret cannot be decrypted: is {KEY_FILE} the key that it was encrypted with?")
        })?)
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
