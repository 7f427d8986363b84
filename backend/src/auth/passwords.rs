//! Password hashing with argon2id, on at most as many threads as there are cores.

use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Duration};

use anyhow::anyhow;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use shared::{
    credentials::Password,
    problem::{FieldCode, ProblemCode},
};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zxcvbn::zxcvbn;

use crate::error::{ApiError, Rejection};

/// Memory in KiB, passes and lanes: OWASP's second recommendation for argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// A password that takes fewer guesses is too common: this covers 10,000 words, their usual spellings, dates and keyboard
/// patterns.
const GUESSES_MIN: u64 = 20_000;

/// Hashes and verifies passwords.
pub struct Passwords {
    /// Permits for all requests that run or wait.
    queue: Arc<Semaphore>,
    /// Permits for the requests that run: without this limit, 200 concurrent sign-ins would take 4 GiB.
    cores: Arc<Semaphore>,
    /// Verified in place of a missing hash, so that the response takes the same time.
    dummy_hash: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyResult {
    Valid,
    /// Valid, but hashed with other cost parameters: hash it again.
    ValidButOutdated,
    Invalid,
}

impl Passwords {
    /// `waiting_per_core` limits the queue. At about 30 ms for each password, the last of 64 waits two seconds.
    pub fn new(waiting_per_core: usize) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let queue = cores.saturating_mul(waiting_per_core).min(Semaphore::MAX_PERMITS);
        Self {
            queue: Arc::new(Semaphore::new(queue)),
            cores: Arc::new(Semaphore::new(cores)),
            dummy_hash: dummy_hash(),
        }
    }

    /// Rejects common passwords and those made from the user's own names. For some passwords the check takes a second.
    pub async fn check_strength(
        &self,
        field: &str,
        password: &Password,
        user_inputs: [&str; 2],
    ) -> Result<(), ApiError> {
        let (password, user_inputs) = (password.clone(), user_inputs.map(ToOwned::to_owned));
        if self.run(move || is_common(&password.0, &user_inputs)).await? {
            return Err(Rejection::field(field, FieldCode::CommonPassword).into());
        }
        Ok(())
    }

    pub async fn hash(&self, password: Password) -> Result<String, ApiError> {
        Ok(self.run(move || hash(&password.0)).await??)
    }

    /// Verifies against a stored hash. Without one the result is `Invalid`, after the same time.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<VerifyResult, ApiError> {
        let has_hash = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy_hash.clone());
        let result = self.run(move || verify(&password.0, &stored)).await??;
        Ok(if has_hash { result } else { VerifyResult::Invalid })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let busy = || Rejection::new(ProblemCode::Busy).retry_after(Duration::from_secs(3));
        let _queued = self.queue.try_acquire().map_err(|_| busy())?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| busy())?;
        let result = tokio::task::spawn_blocking(move || {
            // Held by the blocking task: a cancelled request does not free the core early.
            let _core = core;
            work()
        });
        result.await.map_err(|error| ApiError::Internal(error.into()))
    }
}

fn is_common(password: &str, user_inputs: &[String]) -> bool {
    let user_inputs: Vec<_> = user_inputs.iter().map(String::as_str).collect();
    zxcvbn(password, &user_inputs).guesses() < GUESSES_MIN
}

/// Keyboards compose the same characters differently, and some type full-width ones.
fn normalize(password: &str) -> String {
    password.nfkc().collect()
}

fn argon2() -> anyhow::Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| anyhow!("{error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> anyhow::Result<String> {
    let hash = argon2()?.hash_password(normalize(password).as_bytes()).map_err(|error| anyhow!("{error}"))?;
    Ok(hash.to_string())
}

/// A hash that no password matches. It is a literal because hashing takes 19 MiB, which an idle server should not hold.
fn dummy_hash() -> String {
    let (memory, passes, lanes) = COST;
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$bm9ib2R5bm9ib2R5${}", "A".repeat(43))
}

fn verify(password: &str, stored: &str) -> anyhow::Result<VerifyResult> {
    let argon2 = argon2()?;
    let stored =
        PasswordHash::new(stored).map_err(|error| anyhow!("a stored password hash is invalid: {error}"))?;
    if argon2.verify_password(normalize(password).as_bytes(), &stored).is_err() {
        return Ok(VerifyResult::Invalid);
    }
    let params = Params::try_from(&stored).map_err(|error| anyhow!("{error}"))?;
    let cost = (params.m_cost(), params.t_cost(), params.p_cost());
    Ok(if cost == COST { VerifyResult::Valid } else { VerifyResult::ValidButOutdated })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password(text.to_owned())
    }

    #[tokio::test]
    async fn password_verifies_only_against_its_hash() {
        let passwords = Passwords::new(64);
        let stored = passwords.hash(password("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let result = passwords.verify(password("correct horse"), Some(stored.clone())).await.unwrap();
        assert_eq!(result, VerifyResult::Valid);
        assert_eq!(
            passwords.verify(password("wrong"), Some(stored.clone())).await.unwrap(),
            VerifyResult::Invalid
        );
        assert_eq!(passwords.verify(password("correct horse"), None).await.unwrap(), VerifyResult::Invalid);
        let (dummy, real) =
            (PasswordHash::new(&passwords.dummy_hash).unwrap(), PasswordHash::new(&stored).unwrap());
        let length = |hash: &PasswordHash| hash.hash.as_ref().unwrap().len();
        assert_eq!(length(&dummy), length(&real), "verification compares all bytes");
    }

    #[tokio::test]
    async fn hash_of_older_cost_is_outdated() {
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
        let stored = old.hash_password(b"correct horse").unwrap().to_string();
        let passwords = Passwords::new(64);
        let result = passwords.verify(password("correct horse"), Some(stored)).await.unwrap();
        assert_eq!(result, VerifyResult::ValidButOutdated);
    }

    #[tokio::test]
    async fn full_password_queue_is_busy() {
        let passwords = Passwords::new(64);
        let permits = u32::try_from(passwords.queue.available_permits()).unwrap();
        let _all = passwords.queue.acquire_many(permits).await.unwrap();
        let problem = passwords.hash(password("correct horse")).await.unwrap_err().problem();
        assert_eq!((problem.code, problem.retry_after), (ProblemCode::Busy, Some(3)));
    }

    #[test]
    fn common_password_and_own_name_are_rejected() {
        for common in ["password", "Password1", "12345678", "qwertyuiop", "iloveyou"] {
            assert!(is_common(common, &[]), "{common}");
        }
        assert!(is_common("lovelace", &["lovelace".to_owned()]));
        assert!(!is_common("grey tea at noon", &["ada".to_owned()]));
    }
}
