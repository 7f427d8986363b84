//! Requests for the account: settings, sessions, second factor, passkeys, password reset.

use gloo_net::http::Method;
use serde_json::Value;
use shared::{
    credentials::{
        AccessToken, ChangePassword, ChangeUsername, ConfirmPasswordReset, DeleteAccount, Reauthenticate,
        RequestPasswordReset,
    },
    passkey::{Passkey, PasskeyAssertion, PasskeysResponse, RegisterPasskey, WebauthnChallenge},
    paths,
    second_factor::{ConfirmSecondFactor, RecoveryCodes, SecondFactorStatus, TotpEnrolment},
    session::SessionsResponse,
    user::Account,
};
use uuid::Uuid;

use super::{ApiRequest, Empty};

pub fn set_avatar(file: web_sys::Blob) -> ApiRequest<Account> {
    ApiRequest::new(Method::PUT, paths::MY_AVATAR).with_file(file)
}

pub fn remove_avatar() -> ApiRequest<Account> {
    ApiRequest::new(Method::DELETE, paths::MY_AVATAR)
}

pub fn change_username(change: &ChangeUsername) -> ApiRequest<Empty> {
    ApiRequest::new(Method::POST, paths::USERNAME).with_json(change)
}

pub fn change_password(change: &ChangePassword) -> ApiRequest<Empty> {
    ApiRequest::new(Method::POST, paths::PASSWORD).with_json(change)
}

pub fn delete_account(request: &DeleteAccount) -> ApiRequest<Empty> {
    ApiRequest::new(Method::POST, paths::USERS_DELETE).with_json(request)
}

pub fn reauthenticate(request: &Reauthenticate) -> ApiRequest<Empty> {
    ApiRequest::new(Method::POST, paths::REAUTHENTICATION).with_json(request)
}

pub fn reauthenticate_with_passkey(assertion: &PasskeyAssertion<Value>) -> ApiRequest<Empty> {
    ApiRequest::new(Method::POST, paths::REAUTHENTICATION).with_json(assertion)
}

pub fn list_sessions() -> ApiRequest<SessionsResponse> {
    ApiRequest::new(Method::GET, paths::SESSIONS)
}

pub fn end_session(id: Uuid) -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::fill(paths::SESSION, &[&id.to_string()]))
}

pub fn end_all_sessions() -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::SESSIONS)
}

pub fn get_second_factor() -> ApiRequest<SecondFactorStatus> {
    ApiRequest::new(Method::GET, paths::SECOND_FACTOR)
}

pub fn enroll_second_factor() -> ApiRequest<TotpEnrolment> {
    ApiRequest::new(Method::POST, paths::SECOND_FACTOR)
}

pub fn confirm_second_factor(confirmation: &ConfirmSecondFactor) -> ApiRequest<RecoveryCodes> {
    ApiRequest::new(Method::PUT, paths::SECOND_FACTOR).with_json(confirmation)
}

pub fn disable_second_factor() -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::SECOND_FACTOR)
}

pub fn renew_recovery_codes() -> ApiRequest<RecoveryCodes> {
    ApiRequest::new(Method::POST, paths::RECOVERY_CODES)
}

pub fn list_passkeys() -> ApiRequest<PasskeysResponse> {
    ApiRequest::new(Method::GET, paths::PASSKEYS)
}

pub fn start_passkey_registration() -> ApiRequest<WebauthnChallenge<Value>> {
    ApiRequest::new(Method::POST, paths::PASSKEY_REGISTRATIONS)
}

pub fn add_passkey(passkey: &RegisterPasskey<Value>) -> ApiRequest<Passkey> {
    ApiRequest::new(Method::POST, paths::PASSKEYS).with_json(passkey)
}

pub fn remove_passkey(id: Uuid) -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::fill(paths::PASSKEY, &[&id.to_string()]))
}

/// A challenge for any passkey of this server.
pub fn create_passkey_challenge() -> ApiRequest<WebauthnChallenge<Value>> {
    ApiRequest::new(Method::POST, paths::PASSKEY_CHALLENGES)
}

pub fn sign_in_with_passkey(assertion: &PasskeyAssertion<Value>) -> ApiRequest<AccessToken> {
    ApiRequest::new(Method::POST, paths::JWT_PASSKEY).with_json(assertion)
}

pub fn request_password_reset(request: &RequestPasswordReset) -> ApiRequest<Empty> {
    ApiRequest::new(Method::POST, paths::PASSWORD_RESETS).with_json(request)
}

pub fn confirm_password_reset(request: &ConfirmPasswordReset) -> ApiRequest<Empty> {
    ApiRequest::new(Method::PUT, paths::PASSWORD_RESETS).with_json(request)
}
