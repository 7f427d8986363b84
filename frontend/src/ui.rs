//! Parts that several pages are made of.

pub mod asking;
pub mod avatar;
pub mod bar;
pub mod colour;
pub mod confirm;
pub mod copy;
pub mod field;
pub mod icon;
pub mod name_field;
pub mod notice;
pub mod opening;
pub mod qr;
pub mod theme;
pub mod trouble;
pub mod wait;
