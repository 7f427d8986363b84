//! The types Chatire sends over HTTP and WebSocket, and the sync rule that keeps all members of a chat consistent.
//!
//! Nothing here does I/O, so the code that runs in the browser is the code that is tested against the server.

pub mod audit_log;
pub mod changes;
pub mod chat;
pub mod chat_list;
pub mod credentials;
pub mod data_export;
pub mod event;
pub mod file;
pub mod guest_name;
pub mod id;
pub mod invite_link;
pub mod member;
pub mod mentions;
pub mod message;
pub mod passkey;
#[expect(missing_docs, reason = "names and values are self-explanatory")]
pub mod paths;
pub mod problem;
pub mod return_path;
pub mod search;
pub mod second_factor;
pub mod session;
pub mod socket;
pub mod sync;
mod text;
pub mod time;
pub mod timeline;
pub mod user;
pub mod user_color;
