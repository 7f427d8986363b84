//! Showing once more that an account is one's own. A token may have been left open on a shared machine, or been stolen: what
//! could keep its owner out takes more than that.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shared::{
    credentials::Password,
    problem::{FieldCode, ProblemCode},
};

use super::{
    AccountHolder, SignedIn, cookies,
    passwords::Compared,
    second_factor,
    signed_in::{Extracting, app},
};
use crate::{
    address::address,
    app::App,
    db,
    limits::{Limit, Place},
    problem::{Error, Refusal},
};

/// Somebody with an account who has shown lately that it is theirs.
#[derive(Clone, Debug)]
pub struct Proven(pub SignedIn);

impl FromRequest for Proven {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let holder = AccountHolder::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let AccountHolder(signed_in) = holder.await?;
            if is_proven(app(&request)?, &signed_in).await? {
                Ok(Self(signed_in))
            } else {
                Err(ProblemCode::ProofNeeded.into())
            }
        })
    }
}

/// Somebody who may have everything of their own: whoever has an account shows lately that it is theirs; a guest has
/// nothing else to show.
#[derive(Clone, Debug)]
pub struct ProvenOrGuest(pub SignedIn);

impl FromRequest for ProvenOrGuest {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let signed_in = signed_in.await?;
            if signed_in.user.guest || is_proven(app(&request)?, &signed_in).await? {
                Ok(Self(signed_in))
            } else {
                Err(ProblemCode::ProofNeeded.into())
            }
        })
    }
}

pub async fn is_proven(app: &App, signed_in: &SignedIn) -> Result<bool, Error> {
    db::sessions::is_proven(&mut *app.db.get().await?, signed_in.claims.sid).await
}

/// What is asked for beside the password.
#[derive(Clone, Copy, Debug)]
pub enum Beside<'a> {
    /// What the session has shown lately, if the account has a second factor.
    Proof,
    /// The code of the account's second factor, if it has one.
    Code(Option<&'a str>),
}

/// Compares the account's password with what was given as `current_password`; returns the hash that it was compared with.
pub async fn by_password(
    app: &App,
    request: &HttpRequest,
    signed_in: &SignedIn,
    password: Password,
    beside: Beside<'_>,
) -> Result<String, Error> {
    let (id, username) = (signed_in.user.id, &signed_in.user.username);
    if matches!(beside, Beside::Proof)
        && second_factor::is_on(app, id).await?
        && !is_proven(app, signed_in).await?
    {
        return Err(ProblemCode::ProofNeeded.into());
    }
    app.limits.of_address(Limit::SignIn, address(request, &app.config))?;
    let place = Place::Session(signed_in.claims.sid);
    app.limits.try_account(username, place)?;
    let stored = db::users::password_hash(&mut *app.db.get().await?, id).await?;
    let compared = app.passwords.compare(password, stored.clone()).await?;
    let wrong = || Refusal::field("current_password", FieldCode::WrongPassword);
    let hash = stored.filter(|_| compared != Compared::Wrong).ok_or_else(wrong)?;
    if let Beside::Code(code) = beside {
        second_factor::check(app, id, code).await?;
    }
    app.limits.succeed(username, place);
    Ok(hash)
}

/// From where an account is tried: a browser that it knows, or an address.
pub async fn place(
    app: &App,
    request: &HttpRequest,
    user_id: Option<i64>,
    address: IpAddr,
) -> Result<Place, Error> {
    if let (Some(user_id), Some(browser)) = (user_id, cookies::browser_of(request))
        && db::sessions::knows_browser(&mut *app.db.get().await?, user_id, browser).await?
    {
        return Ok(Place::Browser(browser));
    }
    Ok(Place::Address(address))
}
