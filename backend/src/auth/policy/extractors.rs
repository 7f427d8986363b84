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

/// A user who may read the chat, as of the last seconds.
#[derive(Clone, Debug)]
pub struct ChatReader {
    pub user: User,
    pub chat: ChatRef,
    pub role: Role,
    pub rules: PostingRules,
}

/// A user who may post to the chat, which is open. Another program may have changed that minutes ago: storing the message checks
/// it again.
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

/// The owner, or any member of a chat that all members may export.
#[derive(Clone, Debug)]
pub struct ChatExporter {
    pub user: User,
    pub chat: ChatRef,
    pub role: Role,
}

impl ChatReader {
    /// Finds the user's membership by a current or former URI of the chat. A chat that does not exist and a chat of others
    /// give the same error.
    pub async fn find(auth: &AuthContext, user_id: UserId, uri: &str) -> Result<Self, ApiError> {
        Self::find_by_id(auth, user_id, find_chat_id(auth, uri).await?).await
    }

    /// Like [`find`](Self::find), by the id of the chat.
    pub async fn find_by_id(auth: &AuthContext, user_id: UserId, chat_id: ChatId) -> Result<Self, ApiError> {
        let user = find_user(auth, user_id).await?;
        let (rules, role) = match auth.cache.recent_membership(user_id, chat_id) {
            Some(cached) => cached,
            None => load_membership(auth, user_id, chat_id).await?,
        };
        Ok(Self { user, chat: rules.chat.clone(), role, rules })
    }

    /// Like [`find_by_id`](Self::find_by_id), but without a database query.
    pub fn find_recent(auth: &AuthContext, user_id: UserId, chat_id: ChatId) -> Option<Self> {
        let user = auth.cache.recent_user(user_id)?;
        let (rules, role) = auth.cache.recent_membership(user_id, chat_id)?;
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
        Ok(ChatWriter { user, chat, role, slow_mode_seconds: rules.slow_mode_seconds.unsigned_abs() })
    }

    fn require_role(self, least: Role) -> Result<Self, ApiError> {
        if self.role >= least { Ok(self) } else { Err(ProblemCode::Forbidden.into()) }
    }
}

impl ChatWriter {
    /// Like [`ChatReader::find`], but a known permission is enough. A refusal is always recent.
    async fn find(auth: &AuthContext, user_id: UserId, uri: &str) -> Result<Self, ApiError> {
        let chat_id = find_chat_id(auth, uri).await?;
        match Self::find_known(auth, user_id, chat_id) {
            Some(writer) => Ok(writer),
            None => ChatReader::find_by_id(auth, user_id, chat_id).await?.require_writer(),
        }
    }

    /// The permission to post as far as it is known, without a database query.
    pub fn find_known(auth: &AuthContext, user_id: UserId, chat_id: ChatId) -> Option<Self> {
        let (rules, role) = auth.cache.known_membership(user_id, chat_id)?;
        let user = auth.cache.known_user(user_id)?;
        ChatReader { user, chat: rules.chat.clone(), role, rules }.require_writer().ok()
    }
}

impl ChatExporter {
    /// Fails for a member who may not export the chat. The setting is read from the database.
    pub async fn check(auth: &AuthContext, reader: ChatReader) -> Result<Self, ApiError> {
        let ChatReader { user, chat, role, .. } = reader;
        let is_allowed = role >= Role::Owner
            || store::chats::is_export_allowed(&mut *auth.db.get().await?, chat.id).await?;
        if is_allowed { Ok(Self { user, chat, role }) } else { Err(ProblemCode::Forbidden.into()) }
    }
}

/// The chat to which a current or former URI leads.
pub async fn find_chat_id(auth: &AuthContext, uri: &str) -> Result<ChatId, ApiError> {
    if !is_valid_uri(uri) {
        return Err(ProblemCode::ChatNotFound.into());
    }
    if let Some(chat_id) = auth.cache.chat_id(uri) {
        return Ok(chat_id);
    }
    let epoch = auth.cache.epoch();
    let found = store::chat_links::find_chat_id(&mut *auth.db.get().await?, uri).await?;
    let chat_id = found.ok_or(ProblemCode::ChatNotFound)?;
    auth.cache.insert_uri(epoch, uri, chat_id);
    Ok(chat_id)
}

async fn load_membership(
    auth: &AuthContext,
    user_id: UserId,
    chat_id: ChatId,
) -> Result<(PostingRules, Role), ApiError> {
    let epoch = auth.cache.epoch();
    let (rules, role) = store::members::find_access(&mut *auth.db.get().await?, chat_id, user_id).await?;
    auth.cache.insert_membership(epoch, user_id, &rules, role);
    Ok((rules, role))
}

/// The chat's URI in the path of a request, and its sender.
async fn authenticate_in_chat(request: &HttpRequest) -> Result<(&AuthContext, UserId, &str), ApiError> {
    let auth = AuthContext::from_request(request)?;
    let Authenticated { user, .. } = Authenticated::extract(request).await?;
    Ok((auth, user.id, request.match_info().get("uri").unwrap_or_default()))
}

impl FromRequest for ChatReader {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (auth, user_id, uri) = authenticate_in_chat(&request).await?;
            let found = Self::find(auth, user_id, uri).await;
            limit_uri_probing(auth, client_ip(&request, &auth.config), found)
        })
    }
}

impl FromRequest for ChatWriter {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (auth, user_id, uri) = authenticate_in_chat(&request).await?;
            let found = Self::find(auth, user_id, uri).await;
            limit_uri_probing(auth, client_ip(&request, &auth.config), found)
        })
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

impl FromRequest for ChatExporter {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let reader = ChatReader::extract(&request).await?;
            Self::check(AuthContext::from_request(&request)?, reader).await
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
