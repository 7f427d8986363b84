//! Tests of the API over real HTTP and WebSockets, on a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failed test may panic"
)]

mod access_tokens;
mod account_deletion;
mod accounts;
mod api_docs;
mod approval;
mod audit_log;
mod auth_cache;
mod authorization;
mod avatars;
mod changes;
mod chat_expiry;
mod chat_exports;
mod chat_list;
mod chat_settings;
mod chat_uris;
mod chats;
mod client_pages;
mod connection_limits;
mod contract;
mod convergence;
mod data_export;
mod database_outage;
mod email_privacy;
mod event_stream;
mod file_access;
mod file_storage;
mod files;
mod follow;
mod guest_claim;
mod guests;
mod idempotency;
mod invalid_requests;
mod invite_links;
mod join;
mod late_body;
mod malformed_http;
mod members;
mod mentions;
mod message_cache;
mod message_deletion;
mod message_edits;
mod message_files;
mod message_history;
mod message_ingest;
mod messages;
mod migrations;
mod moderation;
mod non_members;
mod passkeys;
mod password_resets;
mod pins;
mod pipelining;
mod presence;
mod protocol_doc;
mod reactions;
mod read_positions;
mod refresh_tokens;
mod replies;
mod search;
mod second_factor;
mod security_headers;
mod sessions;
mod shutdown;
mod sign_in_races;
mod sign_out;
mod slow_mode;
#[path = "../support/lib.rs"]
mod support;
mod typing;
mod websocket;
mod websocket_auth;
mod websocket_frames;
