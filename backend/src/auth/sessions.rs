//! How a session begins: a row, a token that names it, and cookies for the browser.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use rand::distr::{Alphanumeric, SampleString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::cookies;
use crate::{
    config::Config,
    db::sessions::NewSession,
    origin::{is_foreign, is_https},
};

/// 43 base62 characters hold 256 bits.
const SECRET_LENGTH: usize = 43;

/// A session that is about to begin.
#[derive(Clone)]
pub struct Beginning {
    pub id: Uuid,
    /// What its holder shows to get further tokens; only its hash is stored.
    secret: String,
    browser: Uuid,
    https: bool,
    /// Another site's page may sign somebody in, but not leave them signed in here.
    foreign: bool,
}

impl Beginning {
    pub fn of(request: &HttpRequest, config: &Config) -> Self {
        Self {
            id: Uuid::new_v4(),
            secret: Alphanumeric.sample_string(&mut rand::rng(), SECRET_LENGTH),
            browser: cookies::browser_of(request).unwrap_or_else(Uuid::new_v4),
            https: is_https(request, config),
            foreign: is_foreign(request, config),
        }
    }

    pub fn row(&self, user_id: i64) -> NewSession {
        let browser = (!self.foreign).then_some(self.browser);
        NewSession { id: self.id, user_id, refresh_hash: hash(&self.secret), browser }
    }

    /// The answer with which it has begun.
    pub fn answer(
        &self,
        mut response: HttpResponseBuilder,
        guest: bool,
        body: impl Serialize,
    ) -> HttpResponse {
        if !self.foreign {
            response.cookie(cookies::refresh(&self.secret, guest, self.https));
            response.cookie(cookies::browser(self.browser, self.https));
        }
        response.json(body)
    }
}

/// By which a secret is found again.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}
