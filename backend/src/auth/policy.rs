//! Who may do what: the access rules and the extractors that enforce them.

pub mod access;
pub mod authorized;
pub mod extractors;
pub mod reauth;
