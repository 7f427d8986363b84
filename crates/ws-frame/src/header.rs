//! The parts of a frame header that clients and servers share.

/// Flag of the first byte: the last frame of its message.
pub const FINAL: u8 = 0x80;
/// Bits of the first byte that only negotiated extensions may set.
pub const RESERVED: u8 = 0x70;
pub const OPCODE: u8 = 0x0f;
/// Flag of the second byte: a mask follows the length.
pub const MASKED: u8 = 0x80;
/// The longest header, in bytes: two, the extended length and the mask.
pub const LENGTH_MAX: usize = 2 + 8 + 4;

/// The declared length of a payload.
pub struct PayloadLength {
    /// Bytes of the extended length.
    pub extended_bytes: usize,
    /// None while the extended length is incomplete.
    pub value: Option<u64>,
}

/// The second byte announces a length of 16 or of 64 bits (RFC 6455, section 5.2).
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// Appends the header of an unfragmented frame, without a mask. `masked` is [`MASKED`] or 0.
pub fn push_header(frame: &mut Vec<u8>, opcode: u8, masked: u8, length: usize) {
    frame.push(FINAL | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..126), _) => frame.push(masked | length),
        (_, Ok(length)) => {
            frame.push(masked | LENGTH_16);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(masked | LENGTH_64);
            frame.extend(u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
        }
    }
}

/// Reads the length from the second byte of a frame and the bytes after it.
pub fn read_length(second: u8, rest: &[u8]) -> PayloadLength {
    let (extended_bytes, value) = match second & !MASKED {
        LENGTH_16 => (2, rest.first_chunk().map(|bytes| u64::from(u16::from_be_bytes(*bytes)))),
        LENGTH_64 => (8, rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))),
        short => (0, Some(u64::from(short))),
    };
    PayloadLength { extended_bytes, value }
}
