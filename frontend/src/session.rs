//! Who is signed in. The token is kept with the tab and renewed before it runs out; the browser itself remembers who was
//! here in a cookie that no script can read.

pub mod me;
mod renewing;
pub mod return_to;
mod safe_path;

use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, select},
};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;
use shared::{
    credentials::SignIn,
    user::{Account, BeGuest, Begun, ChangeMe, Claim, SignUp},
};

use self::me::Me;
use crate::{
    api::{Call, Request, Trouble, entering},
    clock, storage,
};

/// For how long a server that does not answer keeps somebody from leaving, in milliseconds.
const FAREWELL: u32 = 3_000;
const TOKEN: &str = "authToken";
const RENEWED: &str = "renewedAt";
/// Kept with the browser while its cookie knows somebody, so that strangers are not asked about.
const REMEMBERED: &str = "remembered";

/// Whether somebody is signed in, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    In(Me),
    /// The browser remembers somebody: the server is being asked whom.
    Returning,
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
    /// Goes on where the tab left off, or else where the browser did.
    pub fn resume() -> Self {
        let token = storage::read(storage::tab(), TOKEN);
        let standing = match Me::kept().filter(|_| token.is_some()) {
            Some(me) => Standing::In(me),
            None if storage::read(storage::browser(), REMEMBERED).is_some() => Standing::Returning,
            None => Standing::Newcomer,
        };
        let token = token.filter(|_| matches!(standing, Standing::In(_)));
        let (standing, token) = (RwSignal::new(standing), StoredValue::new(token));
        let session = Self { standing, token, renewals: RwSignal::new(0) };
        if untrack(|| session.standing()) == Standing::Returning {
            spawn_local(session.come_back());
        }
        session
    }

    pub fn standing(self) -> Standing {
        self.standing.get()
    }

    pub fn is_in(self) -> bool {
        matches!(*self.standing.read(), Standing::In(_))
    }

    /// Who one is.
    pub fn me(self) -> Option<Me> {
        match &*self.standing.read() {
            Standing::In(me) => Some(me.clone()),
            _ => None,
        }
    }

    /// What one is called.
    pub fn name(self) -> String {
        self.me().map(|me| me.name().to_owned()).unwrap_or_default()
    }

    pub fn is_guest(self) -> bool {
        self.me().is_some_and(|me| me.guest)
    }

    pub fn account(self) -> Option<i64> {
        self.me().map(|me| me.id)
    }

    /// As [`Session::account`], for where nothing is drawn.
    pub fn account_now(self) -> Option<i64> {
        untrack(|| self.account())
    }

    /// The name that the server knows one by.
    pub fn username_now(self) -> String {
        untrack(|| self.me()).map(|me| me.username).unwrap_or_default()
    }

    pub fn token(self) -> Option<String> {
        self.token.get_value()
    }

    /// Changes whenever the token did.
    pub fn renewals(self) -> u32 {
        self.renewals.get()
    }

    pub async fn sign_up(self, wanted: SignUp) -> Result<(), Trouble> {
        entering::sign_up(&wanted).send(None).await?;
        self.sign_in(SignIn { username: wanted.username, password: wanted.password, one_time_code: None })
            .await
    }

    pub async fn sign_in(self, wanted: SignIn) -> Result<(), Trouble> {
        self.begin_with(entering::sign_in(&wanted).send(None).await?.token).await
    }

    /// Is in by a token that was got just now.
    pub async fn begin_with(self, token: String) -> Result<(), Trouble> {
        // People write their name in any case; everyone else sees it as it was chosen.
        let account = entering::me().send(Some(&token)).await?;
        self.begin(token, account.into());
        Ok(())
    }

    /// In without an account: nothing is asked but what to be called.
    async fn be_guest(self, name: &str) -> Result<(), Trouble> {
        let display_name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        let Begun { token, user } = entering::be_guest(&BeGuest { display_name }).send(None).await?;
        self.begin(token, user.into());
        Ok(())
    }

    /// Whoever is not signed in becomes a guest of this name.
    pub async fn be_somebody(self, name: &str) -> Result<(), Trouble> {
        if untrack(|| self.is_in()) { Ok(()) } else { self.be_guest(name).await }
    }

    /// The guest becomes an account, and stays the same person.
    pub async fn claim(self, wanted: Claim) -> Result<(), Trouble> {
        let Begun { token, user } = self.ask(entering::claim(&wanted)).await?;
        self.begin(token, user.into());
        Ok(())
    }

    pub async fn rename(self, name: &str) -> Result<(), Trouble> {
        let change = ChangeMe { email: None, display_name: Some(name.trim().to_owned()) };
        let account: Account = self.ask(entering::change_me(&change)).await?;
        self.know(account.into());
        Ok(())
    }

    /// Ends the session, also on the server.
    pub async fn sign_out(self) {
        let token = self.token();
        self.forget(Standing::Left);
        let ended = async {
            // Out of reach, the session ends by itself one day; this browser has forgotten it.
            let _ended = entering::end().send(token.as_deref()).await;
        };
        select(Box::pin(ended), TimeoutFuture::new(FAREWELL)).await;
    }

    /// The session is over, and the person knows why.
    pub fn leave(self) {
        self.forget(Standing::Left);
    }

    /// Sends the request with the token; a token that was refused is renewed once.
    pub async fn ask<A: DeserializeOwned>(self, request: Request<A>) -> Result<A, Trouble> {
        Request::answer(&self.carry(request.into_call()).await?)
    }

    /// As [`Session::ask`], for who reads the answer. Boxed, so that what asks holds a pointer instead of a copy of all this.
    pub fn carry(self, call: Call) -> LocalBoxFuture<'static, Result<String, Trouble>> {
        self.send_renewing(call).boxed_local()
    }

    async fn send_renewing(self, call: Call) -> Result<String, Trouble> {
        match call.send(self.token().as_deref()).await {
            Err(trouble) if trouble.is_about_the_token() && self.renew().await => {
                let answer = call.send(self.token().as_deref()).await;
                if answer.as_ref().is_err_and(Trouble::is_about_the_token) {
                    self.lose();
                }
                answer
            }
            answer => answer,
        }
    }

    fn begin(self, token: String, me: Me) {
        storage::write(storage::browser(), REMEMBERED, Some("yes"));
        self.keep(token);
        self.know(me);
    }

    pub fn know(self, me: Me) {
        me.keep();
        self.standing.set(Standing::In(me));
    }

    fn keep(self, token: String) {
        storage::write(storage::tab(), TOKEN, Some(&token));
        storage::write(storage::tab(), RENEWED, Some(&clock::now().to_string()));
        self.token.set_value(Some(token));
        self.renewals.update(|count| *count += 1);
    }

    fn forget(self, standing: Standing) {
        for key in [TOKEN, RENEWED] {
            storage::write(storage::tab(), key, None);
        }
        Me::forget();
        storage::write(storage::browser(), REMEMBERED, None);
        self.token.set_value(None);
        self.standing.set(standing);
    }

    /// The server knows the session no more. A guest has no other way in, and begins anew.
    fn lose(self) {
        let guest = untrack(|| self.is_guest());
        self.forget(if guest { Standing::Newcomer } else { Standing::Ended });
    }
}
