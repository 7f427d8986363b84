//! The extractors for whoever is in the chat that the path names.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shared::{chat::is_uri, member::Role, problem::ProblemCode, user::User};

use super::{
    SignedIn,
    signed_in::{Extracting, app},
};
use crate::{
    address::address,
    app::App,
    db::{self, chats::Found},
    limits::Limit,
    problem::Error,
};

/// Somebody who may read the chat.
#[derive(Clone, Debug)]
pub struct Reader {
    pub user: User,
    pub chat: Found,
    pub role: Role,
}

/// Somebody who may write into the chat.
#[derive(Clone, Debug)]
pub struct Writer {
    pub user: User,
    pub chat: Found,
}

impl Reader {
    /// Looks for the chat among those that the user is in. One that does not exist and one that is others' look alike.
    pub async fn find(app: &App, user_id: i64, uri: &str) -> Result<Self, Error> {
        if !is_uri(uri) {
            return Err(ProblemCode::ChatNotFound.into());
        }
        let found = db::chats::find_as_member(&mut *app.db.get().await?, uri, user_id).await?;
        let (chat, role, user) = found.ok_or(ProblemCode::ChatNotFound)?;
        Ok(Self { user, chat, role })
    }

    /// The same person as a writer, if they are one.
    pub fn writing(self) -> Result<Writer, Error> {
        match self.role {
            Role::Owner | Role::Moderator | Role::Writer => Ok(Writer { user: self.user, chat: self.chat }),
            Role::Reader => Err(ProblemCode::Forbidden.into()),
        }
    }
}

impl FromRequest for Reader {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let (app, user) = (app(&request)?, signed_in.await?.user);
            let uri = request.match_info().get("uri").unwrap_or_default();
            let address = address(&request, &app.config);
            let found = guessing_is_limited(app, address, Self::find(app, user.id, uri).await)?;
            // The caller's own e-mail is theirs to see.
            Ok(Self { user, ..found })
        })
    }
}

impl FromRequest for Writer {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reader = Reader::from_request(request, payload);
        Box::pin(async move { reader.await?.writing() })
    }
}

/// Counts unknown addresses of chats, so that nobody finds one by trying.
pub fn guessing_is_limited<T>(app: &App, address: IpAddr, found: Result<T, Error>) -> Result<T, Error> {
    if let Err(Error::Refused(refusal)) = &found
        && refusal.code() == ProblemCode::ChatNotFound
    {
        app.limits.of_address(Limit::UnknownUri, address)?;
    }
    found
}
