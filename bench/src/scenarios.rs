//! The scenarios, one file each.

pub mod after_load;
pub mod cold_start;
pub mod first_view;
pub mod growth;
pub mod idle;
pub mod inserts;
pub mod long_chat;
pub mod messaging;
pub mod newcomers;
pub mod opening;
pub mod rest;
pub mod search;
