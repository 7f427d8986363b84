//! Access tokens (JWT) and the keys that sign them.
//!
//! The data directory holds `signing.key` and, during a key rotation, `signing.previous.key`, which only verifies. To rotate
//! the key, rename the file to the latter and restart. Fifteen minutes later the last token of the old key has expired, and
//! the file can be deleted.

use std::{fs, path::Path, time::Duration};

use anyhow::Context;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use chrono::Utc;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode, errors::ErrorKind,
};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::problem::ProblemCode;
use uuid::Uuid;

use super::key_file::{self, KeyBytes};
use crate::error::ApiError;

/// Lifetime of an access token, in seconds.
pub const TOKEN_LIFETIME: i64 = 15 * 60;
/// Lifetime of a chain of tokens that were each refreshed from the previous one, in seconds.
const CHAIN_LIFETIME: i64 = 7 * 24 * 60 * 60;
/// Tolerated clock difference, in seconds.
const LEEWAY: u64 = 5;
/// Size and lifetime of the cache of verified tokens.
const VERIFIED_MAX: u64 = 20_000;
const VERIFIED_TTL: Duration = Duration::from_mins(1);
const KEY_FILE: &str = "signing.key";
const PREVIOUS_KEY_FILE: &str = "signing.previous.key";
const ISSUER: &str = "chatire";

/// The claims of an access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The user id.
    #[serde(with = "as_text")]
    pub sub: i64,
    /// The session id; a refreshed token keeps it.
    pub sid: Uuid,
    typ: TokenType,
    iss: String,
    aud: String,
    iat: i64,
    pub exp: i64,
    /// When the first token of the chain was issued.
    pub orig_iat: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenType {
    Access,
}

/// Signs and verifies tokens.
pub struct JwtKeys {
    current: Key,
    previous: Option<Key>,
    validation: Validation,
    verified: Cache<String, Claims>,
}

struct Key {
    /// The `kid` header of its tokens.
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    fn new(bytes: &KeyBytes) -> Self {
        let digest = Sha256::digest(bytes);
        let id = BASE64_URL_SAFE_NO_PAD.encode(digest.first_chunk::<6>().unwrap_or(&[0; 6]));
        Self { id, encoding: EncodingKey::from_secret(bytes), decoding: DecodingKey::from_secret(bytes) }
    }
}

impl JwtKeys {
    /// Loads the keys from the data directory; the first start creates one.
    pub fn load(data_dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data_dir).with_context(|| format!("cannot create {}", data_dir.display()))?;
        let current = key_file::read_or_create(&data_dir.join(KEY_FILE))?;
        let previous = key_file::read_if_exists(&data_dir.join(PREVIOUS_KEY_FILE))?;
        Ok(Self::new(Key::new(&current), previous.as_ref().map(Key::new)))
    }

    fn new(current: Key, previous: Option<Key>) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let verified = Cache::builder().max_capacity(VERIFIED_MAX).time_to_live(VERIFIED_TTL).build();
        Self { current, previous, validation, verified }
    }

    /// Issues a token for a session after a sign-in or a rotation of its refresh token.
    pub fn issue(&self, user_id: i64, session: Uuid) -> Result<String, ApiError> {
        self.sign(user_id, session, Utc::now().timestamp())
    }

    /// Issues a token in exchange for a valid one, until the lifetime of the chain is over.
    pub fn refresh(&self, claims: &Claims) -> Result<String, ApiError> {
        if Utc::now().timestamp() >= claims.orig_iat + CHAIN_LIFETIME {
            return Err(ProblemCode::TokenRejected.into());
        }
        self.sign(claims.sub, claims.sid, claims.orig_iat)
    }

    fn sign(&self, sub: i64, sid: Uuid, orig_iat: i64) -> Result<String, ApiError> {
        let iat = Utc::now().timestamp();
        let (iss, aud) = (ISSUER.to_owned(), ISSUER.to_owned());
        let claims =
            Claims { sub, sid, typ: TokenType::Access, iss, aud, iat, exp: iat + TOKEN_LIFETIME, orig_iat };
        let header = Header { kid: Some(self.current.id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &self.current.encoding).map_err(|error| ApiError::Internal(error.into()))
    }

    /// The claims of a valid token. The signature of a recently verified token is not checked again.
    pub fn verify(&self, token: &str) -> Result<Claims, ApiError> {
        let now = Utc::now().timestamp();
        match self.verified.get(token) {
            Some(claims) if now < claims.exp => Ok(claims),
            _ => {
                let claims = self.decode(token)?;
                self.verified.insert(token.to_owned(), claims.clone());
                Ok(claims)
            }
        }
    }

    fn decode(&self, token: &str) -> Result<Claims, ApiError> {
        let id = decode_header(token).map_err(|_| ProblemCode::InvalidToken)?.kid;
        let keys = [Some(&self.current), self.previous.as_ref()].into_iter().flatten();
        let key =
            keys.into_iter().find(|key| Some(&key.id) == id.as_ref()).ok_or(ProblemCode::InvalidToken)?;
        let decoded = decode::<Claims>(token, &key.decoding, &self.validation);
        decoded.map(|data| data.claims).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => ProblemCode::TokenExpired.into(),
            _ => ProblemCode::InvalidToken.into(),
        })
    }
}

