//! HMAC-SHA256, also as the HS256 algorithm of `jsonwebtoken`. The providers that `jsonwebtoken` brings take a minute to
//! compile: AWS-LC is a C library, and the other contains every algorithm of JWT.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{Error, Signer, Verifier},
};
use sha2::Sha256;

pub struct HmacSha256(Hmac<Sha256>);

impl HmacSha256 {
    #[expect(clippy::expect_used, reason = "a key of HMAC has any length")]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("a key of any length"))
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.clone().chain_update(message).finalize().into_bytes().to_vec()
    }
}

impl Signer<Vec<u8>> for HmacSha256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.sign(message))
    }
}

impl Verifier<Vec<u8>> for HmacSha256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

static JWT_PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |&algorithm, key| Ok(Box::new(for_jwt(algorithm, key.as_bytes())?)),
    verifier_factory: |&algorithm, key| Ok(Box::new(for_jwt(algorithm, key.try_get_as_bytes()?)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

fn for_jwt(algorithm: Algorithm, key: &[u8]) -> Result<HmacSha256> {
    if algorithm == Algorithm::HS256 {
        Ok(HmacSha256::new(key))
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

/// Lets `jsonwebtoken` sign and verify.
pub fn install_for_jwt() {
    // Refused when it was installed before.
    let _installed = JWT_PROVIDER.install_default();
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};

    use super::*;

    /// Test case 2 of RFC 4231.
    #[test]
    fn signature_is_that_of_the_standard() {
        let signature = HmacSha256::new(b"Jefe").sign(b"what do ya want for nothing?");
        let expected = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
        assert_eq!(BASE64_STANDARD.encode(signature), expected);
    }

    #[test]
    fn jwt_signature_needs_same_key_message_and_algorithm() {
        let key = for_jwt(Algorithm::HS256, b"key").unwrap();
        let signature = key.sign(b"message");
        assert!(key.verify(b"message", &signature).is_ok());
        assert!(key.verify(b"Message", &signature).is_err());
        assert!(key.verify(b"message", &signature[..31].to_vec()).is_err());
        assert!(HmacSha256::new(b"other").verify(b"message", &signature).is_err());
        assert!(for_jwt(Algorithm::HS512, b"key").is_err());
    }
}
