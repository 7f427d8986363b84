//! The scenarios, one file each.

pub mod cold_start;
pub mod growth;
pub mod idle;
pub mod inserts;
pub mod messaging;
pub mod opening;
pub mod rest;
