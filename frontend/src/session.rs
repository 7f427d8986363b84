//! Who is signed in. The token is kept with the tab and renewed before it runs out.

pub mod return_to;

use futures_util::{FutureExt, future::LocalBoxFuture};
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;
use shared::user::{Account, SignIn, SignUp};

use crate::{
    api::{self, Call, Request, Trouble},
    clock, storage,
};

const TOKEN: &str = "authToken";
const NAME: &str = "username";
const ACCOUNT: &str = "account";
const RENEWED: &str = "renewedAt";
/// A token lives 15 minutes; one older than this, in milliseconds, is renewed.
const STALE: i64 = 4 * 60 * 1_000;
/// How often its age is looked at, in milliseconds.
const LOOK: u32 = 30_000;

/// Whether somebody is signed in, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    In {
        name: String,
        /// The number that stays when the name changes.
        account: i64,
    },
    Newcomer,
    Left,
    Ended,
}

#[derive(Clone, Copy)]
pub struct Session {
    standing: RwSignal<Standing>,
    token: StoredValue<Option<String>>,
    renewals: RwSignal<u32>,
}

pub fn use_session() -> Session {
    expect_context()
}

impl Session {
    /// Goes on where the tab left off.
    pub fn resume() -> Self {
        let standing = known();
        let token = standing.as_ref().and_then(|_| storage::read(storage::tab(), TOKEN));
        let standing = standing.filter(|_| token.is_some()).unwrap_or(Standing::Newcomer);
        Self { standing: RwSignal::new(standing), token: StoredValue::new(token), renewals: RwSignal::new(0) }
    }

    pub fn standing(self) -> Standing {
        self.standing.get()
    }

    pub fn is_in(self) -> bool {
        matches!(*self.standing.read(), Standing::In { .. })
    }

    pub fn name(self) -> String {
        match &*self.standing.read() {
            Standing::In { name, .. } => name.clone(),
            _ => String::new(),
        }
    }

    pub fn account(self) -> Option<i64> {
        match *self.standing.read() {
            Standing::In { account, .. } => Some(account),
            _ => None,
        }
    }

    /// As [`Session::account`], for where nothing is drawn.
    pub fn account_now(self) -> Option<i64> {
        untrack(|| self.account())
    }

    /// As [`Session::name`], for where nothing is drawn.
    pub fn name_now(self) -> String {
        untrack(|| self.name())
    }

    pub fn token(self) -> Option<String> {
        self.token.get_value()
    }

    /// Changes whenever the token did.
    pub fn renewals(self) -> u32 {
        self.renewals.get()
    }

    pub async fn sign_up(self, wanted: SignUp) -> Result<(), Trouble> {
        api::sign_up(&wanted).send(None).await?;
        self.sign_in(SignIn { username: wanted.username, password: wanted.password }).await
    }

    pub async fn sign_in(self, wanted: SignIn) -> Result<(), Trouble> {
        let token = api::sign_in(&wanted).send(None).await?.token;
        // People write their name in any case; everyone else sees it as it was chosen.
        let Account { username: name, id: account, .. } = api::me().send(Some(&token)).await?;
        self.keep(token);
        storage::write(storage::tab(), NAME, Some(&name));
        storage::write(storage::tab(), ACCOUNT, Some(&account.to_string()));
        self.standing.set(Standing::In { name, account });
        Ok(())
    }

    pub fn sign_out(self) {
        self.forget(Standing::Left);
    }

    /// Sends the request with the token; a token that was refused is renewed once.
    pub async fn ask<A: DeserializeOwned>(self, request: Request<A>) -> Result<A, Trouble> {
        Request::answer(&self.send(request.into_call()).await?)
    }

    /// Boxed, so that what asks holds a pointer instead of a copy of all this.
    fn send(self, call: Call) -> LocalBoxFuture<'static, Result<String, Trouble>> {
        self.send_renewing(call).boxed_local()
    }

    async fn send_renewing(self, call: Call) -> Result<String, Trouble> {
        match call.send(self.token().as_deref()).await {
            Err(trouble) if trouble.is_about_the_token() && self.renew().await => {
                let answer = call.send(self.token().as_deref()).await;
                if answer.as_ref().is_err_and(Trouble::is_about_the_token) {
                    self.forget(Standing::Ended);
                }
                answer
            }
            answer => answer,
        }
    }

    /// Whether there is a fresh token now. When the server will not renew it, the session is over.
    async fn renew(self) -> bool {
        let Some(token) = self.token() else { return false };
        match api::renew(token.clone()).send(None).await {
            Ok(fresh) => {
                self.keep(fresh.token);
                true
            }
            Err(Trouble::Refused(problem)) if matches!(problem.status, 400 | 401) => {
                // Somebody may have signed in anew while the answer was on its way.
                if self.token().as_ref() == Some(&token) {
                    self.forget(Standing::Ended);
                }
                false
            }
            Err(_) => false,
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
        gloo_timers::callback::Interval::new(LOOK, move || self.refresh()).forget();
    }

    fn keep(self, token: String) {
        storage::write(storage::tab(), TOKEN, Some(&token));
        storage::write(storage::tab(), RENEWED, Some(&clock::now().to_string()));
        self.token.set_value(Some(token));
        self.renewals.update(|count| *count += 1);
    }

    fn forget(self, standing: Standing) {
        for key in [TOKEN, NAME, ACCOUNT, RENEWED] {
            storage::write(storage::tab(), key, None);
        }
        self.token.set_value(None);
        self.standing.set(standing);
    }
}

/// Who was signed in when the tab was last open.
fn known() -> Option<Standing> {
    let name = storage::read(storage::tab(), NAME)?;
    let account = storage::read(storage::tab(), ACCOUNT)?.parse().ok()?;
    Some(Standing::In { name, account })
}
