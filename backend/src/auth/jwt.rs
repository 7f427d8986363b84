//! Access tokens (JWT) and the keys that sign them.
//!
//! The data directory holds `signing.key` and, during a key rotation, `signing.previous.key`, which only verifies. To rotate
//! the key, rename the file to the latter and restart. After 30 days the last token of the old key has expired, and the file
//! can be deleted.

use std::{fs, path::Path, time::Duration};

use anyhow::Context;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::{id::UserId, problem::ProblemCode};
use uuid::Uuid;

use super::{
    hmac_sha256,
    key_file::{self, KeyBytes},
};
use crate::{clock::Clock, error::ApiError};

/// Lifetime of a chain of tokens that were each refreshed from the previous one, in seconds.
const CHAIN_LIFETIME: i64 = 7 * 24 * 60 * 60;
/// Tolerated clock difference, in seconds.
const LEEWAY: i64 = 5;
/// Size and lifetime of the cache of verified tokens.
const VERIFIED_MAX: u64 = 20_000;
const VERIFIED_TTL: Duration = Duration::from_mins(1);
pub(super) const KEY_FILE: &str = "signing.key";
const PREVIOUS_KEY_FILE: &str = "signing.previous.key";
const ISSUER: &str = "chatire";

/// How long an access token is valid, unless its session ends before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenLifetime {
    /// 15 minutes: a page of this server renews it with the refresh cookie.
    Page,
    /// 30 days, as long as an unused session: programs and pages of other origins have no cookie, and clients of the original
    /// never renew their token.
    Program,
}

impl TokenLifetime {
    const fn seconds(self) -> i64 {
        match self {
            Self::Page => 15 * 60,
            Self::Program => 30 * 24 * 60 * 60,
        }
    }
}

/// The claims of an access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The user id.
    #[serde(with = "as_text")]
    pub sub: UserId,
    /// The session id; a refreshed token keeps it.
    pub sid: Uuid,
    typ: TokenType,
    iss: String,
    aud: String,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    pub exp: i64,
    /// When the first token of the chain was issued.
    pub orig_iat: i64,
}

impl Claims {
    /// Checks the validity period, with some leeway. `now` is in Unix seconds.
    fn check_valid_at(&self, now: i64) -> Result<(), ProblemCode> {
        if self.exp.saturating_add(LEEWAY) < now {
            Err(ProblemCode::TokenExpired)
        } else if self.nbf.is_some_and(|nbf| nbf > now + LEEWAY) {
            Err(ProblemCode::InvalidToken)
        } else {
            Ok(())
        }
    }
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
    clock: Clock,
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
    pub fn load(data_dir: &Path, clock: Clock) -> anyhow::Result<Self> {
        fs::create_dir_all(data_dir).with_context(|| format!("cannot create {}", data_dir.display()))?;
        let current = key_file::read_or_create(&data_dir.join(KEY_FILE))?;
        let previous = key_file::read_if_exists(&data_dir.join(PREVIOUS_KEY_FILE))?;
        Ok(Self::new(Key::new(&current), previous.as_ref().map(Key::new), clock))
    }

    fn new(current: Key, previous: Option<Key>, clock: Clock) -> Self {
        hmac_sha256::install_for_jwt();
        let mut validation = Validation::new(Algorithm::HS256);
        // Checked against the injected clock instead.
        validation.validate_exp = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let verified = Cache::builder().max_capacity(VERIFIED_MAX).time_to_live(VERIFIED_TTL).build();
        Self { current, previous, validation, clock, verified }
    }

    /// Issues a token for a session after a sign-in or a rotation of its refresh token.
    pub fn issue(&self, user_id: UserId, session: Uuid, lifetime: TokenLifetime) -> Result<String, ApiError> {
        let now = self.clock.timestamp();
        self.sign(user_id, session, now, now + lifetime.seconds())
    }

    /// Issues a token in exchange for a valid one, until the lifetime of the chain is over. It expires no earlier than the old
    /// one.
    pub fn refresh(&self, claims: &Claims) -> Result<String, ApiError> {
        let now = self.clock.timestamp();
        let exp = claims.exp.max(now + TokenLifetime::Page.seconds());
        if exp > claims.exp && now >= claims.orig_iat + CHAIN_LIFETIME {
            return Err(ProblemCode::TokenRejected.into());
        }
        self.sign(claims.sub, claims.sid, claims.orig_iat, exp)
    }

