//! Commands for the administrator.

pub mod reset_password;
