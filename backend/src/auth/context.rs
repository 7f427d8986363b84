//! What authentication and authorization share between requests.

use std::sync::Arc;

use actix_web::{HttpRequest, web::Data};
use anyhow::anyhow;

use super::{
    cache::AuthCache, encryption::SecretBox, file_tokens::FileTokens, jwt::JwtKeys, passkeys::Passkeys,
    passwords::Passwords, tickets::Tickets,
};
use crate::{clock::Clock, config::Config, error::ApiError, rate_limit::RateLimiters, store::Db};

pub struct AuthContext {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    pub jwt_keys: JwtKeys,
    pub secret_box: SecretBox,
    pub passwords: Passwords,
    pub passkeys: Passkeys,
    pub tickets: Tickets,
    pub file_tokens: FileTokens,
    pub cache: Arc<AuthCache>,
    pub rate_limits: Arc<RateLimiters>,
}

impl AuthContext {
    /// The context that the server registered with the application.
    pub fn from_request(request: &HttpRequest) -> Result<&Self, ApiError> {
        let context = request.app_data::<Data<Self>>();
        context.map(Data::get_ref).ok_or_else(|| anyhow!("AuthContext are not registered").into())
    }
}
