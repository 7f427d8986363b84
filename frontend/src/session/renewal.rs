//! Renews the access token: by the token itself before it expires, and after that by the refresh cookie.

use futures_util::future::{Either, select};
use gloo_timers::{callback::Interval, future::TimeoutFuture};
use leptos::{prelude::*, task::spawn_local};
use shared::{problem::ProblemCode, user::Account};

use super::{AuthState, MAY_HAVE_COOKIE, RENEWED_AT, SIGNED_IN, Session};
use crate::{
    api::{RequestError, auth},
    clock, storage,
};

/// Age in milliseconds from which a token is renewed; it is valid for 15 minutes.
const RENEW_AFTER: i64 = 4 * 60 * 1_000;
/// Milliseconds between two checks of the age.
const CHECK_INTERVAL: u32 = 30_000;
/// Milliseconds between two attempts to restore or end the session while the server is unreachable.
const RETRY_INTERVAL: u32 = 3_000;
/// Milliseconds to wait for the server when signing out.
const SIGN_OUT_TIMEOUT: u32 = 3_000;

impl Session {
    /// Signs in the user whom the refresh cookie belongs to.
    pub(super) async fn restore(self) {
        loop {
            match refresh_by_cookie().await {
                // The person signed in meanwhile.
                _ if untrack(|| self.auth_state()) != AuthState::Restoring => return,
                Ok((token, account)) => return self.start(token, account.into()),
                Err(error) if is_final(&error) => return self.clear(AuthState::Anonymous),
                Err(error) => delay_retry(&error).await,
            }
        }
    }

    /// Ends the session that the token or else the refresh cookie belongs to, as soon as the server can be reached.
    pub(super) async fn end_on_server(self, token: Option<String>, ended: AuthState) {
        loop {
            let request = Box::pin(auth::sign_out().send(token.as_deref()));
            let error = match select(request, TimeoutFuture::new(SIGN_OUT_TIMEOUT)).await {
                Either::Left((Ok(_), _)) => break,
                Either::Left((Err(error), _)) if is_final(&error) => break,
                Either::Left((Err(error), _)) => error,
                Either::Right(_) => RequestError::Unreachable,
            };
            self.auth_state.set(AuthState::SigningOut);
            delay_retry(&error).await;
            // The cookie belongs to another session if a user has signed in in another tab.
            if storage::read(storage::browser(), MAY_HAVE_COOKIE).as_deref() == Some(SIGNED_IN) {
                return self.auth_state.set(ended);
            }
        }
        storage::write(storage::browser(), MAY_HAVE_COOKIE, None);
        self.auth_state.set(ended);
    }

    /// Renews the token and returns whether that succeeded. When the server refuses, the session ends.
    pub async fn renew_token(self) -> bool {
        let Some(token) = self.token() else { return false };
        let renewed = match auth::refresh_token(token.clone()).send(None).await {
            Err(error) if is_session_over(&error) => self.refresh_by_own_cookie().await,
            response => response.map(|response| response.token),
        };
        // The person may have signed in again meanwhile.
        let is_same_session = self.token().as_ref() == Some(&token);
        match renewed {
            Ok(renewed) if is_same_session => {
                self.store_token(renewed);
                true
            }
            Err(error) if is_same_session && is_session_over(&error) => {
                self.on_expired();
                false
            }
            Ok(_) | Err(_) => false,
        }
    }

    /// All tabs share the cookie: it may belong to another user who signed in there.
    async fn refresh_by_own_cookie(self) -> Result<String, RequestError> {
        let (token, account) = refresh_by_cookie().await?;
        if self.user_id_untracked() == Some(account.id) {
            Ok(token)
        } else {
            Err(RequestError::from_code(ProblemCode::SessionEnded))
        }
    }

    /// Renews an old token; to be called whenever the tab becomes visible.
    pub fn refresh_if_stale(self) {
        let renewed_at = storage::read(storage::tab(), RENEWED_AT).and_then(|at| at.parse::<i64>().ok());
        let is_stale = renewed_at.is_none_or(|at| clock::now() - at >= RENEW_AFTER);
        if self.token().is_some() && is_stale {
            spawn_local(async move {
                self.renew_token().await;
            });
        }
    }

    /// Renews the token in time while the page is open.
    pub fn keep_fresh(self) {
        self.refresh_if_stale();
        Interval::new(CHECK_INTERVAL, move || self.refresh_if_stale()).forget();
    }
}

async fn refresh_by_cookie() -> Result<(String, Account), RequestError> {
    let token = auth::refresh_token_by_cookie().send(None).await?.token;
    let account = auth::get_profile().send(Some(&token)).await?;
    Ok((token, account))
}

/// Whether the server has decided, and another attempt is useless.
fn is_final(error: &RequestError) -> bool {
    error.problem().is_some_and(|problem| (400..404).contains(&problem.status))
}

async fn delay_retry(error: &RequestError) {
    let wait = u32::try_from(error.retry_after() * 1_000).unwrap_or(RETRY_INTERVAL);
    TimeoutFuture::new(wait.max(RETRY_INTERVAL)).await;
}

fn is_session_over(error: &RequestError) -> bool {
    matches!(error, RequestError::Rejected(problem) if matches!(problem.status, 400 | 401))
}
