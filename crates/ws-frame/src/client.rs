//! The client's side: encodes masked frames and reads those of a server.

use crate::header::{LENGTH_MAX, MASKED, OPCODE, push_header, read_length};

/// Clients must mask their frames. A fixed mask suffices where no proxy has to be protected.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x17, 0x99];

/// An unfragmented frame with a fixed mask, for load generators and tests.
pub fn encode_masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(LENGTH_MAX + payload.len());
    push_header(&mut frame, opcode, MASKED, payload.len());
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Calls `handle` with the opcode and the payload of each complete server frame. Returns the length of these frames.
pub fn for_each_frame(bytes: &[u8], mut handle: impl FnMut(u8, &[u8])) -> usize {
    let mut rest = bytes;
    while let Some((opcode, payload, after)) = split_frame(rest) {
        handle(opcode, payload);
        rest = after;
    }
    bytes.len() - rest.len()
}

/// The opcode and the payload of the first frame, and the bytes after it.
fn split_frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [first, second, rest @ ..] = bytes else { return None };
    let length = read_length(*second, rest);
    let rest = rest.get(length.extended_bytes..)?;
    let (payload, after) = rest.split_at_checked(usize::try_from(length.value?).ok()?)?;
    Some((first & OPCODE, payload, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{encode_text, opcode::TEXT};

    #[test]
    fn server_frames_of_every_length_are_read() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let payload = vec![7; length];
            let mut frames = Vec::new();
            let bytes = [encode_text(&payload), encode_text(b"next")].concat();
            let read = for_each_frame(&bytes, |opcode, payload| frames.push((opcode, payload.to_vec())));
            assert_eq!(read, bytes.len());
            assert_eq!(frames, [(TEXT, payload), (TEXT, b"next".to_vec())]);
        }
    }

    #[test]
    fn incomplete_server_frame_is_not_read() {
        let bytes = encode_text(&[7; 300]);
        for cut in 0..bytes.len() {
            assert_eq!(for_each_frame(&bytes[..cut], |_, _| panic!("an incomplete frame")), 0);
        }
    }

    #[test]
    fn client_frames_are_masked() {
        let frame = encode_masked(TEXT, b"tea");
        assert_eq!(frame[..2], [0x81, 0x83]);
        let unmasked: Vec<_> = frame[6..].iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(unmasked, b"tea");
    }
}
