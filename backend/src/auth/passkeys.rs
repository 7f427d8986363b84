//! Registration of passkeys and authentication with them. `webauthn-rs` verifies; this module adds the relying party and the
//! pending ceremonies.

use std::time::Duration;

use actix_web::{HttpRequest, http::header};
use moka::sync::Cache;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{id::UserId, passkey::PasskeyAssertion, problem::ProblemCode, user::User};
use url::Url;
use uuid::Uuid;
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{
        AuthenticationResult, CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey,
        PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    },
};
use webauthn_rs_proto::{
    PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions, ResidentKeyRequirement,
};

use crate::{
    config::Config,
    error::ApiError,
    http::extract::origin,
    store::{self, Db, passkeys::StoredPasskey},
};

/// How long a ceremony may take.
const CEREMONY_TIMEOUT: Duration = Duration::from_mins(5);
/// How many ceremonies of each kind may be pending.
const CEREMONIES_MAX: u64 = 10_000;
/// The name that browsers show for this server.
const RELYING_PARTY_NAME: &str = "Chatire";

/// The pending ceremonies by id. Each can be finished once.
pub struct Passkeys {
    registrations: Cache<Uuid, (UserId, PasskeyRegistration)>,
    challenges: Cache<Uuid, DiscoverableAuthentication>,
}

impl Default for Passkeys {
    fn default() -> Self {
        Self {
            registrations: Cache::builder()
                .max_capacity(CEREMONIES_MAX)
                .time_to_live(CEREMONY_TIMEOUT)
                .build(),
            challenges: Cache::builder().max_capacity(CEREMONIES_MAX).time_to_live(CEREMONY_TIMEOUT).build(),
        }
    }
}

impl Passkeys {
    /// Starts the registration of a passkey that is none of the user's existing ones.
    pub fn begin_registration(
        &self,
        relying_party: &Webauthn,
        user: &User,
        handle: Uuid,
        existing: Vec<CredentialID>,
    ) -> Result<(Uuid, PublicKeyCredentialCreationOptions), ApiError> {
        let started =
            relying_party.start_passkey_registration(handle, &user.username, user.name(), Some(existing));
        let (challenge, state) = started.map_err(internal)?;
        let mut options = challenge.public_key;
        if let Some(selection) = &mut options.authenticator_selection {
            // A discoverable credential: users sign in without typing their username.
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        let id = Uuid::new_v4();
        self.registrations.insert(id, (user.id, state));
        Ok((id, options))
    }

    /// Verifies the new credential against the registration that this user started.
    pub fn finish_registration(
        &self,
        relying_party: &Webauthn,
        user_id: UserId,
        id: Uuid,
        credential: Value,
    ) -> Result<Passkey, ApiError> {
        let credential: RegisterPublicKeyCredential = parse(credential)?;
        let pending = self.registrations.remove(&id).filter(|(owner_id, _)| *owner_id == user_id);
        let (_, state) = pending.ok_or(ProblemCode::PasskeyRejected)?;
        relying_party.finish_passkey_registration(&credential, &state).map_err(rejected)
    }

    /// Starts an authentication with any passkey.
    pub fn begin_authentication(
        &self,
        relying_party: &Webauthn,
    ) -> Result<(Uuid, PublicKeyCredentialRequestOptions), ApiError> {
        let (challenge, state) = relying_party.start_discoverable_authentication().map_err(internal)?;
        let id = Uuid::new_v4();
        self.challenges.insert(id, state);
        Ok((id, challenge.public_key))
    }

    fn finish_authentication(
        &self,
        relying_party: &Webauthn,
        id: Uuid,
        credential: &PublicKeyCredential,
        passkey: &Passkey,
    ) -> Result<AuthenticationResult, ApiError> {
        let state = self.challenges.remove(&id).ok_or(ProblemCode::PasskeyRejected)?;
        relying_party
            .finish_discoverable_authentication_v2(credential, state, DiscoverableKey::from(passkey))
            .map_err(rejected)
    }

    /// Verifies an assertion and returns the passkey. The authenticator has verified the user, so that a passkey counts as
    /// both factors.
    pub async fn authenticate(
        &self,
        db: &Db,
        relying_party: &Webauthn,
        PasskeyAssertion { challenge, credential }: PasskeyAssertion<Value>,
    ) -> Result<StoredPasskey, ApiError> {
        let credential: PublicKeyCredential = parse(credential)?;
        let identity = relying_party.identify_discoverable_authentication(&credential).map_err(rejected)?;
        let found = store::passkeys::find(&mut *db.get().await?, identity).await?;
        let mut stored = found.ok_or(ProblemCode::PasskeyRejected)?;
        let result = self.finish_authentication(relying_party, challenge, &credential, &stored.passkey)?;
        stored.passkey.update_credential(&result);
        store::passkeys::record_use(&mut *db.get().await?, stored.id, &stored.passkey).await?;
        Ok(stored)
    }
}

/// The relying party: the host of the requesting page, which must be an allowed origin.
pub fn relying_party(request: &HttpRequest, config: &Config) -> Result<Webauthn, ApiError> {
    origin::check(request, config)?;
    let header = |name: header::HeaderName| request.headers().get(name)?.to_str().ok();
    let page = header(header::ORIGIN).map(ToOwned::to_owned).or_else(|| config.public_url.clone());
    let page = page.or_else(|| header(header::HOST).map(|host| format!("http://{host}")));
    let url = page.and_then(|page| Url::parse(&page).ok()).ok_or(ProblemCode::PasskeysUnavailable)?;
    // A relying party id is a domain; IP addresses are not allowed.
    let host = url.domain().ok_or(ProblemCode::PasskeysUnavailable)?;
    let builder = WebauthnBuilder::new(host, &url).map_err(|_| ProblemCode::PasskeysUnavailable)?;
    Ok(builder.rp_name(RELYING_PARTY_NAME).build().map_err(internal)?)
}

fn parse<T: DeserializeOwned>(credential: Value) -> Result<T, ApiError> {
    serde_json::from_value(credential).map_err(|_| ProblemCode::PasskeyRejected.into())
}

fn rejected(_: webauthn_rs::prelude::WebauthnError) -> ApiError {
    ProblemCode::PasskeyRejected.into()
}

fn internal(error: webauthn_rs::prelude::WebauthnError) -> anyhow::Error {
    error.into()
}
