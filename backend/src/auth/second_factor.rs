//! What somebody shows beside their password: a code that a device of theirs makes of the time (RFC 6238), or a recovery code.

use chrono::Utc;
use shared::problem::{FieldCode, ProblemCode};
use totp_rs::{Builder, Secret, Totp};

use super::recovery_code;
use crate::{
    app::App,
    db::{self, second_factors::Factor},
    problem::{Error, Refusal},
};

/// The name under which devices list it.
const ISSUER: &str = "Chatire";
/// 160 bits, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;

/// Makes and checks codes. One step of 30 seconds before and after is good as well: clocks differ, and people type slowly.
pub fn totp(secret: &[u8; SECRET_BYTES], username: &str) -> Result<Totp, Error> {
    let builder = Builder::new().with_secret(Secret::new_stack(*secret)).with_skew(1);
    let named = builder.with_account_name(username).with_issuer(Some(ISSUER)).build();
    named.map_err(|error| anyhow::anyhow!("no codes can be made: {error}").into())
}

/// For what a secret is sealed.
pub fn purpose(user_id: i64) -> String {
    format!("second factor of {user_id}")
}

/// Checks the code of an account that has a second factor; one that has none needs no code.
pub async fn check(app: &App, user_id: i64, code: Option<&str>) -> Result<(), Error> {
    let factor = db::second_factors::find(&mut *app.db.get().await?, user_id).await?;
    let Some(factor) = factor.filter(|factor| factor.confirmed) else { return Ok(()) };
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
        return Err(ProblemCode::CodeNeeded.into());
    };
    if is_right(app, user_id, &factor, code).await? || is_recovery_code(app, user_id, code).await? {
        Ok(())
    } else {
        Err(wrong())
    }
}

/// Whether the account asks for more than its password.
pub async fn is_on(app: &App, user_id: i64) -> Result<bool, Error> {
    let factor = db::second_factors::find(&mut *app.db.get().await?, user_id).await?;
    Ok(factor.is_some_and(|factor| factor.confirmed))
}

/// Whether a device shows this code now. A code is good once.
pub async fn is_right(app: &App, user_id: i64, factor: &Factor, code: &str) -> Result<bool, Error> {
    let secret = app.sealing.unseal(&purpose(user_id), &factor.sealed_secret)?;
    let secret = secret.try_into().map_err(|_| anyhow::anyhow!("a second factor has no secret"))?;
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let step = totp(&secret, "-")?.check(&digits, Utc::now().timestamp().unsigned_abs());
    let Some(step) = step.and_then(|step| i64::try_from(step).ok()) else { return Ok(false) };
    db::second_factors::use_step(&mut *app.db.get().await?, user_id, step).await
}

async fn is_recovery_code(app: &App, user_id: i64, code: &str) -> Result<bool, Error> {
    let hash = recovery_code::hash(code);
    db::second_factors::use_recovery_code(&mut *app.db.get().await?, user_id, &hash).await
}

pub fn wrong() -> Error {
    Refusal::field("one_time_code", FieldCode::WrongCode).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard_and_good_for_a_step_before_and_after() {
        // RFC 6238, appendix B, cut to six digits.
        let totp = totp(b"12345678901234567890", "ada").unwrap();
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(totp.check(code, time), Some(time / 30), "{time}");
            assert!(totp.check(code, time + 30).is_some() && totp.check(code, time - 30).is_some());
            assert!(totp.check(code, time + 60).is_none());
        }
        assert!(totp.check("28708", 59).is_none() && totp.check("", 59).is_none());
        let url = totp.to_url().unwrap();
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(url, format!("otpauth://totp/Chatire:ada?secret={secret}&issuer=Chatire"));
    }
}
