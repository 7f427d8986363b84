//! The user's session. The access token is stored with the tab and renewed before it expires; the refresh token is in a
//! cookie that scripts cannot read.

pub mod current_user;
mod renewal;
pub mod return_to;
pub mod waiting_page;

use futures_util::{FutureExt, future::LocalBoxFuture};
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;
use shared::{
    credentials::SignIn,
    id::UserId,
    user::{Account, ClaimAccount, CreateGuest, SessionCreated, SignUp, UpdateProfile},
};

use self::current_user::CurrentUser;
use crate::{
    api::{ApiRequest, RawRequest, RequestError, auth, early_responses},
    clock, storage,
};

const TOKEN: &str = "authToken";
const RENEWED_AT: &str = "renewedAt";
/// In local storage: set while the browser may have a refresh cookie. Without it the server is not asked for a session.
const MAY_HAVE_COOKIE: &str = "remembered";
/// The value of [`MAY_HAVE_COOKIE`]. From sign-out until the server has ended the session, it is the id of the user.
const SIGNED_IN: &str = "yes";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthState {
    SignedIn(CurrentUser),
    /// The server is being asked whose refresh cookie the browser has.
    Restoring,
    Anonymous,
    /// The user signed out while the server could not be reached, and will be told as soon as it can.
    SigningOut,
    SignedOut,
    Expired,
}

#[derive(Clone, Copy)]
pub struct Session {
    auth_state: RwSignal<AuthState>,
    token: StoredValue<Option<String>>,
    token_version: RwSignal<u32>,
}

pub fn use_session() -> Session {
    expect_context()
}

impl Session {
    /// Continues the session of the tab, or else of the browser.
    pub fn resume() -> Self {
        let token = storage::read(storage::tab(), TOKEN);
        let cookie = storage::read(storage::browser(), MAY_HAVE_COOKIE);
        let signing_out = cookie.as_deref().and_then(|id| id.parse().ok()).map(UserId::new);
        let auth_state = match CurrentUser::load().filter(|_| token.is_some()) {
            Some(user) if signing_out != Some(user.id) => AuthState::SignedIn(user),
            _ if signing_out.is_some() => AuthState::SigningOut,
            // A browser without storage may have a cookie all the same.
            _ if cookie.is_some() || storage::browser().is_none() => AuthState::Restoring,
            _ => AuthState::Anonymous,
        };
        let token = token.filter(|_| matches!(auth_state, AuthState::SignedIn(_)));
        let session = Self {
            auth_state: RwSignal::new(auth_state),
            token: StoredValue::new(token),
            token_version: RwSignal::new(0),
        };
        match untrack(|| session.auth_state()) {
            AuthState::Restoring => spawn_local(session.restore()),
            AuthState::SigningOut => {
                session.clear(AuthState::SigningOut);
                spawn_local(session.end_on_server(None, AuthState::Anonymous));
            }
            _ => {}
        }
        session
    }

    pub fn auth_state(self) -> AuthState {
        self.auth_state.get()
    }

    /// Whether the server is to be asked whose session it is, or to end it, before anything else.
    pub fn is_waiting(self) -> bool {
        matches!(*self.auth_state.read(), AuthState::Restoring | AuthState::SigningOut)
    }

    pub fn is_signed_in(self) -> bool {
        matches!(*self.auth_state.read(), AuthState::SignedIn(_))
    }

    pub fn current_user(self) -> Option<CurrentUser> {
        match &*self.auth_state.read() {
            AuthState::SignedIn(user) => Some(user.clone()),
            _ => None,
        }
    }

    /// Empty when signed out.
    pub fn display_name(self) -> String {
        self.current_user().map(|user| user.name().to_owned()).unwrap_or_default()
    }

    pub fn is_guest(self) -> bool {
        self.current_user().is_some_and(|user| user.guest)
    }

    pub fn user_id(self) -> Option<UserId> {
        self.current_user().map(|user| user.id)
    }

    pub fn user_id_untracked(self) -> Option<UserId> {
        untrack(|| self.user_id())
    }

    pub fn username_untracked(self) -> String {
        untrack(|| self.current_user()).map(|user| user.username).unwrap_or_default()
    }

    pub fn token(self) -> Option<String> {
        self.token.get_value()
    }

    /// Counts the changes of the token.
    pub fn token_version(self) -> u32 {
        self.token_version.get()
    }

    pub async fn sign_up(self, sign_up: SignUp) -> Result<(), RequestError> {
        auth::sign_up(&sign_up).send(None).await?;
        let SignUp { username, password, .. } = sign_up;
        self.sign_in(SignIn { username, password, one_time_code: None }).await
    }

