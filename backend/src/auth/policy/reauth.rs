//! Re-authentication: security-relevant changes require that the user recently confirmed their identity, because a token may
//! be stolen or left on a shared device.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shared::{
    credentials::Password,
    id::UserId,
    problem::{FieldCode, ProblemCode},
};

use crate::{
    auth::{
        authenticated::{AccountHolder, Authenticated, ExtractFuture},
        context::AuthContext,
        cookies,
        passwords::VerifyResult,
        totp,
    },
    error::{ApiError, Rejection},
    http::extract::client_ip::client_ip,
    rate_limit::{IpLimit, LoginOrigin},
    store,
};

/// A user with an account who re-authenticated recently.
#[derive(Clone, Debug)]
pub struct RecentlyAuthenticated(pub Authenticated);

/// A user with an account who re-authenticated recently, or a guest, who has no credentials to show.
#[derive(Clone, Debug)]
pub struct RecentlyAuthenticatedOrGuest(pub Authenticated);

impl FromRequest for RecentlyAuthenticated {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let AccountHolder(authenticated) = AccountHolder::extract(&request).await?;
            require_recent(&request, &authenticated).await?;
            Ok(Self(authenticated))
        })
    }
}

impl FromRequest for RecentlyAuthenticatedOrGuest {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let authenticated = Authenticated::extract(&request).await?;
            if !authenticated.user.guest {
                require_recent(&request, &authenticated).await?;
            }
            Ok(Self(authenticated))
        })
    }
}

async fn require_recent(request: &HttpRequest, authenticated: &Authenticated) -> Result<(), ApiError> {
    if is_recently_authenticated(AuthContext::from_request(request)?, authenticated).await? {
        Ok(())
    } else {
        Err(ProblemCode::ReauthenticationRequired.into())
    }
}

pub async fn is_recently_authenticated(
    auth: &AuthContext,
    authenticated: &Authenticated,
) -> Result<bool, ApiError> {
    let mut connection = auth.db.get().await?;
    Ok(store::sessions::is_recently_reauthenticated(&mut connection, authenticated.claims.sid).await?)
}

/// What an account with a second factor requires in addition to the password.
#[derive(Clone, Copy, Debug)]
pub enum SecondFactorCheck<'a> {
    /// A recent re-authentication of the session.
    RecentReauthentication,
    /// A one-time code or recovery code.
    Code(Option<&'a str>),
}

/// Verifies the field `current_password`. Returns the stored hash that it matched.
pub async fn verify_password(
    auth: &AuthContext,
    request: &HttpRequest,
    authenticated: &Authenticated,
    password: Password,
    second_factor: SecondFactorCheck<'_>,
) -> Result<String, ApiError> {
    let (id, username) = (authenticated.user.id, &authenticated.user.username);
    if matches!(second_factor, SecondFactorCheck::RecentReauthentication)
        && totp::is_enabled(auth, id).await?
    {
        require_recent(request, authenticated).await?;
    }
    auth.rate_limits.check_ip(IpLimit::SignIn, client_ip(request, &auth.config))?;
    let origin = LoginOrigin::Session(authenticated.claims.sid);
    auth.rate_limits.check_login(username, origin)?;
    let stored = store::users::find_password_hash(&mut *auth.db.get().await?, id).await?;
    let result = auth.passwords.verify(password, stored.clone()).await?;
    let wrong_password = || Rejection::field("current_password", FieldCode::WrongPassword);
    let hash = stored.filter(|_| result != VerifyResult::Invalid).ok_or_else(wrong_password)?;
    if let SecondFactorCheck::Code(code) = second_factor {
        totp::verify_code(auth, id, code).await?;
    }
    auth.rate_limits.reset_login(username, origin);
    Ok(hash)
}

/// Where a sign-in comes from: a browser in which the account was used before, or an IP address.
pub async fn login_origin(
    auth: &AuthContext,
    request: &HttpRequest,
    user_id: Option<UserId>,
    client_ip: IpAddr,
) -> Result<LoginOrigin, ApiError> {
    if let (Some(user_id), Some(browser)) = (user_id, cookies::browser_id(request))
        && store::sessions::has_used_browser(&mut *auth.db.get().await?, user_id, browser).await?
    {
        return Ok(LoginOrigin::Browser(browser));
    }
    Ok(LoginOrigin::Address(client_ip))
}
