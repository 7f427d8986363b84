//! The files of a message, until it is sent: choosing, keeping, uploading and showing them.

pub mod chooser;
mod drop_zone;
mod file_name;
pub mod file_store;
mod local_file;
pub mod pending;
mod preview;
mod progress;
pub mod tray;
mod upload_request;
pub mod uploads;
