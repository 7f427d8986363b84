//! Stores posts in batches and delivers changes to open connections.

pub mod hub;
pub mod ingest;
