//! The calls by which one keeps what is one's own.

use gloo_net::http::Method;
use serde_json::Value;
use shared::{
    credentials::{AskReset, ChangePassword, ChangeUsername, DeleteAccount, Prove, ResetPassword, Token},
    export::{Export, Exports},
    passkey::{AddPasskey, Ceremony, Passkey, Passkeys, ShowPasskey},
    second_factor::{Confirm, Enrolment, RecoveryCodes, SecondFactor},
    session::Sessions,
    user::Account,
};
use uuid::Uuid;

use super::{Done, Request};

pub fn set_picture(file: web_sys::Blob) -> Request<Account> {
    Request::new(Method::PUT, "/auth/me/avatar/".to_owned()).with_file(file)
}

pub fn remove_picture() -> Request<Account> {
    Request::new(Method::DELETE, "/auth/me/avatar/".to_owned())
}

pub fn change_username(change: &ChangeUsername) -> Request<Done> {
    Request::new(Method::POST, "/auth/username/".to_owned()).with(change)
}

pub fn change_password(change: &ChangePassword) -> Request<Done> {
    Request::new(Method::POST, "/auth/password/".to_owned()).with(change)
}

pub fn delete(proof: &DeleteAccount) -> Request<Done> {
    Request::new(Method::POST, "/auth/users/delete/".to_owned()).with(proof)
}

pub fn prove(proof: &Prove) -> Request<Done> {
    Request::new(Method::POST, "/auth/proof/".to_owned()).with(proof)
}

pub fn prove_by_passkey(shown: &ShowPasskey<Value>) -> Request<Done> {
    Request::new(Method::POST, "/auth/proof/".to_owned()).with(shown)
}

pub fn sessions() -> Request<Sessions> {
    Request::new(Method::GET, "/auth/sessions/".to_owned())
}

pub fn end_session(id: Uuid) -> Request<Done> {
    Request::new(Method::DELETE, format!("/auth/sessions/{id}/"))
}

pub fn end_all_sessions() -> Request<Done> {
    Request::new(Method::DELETE, "/auth/sessions/".to_owned())
}

pub fn second_factor() -> Request<SecondFactor> {
    Request::new(Method::GET, "/auth/second_factor/".to_owned())
}

pub fn begin_second_factor() -> Request<Enrolment> {
    Request::new(Method::POST, "/auth/second_factor/".to_owned())
}

pub fn confirm_second_factor(shown: &Confirm) -> Request<RecoveryCodes> {
    Request::new(Method::PUT, "/auth/second_factor/".to_owned()).with(shown)
}

pub fn turn_off_second_factor() -> Request<Done> {
    Request::new(Method::DELETE, "/auth/second_factor/".to_owned())
}

pub fn renew_recovery_codes() -> Request<RecoveryCodes> {
    Request::new(Method::POST, "/auth/recovery_codes/".to_owned())
}

pub fn passkeys() -> Request<Passkeys> {
    Request::new(Method::GET, "/auth/passkeys/".to_owned())
}

pub fn begin_passkey() -> Request<Ceremony<Value>> {
    Request::new(Method::POST, "/auth/passkeys/registrations/".to_owned())
}

pub fn add_passkey(made: &AddPasskey<Value>) -> Request<Passkey> {
    Request::new(Method::POST, "/auth/passkeys/".to_owned()).with(made)
}

pub fn remove_passkey(id: Uuid) -> Request<Done> {
    Request::new(Method::DELETE, format!("/auth/passkeys/{id}/"))
}

/// Asks for any passkey that is known here.
pub fn challenge() -> Request<Ceremony<Value>> {
    Request::new(Method::POST, "/auth/passkeys/challenges/".to_owned())
}

pub fn sign_in_by_passkey(shown: &ShowPasskey<Value>) -> Request<Token> {
    Request::new(Method::POST, "/auth/jwt/passkey/".to_owned()).with(shown)
}

pub fn exports() -> Request<Exports> {
    Request::new(Method::GET, "/auth/exports/".to_owned())
}

pub fn begin_export() -> Request<Export> {
    Request::new(Method::POST, "/auth/exports/".to_owned())
}

/// Where a browser saves it from.
pub fn export_file(id: Uuid, ticket: &str) -> String {
    format!("/auth/exports/{id}/file/?ticket={ticket}")
}

pub fn ask_reset(wanted: &AskReset) -> Request<Done> {
    Request::new(Method::POST, "/auth/password_resets/".to_owned()).with(wanted)
}

pub fn reset_password(wanted: &ResetPassword) -> Request<Done> {
    Request::new(Method::PUT, "/auth/password_resets/".to_owned()).with(wanted)
}
