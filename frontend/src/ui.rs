//! Parts that several pages are made of.

pub mod avatar;
pub mod bar;
pub mod colour;
pub mod icon;
pub mod notice;
pub mod theme;
pub mod trouble;
pub mod wait;
