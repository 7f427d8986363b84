//! Routes that are not about accounts or chats.

pub mod documentation;
pub mod pages;
