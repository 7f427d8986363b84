//! Background jobs.

pub mod account_removal;
pub mod chat_expiry;
pub mod data_export;
pub mod file_cleanup;
pub mod guest_cleanup;
pub mod host_checks;
pub mod read_receipts;
pub mod search_index;
