//! How a session begins: a row, a token that names it, and cookies for the browser.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use uuid::Uuid;

use super::{cookies, device::Device};
use crate::{
    config::Config,
    db::sessions::NewSession,
    origin::{is_foreign, is_https},
    secret::Secret,
};

/// A session that is about to begin.
#[derive(Clone)]
pub struct Beginning {
    pub id: Uuid,
    /// What its holder shows to get further tokens.
    secret: Secret,
    browser: Uuid,
    device: Device,
    https: bool,
    /// Another site's page may sign somebody in, but not leave them signed in here.
    foreign: bool,
}

impl Beginning {
    pub fn of(request: &HttpRequest, config: &Config) -> Self {
        Self {
            id: Uuid::new_v4(),
            secret: Secret::fresh(),
            browser: cookies::browser_of(request).unwrap_or_else(Uuid::new_v4),
            device: Device::of(request),
            https: is_https(request, config),
            foreign: is_foreign(request, config),
        }
    }

    pub fn row(&self, user_id: i64) -> NewSession {
        let browser = (!self.foreign).then_some(self.browser);
        let Device { program, system } = self.device.clone();
        NewSession { id: self.id, user_id, refresh_hash: self.secret.hash(), browser, program, system }
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
