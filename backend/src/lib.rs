//! The server of Chatire: its REST API and socket over PostgreSQL, with the client embedded.

mod address;
pub mod app;
mod assets;
pub mod auth;
mod body;
pub mod config;
pub mod db;
mod deadline;
pub mod departing;
pub mod exports;
mod headers;
mod hub;
pub mod idle;
mod images;
pub mod lifetime;
mod limits;
mod mail;
pub mod operator;
mod origin;
pub mod postgres;
pub mod problem;
pub mod reading;
pub mod routes;
mod secret;
pub mod server;
mod unread;
mod writer;
