//! The second factor: a one-time code from an authenticator app (RFC 6238), or a recovery code.

use shared::{
    id::UserId,
    problem::{FieldCode, ProblemCode},
};
use totp_rs::{Builder, Secret, Totp};

use super::{context::AuthContext, recovery_code};
use crate::{
    error::{ApiError, Rejection},
    store::{self, second_factors::SecondFactor},
};

/// The name that authenticator apps show.
const ISSUER: &str = "Chatire";
/// 160 bits, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;

/// Generates and checks codes. One step of 30 seconds before and after is accepted, because clocks differ and typing takes
/// time.
pub fn build_totp(secret: &[u8; SECRET_BYTES], username: &str) -> Result<Totp, ApiError> {
    let builder = Builder::new().with_secret(Secret::new_stack(*secret)).with_skew(1);
    let totp = builder.with_account_name(username).with_issuer(Some(ISSUER)).build();
    totp.map_err(|error| anyhow::anyhow!("invalid TOTP parameters: {error}").into())
}

/// The purpose for which the secret is sealed.
pub fn sealing_purpose(user_id: UserId) -> String {
    format!("second factor of {user_id}")
}

/// Checks a code for an account. Accounts without a second factor need none.
pub async fn verify_code(auth: &AuthContext, user_id: UserId, code: Option<&str>) -> Result<(), ApiError> {
    let factor = store::second_factors::find(&mut *auth.db.get().await?, user_id).await?;
    let Some(factor) = factor.filter(|factor| factor.confirmed) else { return Ok(()) };
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
        return Err(ProblemCode::SecondFactorRequired.into());
    };
    if redeem_totp(auth, user_id, &factor, code).await? || redeem_recovery_code(auth, user_id, code).await? {
        Ok(())
    } else {
        Err(wrong_code())
    }
}

pub async fn is_enabled(auth: &AuthContext, user_id: UserId) -> Result<bool, ApiError> {
    let factor = store::second_factors::find(&mut *auth.db.get().await?, user_id).await?;
    Ok(factor.is_some_and(|factor| factor.confirmed))
}

/// Returns whether the code is valid now. Each code is accepted once.
pub async fn redeem_totp(
    auth: &AuthContext,
    user_id: UserId,
    factor: &SecondFactor,
    code: &str,
) -> Result<bool, ApiError> {
    let secret = auth.secret_box.unseal(&sealing_purpose(user_id), &factor.encrypted_secret)?;
    let secret =
        secret.try_into().map_err(|_| anyhow::anyhow!("the secret of a second factor has a wrong length"))?;
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let step = build_totp(&secret, "-")?.check(&digits, auth.clock.timestamp().unsigned_abs());
    let Some(step) = step.and_then(|step| i64::try_from(step).ok()) else { return Ok(false) };
    Ok(store::second_factors::consume_step(&mut *auth.db.get().await?, user_id, step).await?)
}

async fn redeem_recovery_code(auth: &AuthContext, user_id: UserId, code: &str) -> Result<bool, ApiError> {
    let hash = recovery_code::hash(code);
    Ok(store::second_factors::consume_recovery_code(&mut *auth.db.get().await?, user_id, &hash).await?)
}

pub fn wrong_code() -> ApiError {
    Rejection::field("one_time_code", FieldCode::WrongCode).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totp_accepts_rfc_codes_and_adjacent_steps() {
        // RFC 6238, appendix B, cut to six digits.
        let totp = build_totp(b"12345678901234567890", "ada").unwrap();
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
