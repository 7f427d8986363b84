//! Access tokens, and the key that signs them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use chrono::Utc;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, errors::ErrorKind,
};
use serde::{Deserialize, Serialize};
use shared::problem::ProblemCode;
use uuid::Uuid;

use crate::problem::Error;

/// An access token lives for this many seconds.
pub const TOKEN_LIFE: i64 = 15 * 60;
/// A chain of refreshed tokens ends this many seconds after the sign-in.
const SESSION_LIFE: i64 = 7 * 24 * 60 * 60;
/// How far two clocks may be apart, in seconds.
const LEEWAY: u64 = 5;
const KEY_BYTES: usize = 32;
const KEY_ID: &str = "1";
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
    /// When the session began.
    orig_iat: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenType {
    Access,
}

/// Signs and checks tokens.
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Keys {
    /// The key in the data folder, made on the first start.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data_dir).with_context(|| format!("{} cannot be made", data_dir.display()))?;
        let path = data_dir.join("signing.key");
        let key = match create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path),
            made => made.map_err(Into::into),
        };
        Ok(Self::new(&key.with_context(|| path.display().to_string())?))
    }

    fn new(key: &[u8; KEY_BYTES]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[NAME]);
        validation.set_audience(&[NAME]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self { encoding: EncodingKey::from_secret(key), decoding: DecodingKey::from_secret(key), validation }
    }

    /// A token of a new session.
    pub fn sign_in(&self, user_id: i64) -> Result<String, Error> {
        self.sign(user_id, Uuid::new_v4(), Utc::now().timestamp())
    }

    /// A fresh token of the same session, unless that has lasted long enough.
    pub fn refresh(&self, claims: &Claims) -> Result<String, Error> {
        if Utc::now().timestamp() >= claims.orig_iat + SESSION_LIFE {
            return Err(ProblemCode::TokenRefused.into());
        }
        self.sign(claims.sub, claims.sid, claims.orig_iat)
    }

    fn sign(&self, sub: i64, sid: Uuid, orig_iat: i64) -> Result<String, Error> {
        let iat = Utc::now().timestamp();
        let (iss, aud) = (NAME.to_owned(), NAME.to_owned());
        let claims =
            Claims { sub, sid, typ: TokenType::Access, iss, aud, iat, exp: iat + TOKEN_LIFE, orig_iat };
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &self.encoding).map_err(|error| Error::Internal(error.into()))
    }

    /// What a token says, if it is one of ours and has not run out.
    pub fn check(&self, token: &str) -> Result<Claims, Error> {
        let checked = decode::<Claims>(token, &self.decoding, &self.validation);
        checked.map(|data| data.claims).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => ProblemCode::TokenExpired.into(),
            _ => ProblemCode::BadToken.into(),
        })
    }
}

fn create(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let key: [u8; KEY_BYTES] = rand::random();
    // Written beside and linked into place: a start that is cut short leaves no half a key.
    let draft = path.with_extension(format!("{}.draft", Uuid::new_v4()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&key).and_then(|()| file.sync_all())?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked.map(|()| key)
}

fn read(path: &Path) -> anyhow::Result<[u8; KEY_BYTES]> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    ensure!(
        mode.trailing_zeros() >= 6,
        "others than its owner may use it (mode {:o}): run chmod 600 on it, and replace it if it was shared",
        mode & 0o777
    );
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    match <[u8; KEY_BYTES]>::try_from(bytes.as_slice()) {
        Ok(key) if key != [0; KEY_BYTES] => Ok(key),
        _ => bail!("it is not a key of {KEY_BYTES} random bytes: remove it, and a new one is made"),
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

    #[test]
    fn a_token_says_who_signed_in_and_a_refreshed_one_keeps_the_session() {
        let keys = Keys::new(&[1; KEY_BYTES]);
        let claims = keys.check(&keys.sign_in(7).unwrap()).unwrap();
        assert_eq!(claims.sub, 7);
        let again = keys.check(&keys.refresh(&claims).unwrap()).unwrap();
        assert_eq!((again.sub, again.sid, again.orig_iat), (7, claims.sid, claims.orig_iat));
    }

    #[test]
    fn a_session_ends_after_seven_days() {
        let keys = Keys::new(&[1; KEY_BYTES]);
        let mut claims = keys.check(&keys.sign_in(7).unwrap()).unwrap();
        claims.orig_iat -= SESSION_LIFE;
        assert_eq!(keys.refresh(&claims).unwrap_err().problem().code, ProblemCode::TokenRefused);
    }

    #[test]
    fn tokens_of_other_keys_other_algorithms_and_other_times_are_refused() {
        let (keys, others) = (Keys::new(&[1; KEY_BYTES]), Keys::new(&[2; KEY_BYTES]));
        assert_eq!(code(keys.check(&others.sign_in(7).unwrap())), ProblemCode::BadToken);
        assert_eq!(code(keys.check("nonsense")), ProblemCode::BadToken);
        let claims = keys.check(&keys.sign_in(7).unwrap()).unwrap();
        let stale = Claims { exp: claims.exp - TOKEN_LIFE - 10, ..claims.clone() };
        let stale = encode(&Header::new(Algorithm::HS256), &stale, &keys.encoding).unwrap();
        assert_eq!(code(keys.check(&stale)), ProblemCode::TokenExpired);
        let other = encode(&Header::new(Algorithm::HS512), &claims, &keys.encoding).unwrap();
        assert_eq!(code(keys.check(&other)), ProblemCode::BadToken);
        let foreign = Claims { iss: "another".into(), ..claims };
        let foreign = encode(&Header::new(Algorithm::HS256), &foreign, &keys.encoding).unwrap();
        assert_eq!(code(keys.check(&foreign)), ProblemCode::BadToken);
    }

    #[test]
    fn the_key_is_made_once_and_is_nobody_elses_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let token = Keys::open(folder.path()).unwrap().sign_in(7).unwrap();
        assert!(Keys::open(folder.path()).unwrap().check(&token).is_ok());
        let path = folder.path().join("signing.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Keys::open(folder.path()).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        assert!(Keys::open(folder.path()).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
