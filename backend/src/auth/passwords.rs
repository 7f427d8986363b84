//! Passwords: argon2id, on as many cores as there are and no more.

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
use zxcvbn::zxcvbn;

use crate::problem::{Error, Refusal};

/// Memory in KiB, passes and lanes for each password: OWASP's second recommendation for argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// A password that takes fewer guesses than this is among the first that are tried: 10,000 words, their usual
/// spellings, dates, and walks over the keyboard.
const GUESSES_MIN: u64 = 20_000;

/// Hashes and compares passwords.
pub struct Passwords {
    /// One for everyone who is served or waits.
    places: Arc<Semaphore>,
    /// One for everyone who is served: without it 200 sign-ins at once would take 4 GiB.
    cores: Arc<Semaphore>,
    /// What the password of nobody is compared with, so that it takes as long as anybody's.
    nobody: String,
}

/// What comparing a password showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    Right,
    /// Right, but hashed at an older cost: hash it again.
    RightButOld,
    Wrong,
}

impl Passwords {
    /// So many may wait for each core. At some 30 ms each, the last of 64 waits about two seconds.
    pub fn new(waiting_per_core: usize) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let places = cores.saturating_mul(waiting_per_core).min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            cores: Arc::new(Semaphore::new(cores)),
            nobody: nobody(),
        }
    }

    /// Refuses a password that attackers try first, or that says the user's own name. Some take a second to judge.
    pub async fn check_strength(
        &self,
        field: &str,
        password: &Password,
        user: [&str; 2],
    ) -> Result<(), Error> {
        let (password, user) = (password.clone(), user.map(ToOwned::to_owned));
        if self.work(move || is_common(&password.0, &user)).await? {
            return Err(Refusal::field(field, FieldCode::CommonPassword).into());
        }
        Ok(())
    }

    /// A hash to store.
    pub async fn hash(&self, password: Password) -> Result<String, Error> {
        Ok(self.work(move || hash(&password.0)).await??)
    }

    /// Whether `password` is the one of `stored`; without a stored one it is wrong, after the same time.
    pub async fn compare(&self, password: Password, stored: Option<String>) -> Result<Compared, Error> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let compared = self.work(move || compare(&password.0, &stored)).await??;
        Ok(if known { compared } else { Compared::Wrong })
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let full = || Refusal::new(ProblemCode::Busy).retry_after(Duration::from_secs(3));
        let _place = self.places.try_acquire().map_err(|_| full())?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| full())?;
        let worked = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller who goes away does not free the core early.
            let _core = core;
            work()
        });
        worked.await.map_err(|error| Error::Internal(error.into()))
    }
}

/// Whether it is among the first that attackers try, or says the user's own name.
fn is_common(password: &str, user: &[String]) -> bool {
    let user: Vec<_> = user.iter().map(String::as_str).collect();
    zxcvbn(password, &user).guesses() < GUESSES_MIN
}

fn argon2() -> anyhow::Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| anyhow!("{error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> anyhow::Result<String> {
    let hash = argon2()?.hash_password(password.as_bytes()).map_err(|error| anyhow!("{error}"))?;
    Ok(hash.to_string())
}

/// A hash that no password has. It is written rather than made: making one takes 19 MiB, which a server at rest has no use
/// for.
fn nobody() -> String {
    let (memory, passes, lanes) = COST;
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$bm9ib2R5bm9ib2R5${}", "A".repeat(43))
}

fn compare(password: &str, stored: &str) -> anyhow::Result<Compared> {
    let argon2 = argon2()?;
    let stored =
        PasswordHash::new(stored).map_err(|error| anyhow!("a stored password is broken: {error}"))?;
    if argon2.verify_password(password.as_bytes(), &stored).is_err() {
        return Ok(Compared::Wrong);
    }
    let params = Params::try_from(&stored).map_err(|error| anyhow!("{error}"))?;
    let cost = (params.m_cost(), params.t_cost(), params.p_cost());
    Ok(if cost == COST { Compared::Right } else { Compared::RightButOld })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_compared_with_its_hash_and_nobody_has_one() {
        let passwords = Passwords::new(64);
        let stored = passwords.hash(password("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let right = passwords.compare(password("correct horse"), Some(stored.clone())).await.unwrap();
        assert_eq!(right, Compared::Right);
        assert_eq!(
            passwords.compare(password("wrong"), Some(stored.clone())).await.unwrap(),
            Compared::Wrong
        );
        assert_eq!(passwords.compare(password("correct horse"), None).await.unwrap(), Compared::Wrong);
        let (nobody, somebody) =
            (PasswordHash::new(&passwords.nobody).unwrap(), PasswordHash::new(&stored).unwrap());
        let length = |hash: &PasswordHash| hash.hash.as_ref().unwrap().len();
        assert_eq!(length(&nobody), length(&somebody), "it is compared to its end");
    }

    #[tokio::test]
    async fn a_hash_of_an_older_cost_is_right_but_old() {
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
        let stored = old.hash_password(b"correct horse").unwrap().to_string();
        let passwords = Passwords::new(64);
        let compared = passwords.compare(password("correct horse"), Some(stored)).await.unwrap();
        assert_eq!(compared, Compared::RightButOld);
    }

    #[tokio::test]
    async fn whoever_finds_the_queue_full_is_told_to_come_back() {
        let passwords = Passwords::new(64);
        let places = u32::try_from(passwords.places.available_permits()).unwrap();
        let _all = passwords.places.acquire_many(places).await.unwrap();
        let problem = passwords.hash(password("correct horse")).await.unwrap_err().problem();
        assert_eq!((problem.code, problem.retry_after), (ProblemCode::Busy, Some(3)));
    }

    #[test]
    fn common_passwords_and_ones_own_name_are_refused() {
        for common in ["password", "Password1", "12345678", "qwertyuiop", "iloveyou"] {
            assert!(is_common(common, &[]), "{common}");
        }
        assert!(is_common("lovelace", &["lovelace".to_owned()]));
        assert!(!is_common("grey tea at noon", &["ada".to_owned()]));
    }
}