    pub async fn sign_in(self, sign_in: SignIn) -> Result<(), RequestError> {
        self.start_with_token(auth::sign_in(&sign_in).send(None).await?.token).await
    }

    /// Starts the session of a new token.
    pub async fn start_with_token(self, token: String) -> Result<(), RequestError> {
        // The username may have been typed in another case than it was registered with.
        let account = auth::get_profile().send(Some(&token)).await?;
        self.start(token, account.into());
        Ok(())
    }

    async fn create_guest(self, name: &str) -> Result<(), RequestError> {
        let display_name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        let request = auth::create_guest(&CreateGuest { display_name });
        let SessionCreated { token, user } = request.send(None).await?;
        self.start(token, user.into());
        Ok(())
    }

    /// Creates a guest with this name unless a user is signed in.
    pub async fn ensure_guest(self, name: &str) -> Result<(), RequestError> {
        if untrack(|| self.is_signed_in()) { Ok(()) } else { self.create_guest(name).await }
    }

    /// Turns the guest into an account with the same user id.
    pub async fn claim(self, claim: ClaimAccount) -> Result<(), RequestError> {
        let SessionCreated { token, user } = self.send(auth::claim_account(&claim)).await?;
        self.start(token, user.into());
        Ok(())
    }

    pub async fn rename(self, name: &str) -> Result<(), RequestError> {
        let change = UpdateProfile { email: None, display_name: Some(name.trim().to_owned()) };
        let account: Account = self.send(auth::update_profile(&change)).await?;
        self.set_user(account.into());
        Ok(())
    }

    /// Ends the session, also on the server.
    pub async fn sign_out(self) {
        let (token, user_id) = (self.token(), self.user_id_untracked().unwrap_or_default());
        self.clear(AuthState::SignedOut);
        storage::write(storage::browser(), MAY_HAVE_COOKIE, Some(&user_id.to_string()));
        self.end_on_server(token, AuthState::SignedOut).await;
    }

    /// Forgets a session that has already ended on the server.
    pub fn set_signed_out(self) {
        self.clear(AuthState::SignedOut);
    }

    /// Sends the request with the token. If the token is rejected, renews it and tries once more.
    pub async fn send<R: DeserializeOwned>(self, request: ApiRequest<R>) -> Result<R, RequestError> {
        ApiRequest::decode(&self.send_raw(request.into_raw()).await?)
    }

    /// As [`Session::send`], without reading the response. Boxed, so that callers hold a pointer instead of this future.
    pub fn send_raw(self, request: RawRequest) -> LocalBoxFuture<'static, Result<String, RequestError>> {
        self.send_with_renewal(request).boxed_local()
    }

    async fn send_with_renewal(self, request: RawRequest) -> Result<String, RequestError> {
        match request.send(self.token().as_deref()).await {
            Err(error) if error.is_unauthorized() && self.renew_token().await => {
                let response = request.send(self.token().as_deref()).await;
                if response.as_ref().is_err_and(RequestError::is_unauthorized) {
                    self.on_expired();
                }
                response
            }
            response => response,
        }
    }

    fn start(self, token: String, user: CurrentUser) {
        storage::write(storage::browser(), MAY_HAVE_COOKIE, Some(SIGNED_IN));
        self.store_token(token);
        self.set_user(user);
    }

    pub fn set_user(self, user: CurrentUser) {
        user.store();
        self.auth_state.set(AuthState::SignedIn(user));
    }

    fn store_token(self, token: String) {
        storage::write(storage::tab(), TOKEN, Some(&token));
        storage::write(storage::tab(), RENEWED_AT, Some(&clock::now().to_string()));
        self.token.set_value(Some(token));
        self.token_version.update(|version| *version += 1);
    }

    fn clear(self, auth_state: AuthState) {
        for key in [TOKEN, RENEWED_AT] {
            storage::write(storage::tab(), key, None);
        }
        CurrentUser::clear_stored();
        if auth_state == AuthState::SignedOut {
            storage::remove_drafts();
        }
        if auth_state != AuthState::SigningOut {
            storage::write(storage::browser(), MAY_HAVE_COOKIE, None);
        }
        early_responses::clear();
        self.token.set_value(None);
        self.auth_state.set(auth_state);
    }

    /// The server has ended the session. Guests cannot sign in again and start anew.
    fn on_expired(self) {
        let is_guest = untrack(|| self.is_guest());
        self.clear(if is_guest { AuthState::Anonymous } else { AuthState::Expired });
    }
}