    fn sign(&self, sub: UserId, sid: Uuid, orig_iat: i64, exp: i64) -> Result<String, ApiError> {
        let iat = self.clock.timestamp();
        let (iss, aud) = (ISSUER.to_owned(), ISSUER.to_owned());
        let (typ, nbf) = (TokenType::Access, None);
        let claims = Claims { sub, sid, typ, iss, aud, iat, nbf, exp, orig_iat };
        let header = Header { kid: Some(self.current.id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &self.current.encoding).map_err(|error| ApiError::Internal(error.into()))
    }

    /// The claims of a valid token. The signature of a recently verified token is not checked again.
    pub fn verify(&self, token: &str) -> Result<Claims, ApiError> {
        let now = self.clock.timestamp();
        match self.verified.get(token) {
            Some(claims) if now < claims.exp => Ok(claims),
            _ => {
                let claims = self.decode(token)?;
                claims.check_valid_at(now)?;
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
        decoded.map(|data| data.claims).map_err(|_| ProblemCode::InvalidToken.into())
    }
}

/// RFC 7519 requires `sub` to be a string.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use shared::id::UserId;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "required by serde")]
    pub fn serialize<S: Serializer>(id: &UserId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UserId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::new(7);

    fn code(result: Result<Claims, ApiError>) -> ProblemCode {
        result.unwrap_err().problem().code
    }

    fn keys(byte: u8) -> JwtKeys {
        JwtKeys::new(Key::new(&[byte; key_file::KEY_LENGTH]), None, Clock::default())
    }

    #[test]
    fn refreshed_token_keeps_user_and_session() {
        let keys = keys(1);
        let claims = keys.verify(&keys.issue(ADA, Uuid::nil(), TokenLifetime::Page).unwrap()).unwrap();
        assert_eq!(claims.sub, ADA);
        let refreshed = keys.verify(&keys.refresh(&claims).unwrap()).unwrap();
        assert_eq!((refreshed.sub, refreshed.sid, refreshed.orig_iat), (ADA, claims.sid, claims.orig_iat));
    }

    #[test]
    fn token_chain_ends_after_seven_days() {
        let keys = keys(1);
        let claims = keys.verify(&keys.issue(ADA, Uuid::nil(), TokenLifetime::Page).unwrap()).unwrap();
        keys.clock.advance(Duration::from_hours(7 * 24 - 1));
        keys.refresh(&claims).unwrap();
        keys.clock.advance(Duration::from_hours(1));
        assert_eq!(keys.refresh(&claims).unwrap_err().problem().code, ProblemCode::TokenRejected);
    }

    #[test]
    fn token_of_a_program_keeps_its_end_when_refreshed() {
        let keys = keys(1);
        let claims = keys.verify(&keys.issue(ADA, Uuid::nil(), TokenLifetime::Program).unwrap()).unwrap();
        keys.clock.advance(Duration::from_hours(29 * 24));
        let refreshed = keys.verify(&keys.refresh(&claims).unwrap()).unwrap();
        assert_eq!(refreshed.exp, claims.exp);
        keys.clock.advance(Duration::from_hours(24));
        assert_eq!(keys.refresh(&refreshed).unwrap_err().problem().code, ProblemCode::TokenRejected);
    }

    #[test]
    fn token_expires_after_lifetime_and_leeway() {
        let keys = keys(1);
        let token = keys.issue(ADA, Uuid::nil(), TokenLifetime::Page).unwrap();
        keys.clock.advance(Duration::from_mins(15));
        keys.verify(&token).unwrap();
        keys.clock.advance(Duration::from_secs(6));
        assert_eq!(code(keys.verify(&token)), ProblemCode::TokenExpired);
    }

    #[test]
    fn foreign_tokens_are_rejected() {
        let (keys, others) = (keys(1), keys(2));
        assert_eq!(
            code(keys.verify(&others.issue(ADA, Uuid::nil(), TokenLifetime::Page).unwrap())),
            ProblemCode::InvalidToken
        );
        assert_eq!(code(keys.verify("nonsense")), ProblemCode::InvalidToken);
        let claims = keys.verify(&keys.issue(ADA, Uuid::nil(), TokenLifetime::Page).unwrap()).unwrap();
        let foreign = Claims { iss: "another".into(), ..claims };
        let header = Header { kid: Some(keys.current.id.clone()), ..Header::new(Algorithm::HS256) };
        let foreign = encode(&header, &foreign, &keys.current.encoding).unwrap();
        assert_eq!(code(keys.verify(&foreign)), ProblemCode::InvalidToken);
    }

    #[test]
    fn previous_key_verifies_until_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (current, previous) = (folder.path().join(KEY_FILE), folder.path().join(PREVIOUS_KEY_FILE));
        let old = JwtKeys::load(folder.path(), Clock::default())
            .unwrap()
            .issue(ADA, Uuid::nil(), TokenLifetime::Page)
            .unwrap();
        fs::rename(current, &previous).unwrap();
        let keys = JwtKeys::load(folder.path(), Clock::default()).unwrap();
        assert_eq!(keys.verify(&old).unwrap().sub, ADA);
        let new = keys.refresh(&keys.verify(&old).unwrap()).unwrap();
        fs::remove_file(previous).unwrap();
        let keys = JwtKeys::load(folder.path(), Clock::default()).unwrap();
        assert_eq!(code(keys.verify(&old)), ProblemCode::InvalidToken);
        assert_eq!(keys.verify(&new).unwrap().sub, ADA);
    }
}
