//! Guests: beginning as one, and becoming an account.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use shared::{
    name::friendly,
    user::{BeGuest, Begun, Claim, check_display_name, check_email, check_username},
};

use super::accounts::new_password;
use crate::{
    address::address,
    app::{App, to_the_end},
    auth::{Guest, sessions::Beginning},
    body::{Body, Fields, FromFields},
    db::{self, users::guests},
    limits::Limit,
    problem::Error,
};

/// Makes a guest, who is signed in by that.
#[utoipa::path(
    post, path = "/auth/guest/",
    request_body = BeGuest,
    responses((status = 201, body = Begun), (status = 403)),
)]
pub async fn begin(
    app: Data<App>,
    request: HttpRequest,
    Body(BeGuest { display_name }): Body<BeGuest>,
) -> Result<HttpResponse, Error> {
    app.limits.of_address(Limit::Guest, address(&request, &app.config))?;
    let name = display_name.filter(|name| !name.is_empty()).unwrap_or_else(|| friendly(rand::random()));
    let session = Beginning::of(&request, &app.config);
    let mut connection = app.db.get().await?;
    let user = guests::create(&mut connection, &name).await?;
    db::sessions::begin(&mut connection, session.row(user.id)).await?;
    let token = app.keys.sign_in(user.id, session.id)?;
    Ok(session.answer(HttpResponse::Created(), true, Begun { token, user }))
}

/// Makes an account of a guest, under a new session; all that was theirs stays so.
#[utoipa::path(post, path = "/auth/claim/", request_body = Claim, responses((status = 200, body = Begun), (status = 409)))]
pub async fn claim(
    app: Data<App>,
    request: HttpRequest,
    Guest(guest): Guest,
    Body(claim): Body<Claim>,
) -> Result<HttpResponse, Error> {
    let hash = judge(&app, &request, &claim).await?;
    let (id, session) = (guest.user.id, Beginning::of(&request, &app.config));
    let (row, begun) = (session.row(id), app.keys.sign_in(id, session.id)?);
    let user = to_the_end(async move {
        let claimed = guests::claim(&mut *app.db.get().await?, &claim, &hash, row).await?;
        app.people.forget(id);
        app.end_sessions(&claimed.ended);
        app.publish_members(claimed.told).await;
        Ok(claimed.user)
    })
    .await?;
    Ok(session.answer(HttpResponse::Ok(), false, Begun { token: begun, user }))
}

/// A hash of the password, if it is as good as one to sign up with; only accounts that are made count as sign-ups.
async fn judge(app: &App, request: &HttpRequest, claim: &Claim) -> Result<String, Error> {
    let address = address(request, &app.config);
    app.limits.of_address(Limit::SignIn, address)?;
    let user = [claim.username.as_str(), claim.email.as_str()];
    app.passwords.check_strength("password", &claim.password, user).await?;
    app.limits.of_address(Limit::SignUp, address)?;
    app.passwords.hash(claim.password.clone()).await
}

impl FromFields for BeGuest {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { display_name: fields.optional_text("display_name", check_display_name) }
    }
}

impl FromFields for Claim {
    fn from_fields(fields: &mut Fields) -> Self {
        let username = fields.text("username", check_username);
        let password = new_password(fields, "password");
        let email = fields.optional_text("email", check_email).unwrap_or_default();
        Self { username, password, email }
    }
}
