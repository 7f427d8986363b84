//! The extractors for whoever is in the chat that the path names.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shared::{chat::is_uri, member::Role, problem::ProblemCode, user::User};

use super::{
    SignedIn, granted,
    signed_in::{Extracting, app, find_user},
};
use crate::{
    address::address,
    app::App,
    db::{
        self,
        chats::{Address, Rules},
    },
    limits::Limit,
    problem::Error,
};

/// Somebody who may read the chat.
#[derive(Clone, Debug)]
pub struct Reader {
    pub user: User,
    pub chat: Address,
    pub role: Role,
    pub rules: Rules,
}

/// Somebody who may write into the chat.
#[derive(Clone, Debug)]
pub struct Writer {
    pub user: User,
    pub chat: Address,
    pub role: Role,
    pub slow_seconds: u32,
}

/// Somebody who keeps the chat pleasant: a moderator, or the owner.
#[derive(Clone, Debug)]
pub struct Moderator {
    pub user: User,
    pub chat: Address,
}

/// Whose chat it is.
#[derive(Clone, Debug)]
pub struct Owner {
    pub user: User,
    pub chat: Address,
}

impl Reader {
    /// Looks for the chat among those that the user is in, under any address that it has or had. One that does not exist
    /// and one that is others' look alike.
    pub async fn find(app: &App, user_id: i64, address: &str) -> Result<Self, Error> {
        if !is_uri(address) {
            return Err(ProblemCode::ChatNotFound.into());
        }
        let user = find_user(app, user_id).await?;
        let (rules, role) = match app.people.membership(user_id, address) {
            Some(known) => known,
            None => Self::look_up(app, user_id, address).await?,
        };
        Ok(Self { user, chat: rules.chat.clone(), role, rules })
    }

    async fn look_up(app: &App, user_id: i64, address: &str) -> Result<(Rules, Role), Error> {
        let as_of = app.people.now();
        let mut connection = app.db.get().await?;
        let chat_id = db::addresses::chat_of(&mut connection, address).await?;
        let chat_id = chat_id.ok_or(ProblemCode::ChatNotFound)?;
        let role = db::members::role(&mut connection, chat_id, user_id).await?;
        // A chat that has ended says so, also to those whom it has forgotten: so this is read last.
        let rules = db::chats::rules(&mut connection, chat_id).await?;
        let role = role.ok_or(ProblemCode::ChatNotFound)?;
        app.people.keep_membership(as_of, user_id, address, &rules, role);
        Ok((rules, role))
    }

    /// The same without asking the database.
    pub fn known(app: &App, user_id: i64, address: &str) -> Option<Self> {
        let user = app.people.user(user_id)?;
        let (rules, role) = app.people.membership(user_id, address)?;
        Some(Self { user, chat: rules.chat.clone(), role, rules })
    }

    /// The same person as a writer, if they are one and the chat is open.
    pub fn writing(self) -> Result<Writer, Error> {
        if self.role < Role::Writer {
            return Err(ProblemCode::Forbidden.into());
        }
        if self.rules.closed {
            return Err(ProblemCode::ChatClosed.into());
        }
        let (role, slow_seconds) = (self.role, self.rules.slow_seconds);
        Ok(Writer { user: self.user, chat: self.chat, role, slow_seconds })
    }

    fn moderating(self) -> Result<Moderator, Error> {
        let is_one = self.role >= Role::Moderator;
        is_one.then_some(Moderator { user: self.user, chat: self.chat }).ok_or(ProblemCode::Forbidden.into())
    }

    fn owning(self) -> Result<Owner, Error> {
        let is_one = self.role == Role::Owner;
        is_one.then_some(Owner { user: self.user, chat: self.chat }).ok_or(ProblemCode::Forbidden.into())
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
                Ok(found) => {
                    granted::place(&request, user.id, uri, found.role);
                    Ok(found)
                }
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

impl FromRequest for Moderator {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reader = Reader::from_request(request, payload);
        Box::pin(async move { reader.await?.moderating() })
    }
}

impl FromRequest for Owner {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reader = Reader::from_request(request, payload);
        Box::pin(async move { reader.await?.owning() })
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
