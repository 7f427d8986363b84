//! What is measured; a file each.

pub mod growth;
pub mod idle;
pub mod inserts;
pub mod rest;
pub mod start;
pub mod talk;
