//! What is measured; a file each.

pub mod idle;
pub mod rest;
pub mod talk;
