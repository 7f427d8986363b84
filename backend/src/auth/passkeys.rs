//! Passkeys: making one, and showing one. webauthn-rs judges; here stands who asks, by which name browsers know this server,
//! and what is under way.

use std::time::Duration;

use actix_web::{HttpRequest, http::header};
use moka::sync::Cache;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{passkey::ShowPasskey, problem::ProblemCode, user::User};
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
    app::App,
    config::Config,
    db::{self, passkeys::Known},
    origin,
    problem::Error,
};

/// How long people have to find their finger.
const UNDER_WAY_FOR: Duration = Duration::from_mins(5);
/// How much may be under way at a time.
const UNDER_WAY_MAX: u64 = 10_000;
/// What browsers call this server when they ask.
const NAME: &str = "Chatire";

/// What is under way, each by its number, once.
pub struct Passkeys {
    /// With the user who makes one.
    registrations: Cache<Uuid, (i64, PasskeyRegistration)>,
    challenges: Cache<Uuid, DiscoverableAuthentication>,
}

impl Default for Passkeys {
    fn default() -> Self {
        Self {
            registrations: Cache::builder().max_capacity(UNDER_WAY_MAX).time_to_live(UNDER_WAY_FOR).build(),
            challenges: Cache::builder().max_capacity(UNDER_WAY_MAX).time_to_live(UNDER_WAY_FOR).build(),
        }
    }
}

impl Passkeys {
    /// Begins to make one, that is none of those the user has.
    pub fn begin_registration(
        &self,
        server: &Webauthn,
        user: &User,
        handle: Uuid,
        known: Vec<CredentialID>,
    ) -> Result<(Uuid, PublicKeyCredentialCreationOptions), Error> {
        let begun = server.start_passkey_registration(handle, &user.username, user.name(), Some(known));
        let (challenge, state) = begun.map_err(internal)?;
        let mut options = challenge.public_key;
        if let Some(selection) = &mut options.authenticator_selection {
            // It is to say whose it is, so that nobody has to type their name.
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        let id = Uuid::new_v4();
        self.registrations.insert(id, (user.id, state));
        Ok((id, options))
    }

    /// What was made, if it is what this user was asked for.
    pub fn finish_registration(
        &self,
        server: &Webauthn,
        user_id: i64,
        id: Uuid,
        made: Value,
    ) -> Result<Passkey, Error> {
        let made: RegisterPublicKeyCredential = read(made)?;
        let begun = self.registrations.remove(&id).filter(|(whose, _)| *whose == user_id);
        let (_, state) = begun.ok_or(ProblemCode::PasskeyRefused)?;
        server.finish_passkey_registration(&made, &state).map_err(refused)
    }

    /// Asks for any passkey.
    pub fn begin_challenge(
        &self,
        server: &Webauthn,
    ) -> Result<(Uuid, PublicKeyCredentialRequestOptions), Error> {
        let (challenge, state) = server.start_discoverable_authentication().map_err(internal)?;
        let id = Uuid::new_v4();
        self.challenges.insert(id, state);
        Ok((id, challenge.public_key))
    }

    fn judge(
        &self,
        server: &Webauthn,
        id: Uuid,
        shown: &PublicKeyCredential,
        known: &Passkey,
    ) -> Result<AuthenticationResult, Error> {
        let state = self.challenges.remove(&id).ok_or(ProblemCode::PasskeyRefused)?;
        server
            .finish_discoverable_authentication_v2(shown, state, DiscoverableKey::from(known))
            .map_err(refused)
    }
}

/// Whose passkey was shown. Its device has made sure of the person, so it stands for both factors.
pub async fn whose(
    app: &App,
    server: &Webauthn,
    ShowPasskey { challenge, credential }: ShowPasskey<Value>,
) -> Result<i64, Error> {
    let credential: PublicKeyCredential = read(credential)?;
    let named = server.identify_discoverable_authentication(&credential).map_err(refused)?;
    let known = db::passkeys::find(&mut *app.db.get().await?, named).await?;
    let Known { id, user_id, mut passkey } = known.ok_or(ProblemCode::PasskeyRefused)?;
    let result = app.passkeys.judge(server, challenge, &credential, &passkey)?;
    passkey.update_credential(&result);
    db::passkeys::used(&mut *app.db.get().await?, id, &passkey).await?;
    Ok(user_id)
}

/// This server as browsers know it: by the host of the page that asks, which is one of ours.
pub fn server(request: &HttpRequest, config: &Config) -> Result<Webauthn, Error> {
    origin::check(request, config)?;
    let header = |name: header::HeaderName| request.headers().get(name)?.to_str().ok();
    let page = header(header::ORIGIN).map(ToOwned::to_owned).or_else(|| config.public_url.clone());
    let page = page.or_else(|| header(header::HOST).map(|host| format!("http://{host}")));
    let url = page.and_then(|page| Url::parse(&page).ok()).ok_or(ProblemCode::NoPasskeys)?;
    // Passkeys belong to a name; to a number they cannot.
    let host = url.domain().ok_or(ProblemCode::NoPasskeys)?;
    let builder = WebauthnBuilder::new(host, &url).map_err(|_| ProblemCode::NoPasskeys)?;
    Ok(builder.rp_name(NAME).build().map_err(internal)?)
}

fn read<T: DeserializeOwned>(credential: Value) -> Result<T, Error> {
    serde_json::from_value(credential).map_err(|_| ProblemCode::PasskeyRefused.into())
}

fn refused(_: webauthn_rs::prelude::WebauthnError) -> Error {
    ProblemCode::PasskeyRefused.into()
}

fn internal(error: webauthn_rs::prelude::WebauthnError) -> anyhow::Error {
    error.into()
}
