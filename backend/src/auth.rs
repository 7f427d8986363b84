//! Authentication and authorization: passwords, sessions, tokens, passkeys and the extractors that enforce policies.

pub mod authenticated;
pub mod cache;
pub mod context;
pub mod cookies;
pub mod encryption;
pub mod file_tokens;
mod hmac_sha256;
pub mod jwt;
mod key_file;
pub mod opaque_token;
pub mod passkeys;
pub mod passwords;
pub mod policy;
pub mod recovery_code;
pub mod refresh_tokens;
pub mod sessions;
pub mod tickets;
pub mod totp;
pub mod user_agent;

pub use authenticated::{AccountHolder, Authenticated, Guest, MaybeAuthenticated};
pub use context::AuthContext;
pub use policy::{
    authorized::Authorized,
    extractors::{ChatExporter, ChatModerator, ChatOwner, ChatReader, ChatWriter},
    reauth::{RecentlyAuthenticated, RecentlyAuthenticatedOrGuest},
};
