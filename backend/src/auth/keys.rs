//! Access tokens, and the keys that sign them.
//!
//! The data folder holds `signing.key`, and while it is being replaced also `signing.previous.key`, which signs nothing
//! any more but is still believed. To replace the key, rename the file so and restart; fifteen minutes later the last
//! token of the old key has run out, and the file can go.

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

use super::key_file::{self, Secret};
use crate::problem::Error;

/// An access token lives for this many seconds.
pub const TOKEN_LIFE: i64 = 15 * 60;
/// A chain of tokens, each made from the one before, ends after this many seconds.
const CHAIN_LIFE: i64 = 7 * 24 * 60 * 60;
/// How far two clocks may be apart, in seconds.
const LEEWAY: u64 = 5;
/// How many tokens are remembered as checked, and for how long.
const CHECKED_MAX: u64 = 20_000;
const CHECKED_FOR: Duration = Duration::from_mins(1);
const KEY_FILE: &str = "signing.key";
const PREVIOUS_KEY_FILE: &str = "signing.previous.key";
const NAME: &str = "chatire";

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The number of the user.
    #[serde(with = "as_text")]
    pub sub: i64,
    /// The session that a sign-in began; a refreshed token belongs to the same one.
    pub sid: Uuid,
    typ: TokenType,
    iss: String,
    aud: String,
    iat: i64,
    pub exp: i64,
    /// When the first token of the chain was made.
    pub orig_iat: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenType {
    Access,
}

/// Signs and checks tokens.
pub struct Keys {
    current: Key,
    previous: Option<Key>,
    validation: Validation,
    checked: Cache<String, Claims>,
}

struct Key {
    /// Says in a token's head which key signed it.
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    fn new(bytes: &Secret) -> Self {
        let digest = Sha256::digest(bytes);
        let id = BASE64_URL_SAFE_NO_PAD.encode(digest.first_chunk::<6>().unwrap_or(&[0; 6]));
        Self { id, encoding: EncodingKey::from_secret(bytes), decoding: DecodingKey::from_secret(bytes) }
    }
}

impl Keys {
    /// The keys in the data folder; the first start makes one.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data_dir).with_context(|| format!("{} cannot be made", data_dir.display()))?;
        let current = key_file::read_or_create(&data_dir.join(KEY_FILE))?;
        let previous = key_file::read_if_there(&data_dir.join(PREVIOUS_KEY_FILE))?;
        Ok(Self::new(Key::new(&current), previous.as_ref().map(Key::new)))
    }

    fn new(current: Key, previous: Option<Key>) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[NAME]);
        validation.set_audience(&[NAME]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let checked = Cache::builder().max_capacity(CHECKED_MAX).time_to_live(CHECKED_FOR).build();
        Self { current, previous, validation, checked }
    }

    /// A token of a session, for whoever has just proved that it is theirs.
    pub fn sign_in(&self, user_id: i64, session: Uuid) -> Result<String, Error> {
        self.sign(user_id, session, Utc::now().timestamp())
    }

    /// A fresh token for whoever shows nothing but one that is still good: that goes on for so long and no longer.
    pub fn refresh(&self, claims: &Claims) -> Result<String, Error> {
        if Utc::now().timestamp() >= claims.orig_iat + CHAIN_LIFE {
            return Err(ProblemCode::TokenRefused.into());
        }
        self.sign(claims.sub, claims.sid, claims.orig_iat)
    }

    fn sign(&self, sub: i64, sid: Uuid, orig_iat: i64) -> Result<String, Error> {
        let iat = Utc::now().timestamp();
        let (iss, aud) = (NAME.to_owned(), NAME.to_owned());
        let claims =
            Claims { sub, sid, typ: TokenType::Access, iss, aud, iat, exp: iat + TOKEN_LIFE, orig_iat };
        let header = Header { kid: Some(self.current.id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &self.current.encoding).map_err(|error| Error::Internal(error.into()))
    }

    /// What a token says, if it is one of ours and has not run out. What was checked lately need not be checked again,
    /// but for its end.
    pub fn check(&self, token: &str) -> Result<Claims, Error> {
        let now = Utc::now().timestamp();
        match self.checked.get(token) {
            Some(claims) if now < claims.exp => Ok(claims),
            _ => {
                let claims = self.verify(token)?;
                self.checked.insert(token.to_owned(), claims.clone());
                Ok(claims)
            }
        }
    }

    fn verify(&self, token: &str) -> Result<Claims, Error> {
        let id = decode_header(token).map_err(|_| ProblemCode::BadToken)?.kid;
        let known = [Some(&self.current), self.previous.as_ref()].into_iter().flatten();
        let key = known.into_iter().find(|key| Some(&key.id) == id.as_ref()).ok_or(ProblemCode::BadToken)?;
        let checked = decode::<Claims>(token, &key.decoding, &self.validation);
        checked.map(|data| data.claims).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => ProblemCode::TokenExpired.into(),
            _ => ProblemCode::BadToken.into(),
        })
    }
}

