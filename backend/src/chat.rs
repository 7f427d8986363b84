//! The domain: the rules of chats. Queries are in `store`, HTTP is in `api`.

pub mod access_link;
pub mod invite_links;
pub mod join;
pub mod mentions;
pub mod message_deletion;
pub mod message_edits;
pub mod moderation;
pub mod ownership;
pub mod pins;
pub mod preview;
pub mod reactions;
pub mod retention;
pub mod settings;
pub mod transaction;
