//! The wire of Chatire: every request, response and frame, and the rule by which every reader of a chat ends equal
//! to every other.
//!
//! Nothing here does I/O, so the code that runs in the browser is the code that is tested against the server.

pub mod audit;
pub mod changes;
pub mod chat;
pub mod credentials;
pub mod event;
pub mod export;
pub mod link;
pub mod markdown;
pub mod member;
pub mod message;
pub mod name;
pub mod passkey;
pub mod problem;
pub mod second_factor;
pub mod session;
pub mod socket;
pub mod timeline;
pub mod user;
pub mod your_chats;
