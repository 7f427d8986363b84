//! File tokens: signed grants in the URLs of files, which browsers load without a header. A token says who asks, not what they may
//! see: session and membership are checked at every download.

use std::path::Path;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jsonwebtoken::signature::Verifier;
use shared::{
    id::{ChatId, UserId},
    problem::ProblemCode,
};
use uuid::Uuid;

use super::{hmac_sha256::HmacSha256, jwt, key_file};
use crate::clock::Clock;

/// The same token is issued for this long, in seconds, so that browsers cache by its URL. It is valid for one to two windows.
const WINDOW: i64 = 30 * 60;
/// Separates these signatures from others by the same key.
const PURPOSE: &[u8] = b"chatire file token";
const SIGNATURE_LENGTH: usize = 32;
const GRANT_LENGTH: usize = 8 + 16 + 8 + 8;

/// Who may load the files of a chat, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileGrant {
    pub user_id: UserId,
    pub session_id: Uuid,
    pub chat_id: ChatId,
    /// In Unix seconds.
    pub expires_at: i64,
}

/// Signs and verifies file tokens.
pub struct FileTokens {
    key: HmacSha256,
    clock: Clock,
}

impl FileTokens {
    /// The key is derived from the one of the access tokens.
    pub fn load(data_dir: &Path, clock: Clock) -> anyhow::Result<Self> {
        let signing_key = key_file::read_or_create(&data_dir.join(jwt::KEY_FILE))?;
        Ok(Self { key: HmacSha256::new(&HmacSha256::new(&signing_key).sign(PURPOSE)), clock })
    }

    /// Returns the token and its grant.
    pub fn issue(&self, user_id: UserId, session_id: Uuid, chat_id: ChatId) -> (String, FileGrant) {
        let expires_at = (self.clock.timestamp() / WINDOW + 2) * WINDOW;
        let grant = FileGrant { user_id, session_id, chat_id, expires_at };
        let mut token = grant.to_bytes();
        let signature = self.key.sign(&token);
        token.extend(signature);
        (BASE64_URL_SAFE_NO_PAD.encode(token), grant)
    }

    /// The grant of a valid token.
    pub fn verify(&self, token: &str) -> Result<FileGrant, ProblemCode> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| ProblemCode::InvalidToken)?;
        let (grant, signature) = bytes.split_at_checked(GRANT_LENGTH).ok_or(ProblemCode::InvalidToken)?;
        if signature.len() != SIGNATURE_LENGTH || self.key.verify(grant, &signature.to_vec()).is_err() {
            return Err(ProblemCode::InvalidToken);
        }
        let grant = FileGrant::from_bytes(grant).ok_or(ProblemCode::InvalidToken)?;
        if grant.expires_at > self.clock.timestamp() { Ok(grant) } else { Err(ProblemCode::TokenExpired) }
    }

    /// For how many seconds the token of a grant is still valid.
    pub fn seconds_left(&self, grant: FileGrant) -> i64 {
        grant.expires_at - self.clock.timestamp()
    }
}

impl FileGrant {
    fn to_bytes(self) -> Vec<u8> {
        [
            &self.user_id.get().to_be_bytes()[..],
            self.session_id.as_bytes(),
            &self.chat_id.get().to_be_bytes(),
            &self.expires_at.to_be_bytes(),
        ]
        .concat()
    }

    fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let user_id = take_number(&mut bytes)?;
        let session_id = Uuid::from_bytes(*bytes.split_off(..16)?.as_array()?);
        let (chat_id, expires_at) = (take_number(&mut bytes)?, take_number(&mut bytes)?);
        Some(Self { user_id: UserId::new(user_id), session_id, chat_id: ChatId::new(chat_id), expires_at })
    }
}

fn take_number(bytes: &mut &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(*bytes.split_off(..8)?.as_array()?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ADA: UserId = UserId::new(7);
    const TEA: ChatId = ChatId::new(3);

    fn tokens() -> FileTokens {
        FileTokens { key: HmacSha256::new(b"key"), clock: Clock::default() }
    }

    #[test]
    fn token_grants_user_session_and_chat() {
        let tokens = tokens();
        let session_id = Uuid::from_u128(99);
        let (token, grant) = tokens.issue(ADA, session_id, TEA);
        assert_eq!(tokens.verify(&token), Ok(grant));
        assert_eq!((grant.user_id, grant.session_id, grant.chat_id), (ADA, session_id, TEA));
        let other = FileTokens { key: HmacSha256::new(b"other"), clock: Clock::default() };
        assert_eq!(other.verify(&token), Err(ProblemCode::InvalidToken));
        let tampered = token.replacen('A', "B", 1);
        for bad in ["", "tea", token.split_at(20).0, &format!("{token}AA"), &tampered] {
            assert_eq!(tokens.verify(bad), Err(ProblemCode::InvalidToken), "{bad}");
        }
    }

    #[test]
    fn token_is_stable_within_window_and_expires() {
        let tokens = tokens();
        let window = u64::try_from(WINDOW).unwrap();
        // To the start of a window.
        let elapsed = u64::try_from(tokens.clock.timestamp()).unwrap() % window;
        tokens.clock.advance(Duration::from_secs(window - elapsed));
        let (token, grant) = tokens.issue(ADA, Uuid::nil(), TEA);
        tokens.clock.advance(Duration::from_secs(window - 10));
        assert_eq!(tokens.issue(ADA, Uuid::nil(), TEA).0, token);
        assert!(tokens.seconds_left(grant) >= WINDOW);
        tokens.clock.advance(Duration::from_secs(20));
        assert_ne!(tokens.issue(ADA, Uuid::nil(), TEA).0, token);
        assert!(tokens.verify(&token).is_ok());
        tokens.clock.advance(Duration::from_secs(window));
        assert_eq!(tokens.verify(&token), Err(ProblemCode::TokenExpired));
    }
}
