//! The extractors for whoever is in the chat that the path names.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shared::{chat::is_uri, member::Role, problem::ProblemCode, user::User};

use super::{
    SignedIn,
    known::Membership,
    signed_in::{Extracting, app, find_user},
};
use crate::{
    address::address,
    app::App,
    db::{self, chats::Address},
    limits::Limit,
    problem::Error,
};

/// Somebody who may read the chat.
#[derive(Clone, Debug)]
pub struct Reader {
    pub user: User,
    pub chat: Address,
    pub role: Role,
}

/// Somebody who may write into the chat.
#[derive(Clone, Debug)]
pub struct Writer {
    pub user: User,
    pub chat: Address,
}

impl Reader {
    /// Looks for the chat among those that the user is in. One that does not exist and one that is others' look alike.
    pub async fn find(app: &App, user_id: i64, uri: &str) -> Result<Self, Error> {
        if !is_uri(uri) {
            return Err(ProblemCode::ChatNotFound.into());
        }
        let user = find_user(app, user_id).await?;
        let Membership { chat, role } = match app.people.membership(user_id, uri) {
            Some(known) => known,
            None => Self::look_up(app, user_id, uri).await?,
        };
        Ok(Self { user, chat, role })
    }

    async fn look_up(app: &App, user_id: i64, uri: &str) -> Result<Membership, Error> {
        let as_of = app.people.now();
        let found = db::chats::find_as_member(&mut *app.db.get().await?, uri, user_id).await?;
        let (chat, role) = found.ok_or(ProblemCode::ChatNotFound)?;
        let membership = Membership { chat, role };
        app.people.keep_membership(as_of, user_id, &membership);
        Ok(membership)
    }

    /// The same without asking the database.
    pub fn known(app: &App, user_id: i64, uri: &str) -> Option<Self> {
        let user = app.people.user(user_id)?;
        let Membership { chat, role } = app.people.membership(user_id, uri)?;
        Some(Self { user, chat, role })
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
            match Self::find(app, user.id, uri).await {
                Ok(found) => Ok(found),
                lost => guessing_is_limited(app, address(&request, &app.config), lost),
            }
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
