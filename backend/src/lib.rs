//! The Chatire server: REST API and WebSocket over PostgreSQL, with the embedded client.

pub mod api;
pub mod auth;
mod change_times;
pub mod chat;
pub mod chat_commands;
pub mod cli;
pub mod clock;
pub mod concurrency_limit;
pub mod config;
pub mod detached;
pub mod email;
pub mod error;
pub mod file_storage;
pub mod http;
mod images;
pub mod jobs;
mod keyed_locks;
pub mod rate_limit;
mod readiness;
pub mod realtime;
pub mod search;
pub mod server;
mod setup_warnings;
pub mod state;
pub mod store;
pub mod telemetry;
