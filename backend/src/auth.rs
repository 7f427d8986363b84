//! Who asks, and may they: passwords, sessions, tokens and tickets, and the extractors that exist only for whoever may.

pub mod access;
pub mod acting;
pub mod cookies;
pub mod device;
pub mod granted;
mod key_file;
pub mod keys;
pub mod known;
pub mod membership;
pub mod passkeys;
pub mod passwords;
pub mod proof;
pub mod recovery_code;
pub mod sealing;
pub mod second_factor;
pub mod sessions;
pub mod signed_in;
pub mod tickets;

pub use membership::{Moderator, Owner, Reader, Writer};
pub use proof::Proven;
pub use signed_in::{AccountHolder, Guest, SignedIn, Visitor};
