//! The pages of the chat program.

pub mod chats;
pub mod start;