/// The standard wants `sub` to be text.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
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

    fn code(result: Result<Claims, Error>) -> ProblemCode {
        result.unwrap_err().problem().code
    }

    fn keys(byte: u8) -> Keys {
        Keys::new(Key::new(&[byte; key_file::SECRET_BYTES]), None)
    }

    fn head(keys: &Keys, algorithm: Algorithm) -> Header {
        Header { kid: Some(keys.current.id.clone()), ..Header::new(algorithm) }
    }

    #[test]
    fn a_token_says_who_signed_in_and_a_refreshed_one_keeps_the_session() {
        let keys = keys(1);
        let claims = keys.check(&keys.sign_in(7, Uuid::nil()).unwrap()).unwrap();
        assert_eq!(claims.sub, 7);
        let again = keys.check(&keys.refresh(&claims).unwrap()).unwrap();
        assert_eq!((again.sub, again.sid, again.orig_iat), (7, claims.sid, claims.orig_iat));
    }

    #[test]
    fn a_chain_ends_after_seven_days() {
        let keys = keys(1);
        let mut claims = keys.check(&keys.sign_in(7, Uuid::nil()).unwrap()).unwrap();
        claims.orig_iat -= CHAIN_LIFE;
        assert_eq!(keys.refresh(&claims).unwrap_err().problem().code, ProblemCode::TokenRefused);
    }

    #[test]
    fn tokens_of_other_keys_other_algorithms_and_other_times_are_refused() {
        let (keys, others) = (keys(1), keys(2));
        assert_eq!(code(keys.check(&others.sign_in(7, Uuid::nil()).unwrap())), ProblemCode::BadToken);
        assert_eq!(code(keys.check("nonsense")), ProblemCode::BadToken);
        let claims = keys.check(&keys.sign_in(7, Uuid::nil()).unwrap()).unwrap();
        let stale = Claims { exp: claims.exp - TOKEN_LIFE - 10, ..claims.clone() };
        let stale = encode(&head(&keys, Algorithm::HS256), &stale, &keys.current.encoding).unwrap();
        assert_eq!(code(keys.check(&stale)), ProblemCode::TokenExpired);
        let other = encode(&head(&keys, Algorithm::HS512), &claims, &keys.current.encoding).unwrap();
        assert_eq!(code(keys.check(&other)), ProblemCode::BadToken);
        let foreign = Claims { iss: "another".into(), ..claims };
        let foreign = encode(&head(&keys, Algorithm::HS256), &foreign, &keys.current.encoding).unwrap();
        assert_eq!(code(keys.check(&foreign)), ProblemCode::BadToken);
    }

    #[test]
    fn a_key_that_was_replaced_is_believed_until_it_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let (current, previous) = (folder.path().join(KEY_FILE), folder.path().join(PREVIOUS_KEY_FILE));
        let old = Keys::open(folder.path()).unwrap().sign_in(7, Uuid::nil()).unwrap();
        fs::rename(current, &previous).unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        assert_eq!(keys.check(&old).unwrap().sub, 7);
        let new = keys.refresh(&keys.check(&old).unwrap()).unwrap();
        fs::remove_file(previous).unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        assert_eq!(code(keys.check(&old)), ProblemCode::BadToken);
        assert_eq!(keys.check(&new).unwrap().sub, 7);
    }
}
