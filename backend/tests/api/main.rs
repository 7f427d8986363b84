//! The API as a program sees it: over real HTTP and sockets, on a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails"
)]

mod accounts;
mod addresses;
mod app;
mod audit;
mod authenticator;
mod authorisation;
mod avatars;
mod bare;
mod capacity;
mod catch_up;
mod changes;
mod chats;
mod claim;
mod contract;
mod database;
mod deadlines;
mod deleting;
mod departing;
mod documentation;
mod documented;
mod door;
mod drain;
mod enumeration;
mod events;
mod exports;
mod floods;
mod follow;
mod frames;
mod granted;
mod guests;
mod headers;
#[path = "../common/heir.rs"]
mod heir;
mod history;
mod joining;
mod keeping;
mod lifetime;
mod limits;
mod links;
mod listener;
mod lobby;
#[path = "../common/logs.rs"]
mod logs;
mod members;
mod memory;
mod messages;
mod migrations;
mod moderation;
mod news_stream;
mod outsiders;
mod pages;
mod passkeys;
mod password_resets;
mod people;
mod post_office;
mod presence;
mod privacy;
mod protocol_doc;
mod proxy;
mod raw;
mod read_positions;
mod refreshes;
mod refusals;
mod retries;
mod second_factor;
mod sent;
mod sessions;
mod settings;
mod signing_out;
mod slow;
mod slow_mode;
mod socket;
mod tokens;
mod typing;
mod web;
mod writing;
mod your_chats;