/// RFC 7519 requires `sub` to be a string.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "required by serde")]
    pub fn serialize<S: Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Result<Claims, ApiError>) -> ProblemCode {
        result.unwrap_err().problem().code
    }

    fn keys(byte: u8) -> JwtKeys {
        JwtKeys::new(Key::new(&[byte; key_file::KEY_LENGTH]), None)
    }

    fn header(keys: &JwtKeys, algorithm: Algorithm) -> Header {
        Header { kid: Some(keys.current.id.clone()), ..Header::new(algorithm) }
    }

    #[test]
    fn refreshed_token_keeps_user_and_session() {
        let keys = keys(1);
        let claims = keys.verify(&keys.issue(7, Uuid::nil()).unwrap()).unwrap();
        assert_eq!(claims.sub, 7);
        let refreshed = keys.verify(&keys.refresh(&claims).unwrap()).unwrap();
        assert_eq!((refreshed.sub, refreshed.sid, refreshed.orig_iat), (7, claims.sid, claims.orig_iat));
    }

    #[test]
    fn token_chain_ends_after_seven_days() {
        let keys = keys(1);
        let mut claims = keys.verify(&keys.issue(7, Uuid::nil()).unwrap()).unwrap();
        claims.orig_iat -= CHAIN_LIFETIME;
        assert_eq!(keys.refresh(&claims).unwrap_err().problem().code, ProblemCode::TokenRejected);
    }

    #[test]
    fn foreign_and_expired_tokens_are_rejected() {
        let (keys, others) = (keys(1), keys(2));
        assert_eq!(code(keys.verify(&others.issue(7, Uuid::nil()).unwrap())), ProblemCode::InvalidToken);
        assert_eq!(code(keys.verify("nonsense")), ProblemCode::InvalidToken);
        let claims = keys.verify(&keys.issue(7, Uuid::nil()).unwrap()).unwrap();
        let expired = Claims { exp: claims.exp - TOKEN_LIFETIME - 10, ..claims.clone() };
        let expired = encode(&header(&keys, Algorithm::HS256), &expired, &keys.current.encoding).unwrap();
        assert_eq!(code(keys.verify(&expired)), ProblemCode::TokenExpired);
        let other = encode(&header(&keys, Algorithm::HS512), &claims, &keys.current.encoding).unwrap();
        assert_eq!(code(keys.verify(&other)), ProblemCode::InvalidToken);
        let foreign = Claims { iss: "another".into(), ..claims };
        let foreign = encode(&header(&keys, Algorithm::HS256), &foreign, &keys.current.encoding).unwrap();
        assert_eq!(code(keys.verify(&foreign)), ProblemCode::InvalidToken);
    }

    #[test]
    fn previous_key_verifies_until_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (current, previous) = (folder.path().join(KEY_FILE), folder.path().join(PREVIOUS_KEY_FILE));
        let old = JwtKeys::load(folder.path()).unwrap().issue(7, Uuid::nil()).unwrap();
        fs::rename(current, &previous).unwrap();
        let keys = JwtKeys::load(folder.path()).unwrap();
        assert_eq!(keys.verify(&old).unwrap().sub, 7);
        let new = keys.refresh(&keys.verify(&old).unwrap()).unwrap();
        fs::remove_file(previous).unwrap();
        let keys = JwtKeys::load(folder.path()).unwrap();
        assert_eq!(code(keys.verify(&old)), ProblemCode::InvalidToken);
        assert_eq!(keys.verify(&new).unwrap().sub, 7);
    }
}
