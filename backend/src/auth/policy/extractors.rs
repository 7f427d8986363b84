//! Extractors for members of the chat in the path.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shared::{
    chat::is_valid_uri,
    id::{ChatId, UserId},
    member::Role,
    problem::ProblemCode,
    user::User,
};

use crate::{
    auth::{
        authenticated::{Authenticated, ExtractFuture, find_user},
        context::AuthContext,
    },
    error::ApiError,
    http::extract::client_ip::client_ip,
    rate_limit::IpLimit,
    store::{
        self,
        chats::{ChatRef, PostingRules},
    },
};

/// A user who may read the chat.
#[derive(Clone, Debug)]
pub struct ChatReader {
    pub user: User,
    pub chat: ChatRef,
    pub role: Role,
    pub rules: PostingRules,
}

/// A user who may post to the chat, which is open.
#[derive(Clone, Debug)]
pub struct ChatWriter {
    pub user: User,
    pub chat: ChatRef,
    pub role: Role,
    pub slow_mode_seconds: u32,
}

/// A moderator or the owner.
#[derive(Clone, Debug)]
pub struct ChatModerator {
    pub user: User,
    pub chat: ChatRef,
}

#[derive(Clone, Debug)]
pub struct ChatOwner {
    pub user: User,
    pub chat: ChatRef,
}

impl ChatReader {
    /// Finds the user's membership by a current or former URI of the chat. A chat that does not exist and a chat of others
    /// give the same error.
    pub async fn find(auth: &AuthContext, user_id: UserId, uri: &str) -> Result<Self, ApiError> {
        if !is_valid_uri(uri) {
            return Err(ProblemCode::ChatNotFound.into());
        }
        let chat_id = if let Some(chat_id) = auth.cache.chat_id(uri) {
            chat_id
        } else {
            let found = store::chat_links::find_chat_id(&mut *auth.db.get().await?, uri).await?;
            let chat_id = found.ok_or(ProblemCode::ChatNotFound)?;
            auth.cache.insert_uri(uri, chat_id);
            chat_id
        };
        Self::find_by_id(auth, user_id, chat_id).await
    }

    /// Like [`find`](Self::find), by the id of the chat.
    pub async fn find_by_id(auth: &AuthContext, user_id: UserId, chat_id: ChatId) -> Result<Self, ApiError> {
        let user = find_user(auth, user_id).await?;
        let (rules, role) = match auth.cache.membership(user_id, chat_id) {
            Some(cached) => cached,
            None => Self::load(auth, user_id, chat_id).await?,
        };
        Ok(Self { user, chat: rules.chat.clone(), role, rules })
    }

    async fn load(
        auth: &AuthContext,
        user_id: UserId,
        chat_id: ChatId,
    ) -> Result<(PostingRules, Role), ApiError> {
        let epoch = auth.cache.epoch();
        let mut connection = auth.db.get().await?;
        let role = store::members::find_role(&mut connection, chat_id, user_id).await?;
        // Fails with `ChatDeleted`, which takes precedence: the memberships of a deleted chat are deleted as well.
        let rules = store::chats::find_posting_rules(&mut connection, chat_id).await?;
        let role = role.ok_or(ProblemCode::ChatNotFound)?;
        auth.cache.insert_membership(epoch, user_id, &rules, role);
        Ok((rules, role))
    }

    /// Like [`find_by_id`](Self::find_by_id), but without a database query.
    pub fn find_cached(auth: &AuthContext, user_id: UserId, chat_id: ChatId) -> Option<Self> {
        let user = auth.cache.user(user_id)?;
        let (rules, role) = auth.cache.membership(user_id, chat_id)?;
        Some(Self { user, chat: rules.chat.clone(), role, rules })
    }

    /// Fails if the user may not write or the chat is closed.
    pub fn require_writer(self) -> Result<ChatWriter, ApiError> {
        let Self { user, chat, role, rules } = self;
        if role < Role::Writer {
            return Err(ProblemCode::Forbidden.into());
        }
        if rules.closed {
            return Err(ProblemCode::ChatClosed.into());
        }
        Ok(ChatWriter { user, chat, role, slow_mode_seconds: rules.slow_mode_seconds })
    }

    fn require_role(self, least: Role) -> Result<Self, ApiError> {
        if self.role >= least { Ok(self) } else { Err(ProblemCode::Forbidden.into()) }
    }
}

impl FromRequest for ChatReader {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let auth = AuthContext::from_request(&request)?;
            let Authenticated { user, .. } = Authenticated::extract(&request).await?;
            let uri = request.match_info().get("uri").unwrap_or_default();
            let found = Self::find(auth, user.id, uri).await;
            limit_uri_probing(auth, client_ip(&request, &auth.config), found)
        })
    }
}

impl FromRequest for ChatWriter {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let reader = ChatReader::extract(request);
        Box::pin(async move { reader.await?.require_writer() })
    }
}

impl FromRequest for ChatModerator {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let reader = ChatReader::extract(request);
        Box::pin(async move {
            let ChatReader { user, chat, .. } = reader.await?.require_role(Role::Moderator)?;
            Ok(Self { user, chat })
        })
    }
}

impl FromRequest for ChatOwner {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let reader = ChatReader::extract(request);
        Box::pin(async move {
            let ChatReader { user, chat, .. } = reader.await?.require_role(Role::Owner)?;
            Ok(Self { user, chat })
        })
    }
}

/// Counts lookups of unknown URIs, so that chats cannot be found by trying URIs.
pub fn limit_uri_probing<T>(
    auth: &AuthContext,
    client_ip: IpAddr,
    found: Result<T, ApiError>,
) -> Result<T, ApiError> {
    if found.as_ref().is_err_and(|error| error.code() == ProblemCode::ChatNotFound) {
        auth.rate_limits.check_ip(IpLimit::UnknownUri, client_ip)?;
    }
    found
}
