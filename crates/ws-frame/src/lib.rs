//! WebSocket frames (RFC 6455, section 5): an encoder and a decoder with bounded memory for servers, and both for
//! clients. Does no I/O.

#![forbid(unsafe_code)]

pub mod client;
mod decoder;
mod encoder;
mod header;

pub use self::{
    decoder::{DecodeError, FrameDecoder, IncomingFrame},
    encoder::{encode_close, encode_ping, encode_pong, encode_text},
};

pub mod opcode {
    pub const CONTINUATION: u8 = 0x0;
    pub const TEXT: u8 = 0x1;
    pub const BINARY: u8 = 0x2;
    pub const CLOSE: u8 = 0x8;
    pub const PING: u8 = 0x9;
    pub const PONG: u8 = 0xa;
}

/// The largest payload of a control frame, in bytes.
pub const CONTROL_PAYLOAD_MAX: usize = 125;
