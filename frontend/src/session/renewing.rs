//! A token lives for minutes. Before it runs out it is renewed by itself, and after that by the browser's cookie.

use gloo_timers::{callback::Interval, future::TimeoutFuture};
use leptos::{prelude::*, task::spawn_local};
use shared::user::Account;

use super::{RENEWED, Session, Standing};
use crate::{
    api::{Trouble, entering},
    clock, storage,
};

/// A token lives 15 minutes; one older than this, in milliseconds, is renewed.
const STALE: i64 = 4 * 60 * 1_000;
/// How often its age is looked at, in milliseconds.
const LOOK: u32 = 30_000;
/// How often a server that is out of reach is asked who one is, in milliseconds.
const ASK_AGAIN: u32 = 3_000;

impl Session {
    /// Signs in whoever the browser remembers.
    pub(super) async fn come_back(self) {
        loop {
            match by_cookie().await {
                // Somebody may have signed in meanwhile.
                _ if untrack(|| self.standing()) != Standing::Returning => return,
                Ok((token, account)) => return self.begin(token, account.into()),
                Err(Trouble::Refused(problem)) if (400..404).contains(&problem.status) => {
                    return self.forget(Standing::Newcomer);
                }
                Err(trouble) => {
                    let wait = u32::try_from(trouble.retry_after() * 1_000).unwrap_or(ASK_AGAIN);
                    TimeoutFuture::new(wait.max(ASK_AGAIN)).await;
                }
            }
        }
    }

    /// Whether there is a fresh token now. When the server will not renew it, the session is over.
    pub(super) async fn renew(self) -> bool {
        let Some(token) = self.token() else { return false };
        let fresh = match entering::renew(token.clone()).send(None).await {
            Err(trouble) if is_over(&trouble) => self.by_the_same_cookie().await,
            answer => answer.map(|fresh| fresh.token),
        };
        // Somebody may have signed in anew while the answer was on its way.
        let still = self.token().as_ref() == Some(&token);
        match fresh {
            Ok(fresh) if still => {
                self.keep(fresh);
                true
            }
            Err(trouble) if still && is_over(&trouble) => {
                self.lose();
                false
            }
            Ok(_) | Err(_) => false,
        }
    }

    /// The cookie is the whole browser's: in another tab somebody else may have signed in.
    async fn by_the_same_cookie(self) -> Result<String, Trouble> {
        let (token, account) = by_cookie().await?;
        if self.account_now() == Some(account.id) {
            Ok(token)
        } else {
            Err(Trouble::refused(shared::problem::ProblemCode::SessionEnded))
        }
    }

    /// Renews the token if it is getting old; to be called whenever the tab comes back.
    pub fn refresh(self) {
        let renewed = storage::read(storage::tab(), RENEWED).and_then(|at| at.parse::<i64>().ok());
        let stale = renewed.is_none_or(|at| clock::now() - at >= STALE);
        if self.token().is_some() && stale {
            spawn_local(async move {
                self.renew().await;
            });
        }
    }

    /// Keeps the token fresh for as long as the page is open.
    pub fn watch(self) {
        self.refresh();
        Interval::new(LOOK, move || self.refresh()).forget();
    }
}

async fn by_cookie() -> Result<(String, Account), Trouble> {
    let token = entering::renew_by_cookie().send(None).await?.token;
    let account = entering::me().send(Some(&token)).await?;
    Ok((token, account))
}

fn is_over(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Refused(problem) if matches!(problem.status, 400 | 401))
}
