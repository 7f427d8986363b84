//! WebSocket frames, as far as a client of these servers needs them.

pub const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Clients must mask; nothing is gained here by a new mask each time.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x17, 0x99];

/// A frame of a client.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(FINAL | opcode);
    match payload.len() {
        short @ 0..=125 => frame.push(MASKED + short as u8),
        middle @ 126..=0xffff => {
            frame.push(MASKED + 126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(MASKED + 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Calls `hear` with opcode and payload of each whole frame of a server; returns how many bytes those took.
pub fn each(bytes: &[u8], mut hear: impl FnMut(u8, &[u8])) -> usize {
    let mut taken = 0;
    while let Some((opcode, from, to)) = next(&bytes[taken..]) {
        hear(opcode, &bytes[taken + from..taken + to]);
        taken += to;
    }
    taken
}

/// The opcode, and where the payload begins and ends.
fn next(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (from, length) = match second & !MASKED {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        short => (2, usize::from(short)),
    };
    let to = from + length;
    (bytes.len() >= to).then_some((first & 0x0f, from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_server(payload: &[u8]) -> Vec<u8> {
        let mut frame = masked(TEXT, payload);
        let head = frame.len() - payload.len();
        frame[1] &= !MASKED;
        frame.drain(head - 4..);
        frame.extend(payload);
        frame
    }

    #[test]
    fn frames_of_every_length_are_read() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let payload = vec![7; length];
            let mut heard = Vec::new();
            let bytes = [of_server(&payload), of_server(b"next")].concat();
            assert_eq!(each(&bytes, |opcode, payload| heard.push((opcode, payload.to_vec()))), bytes.len());
            assert_eq!(heard, [(TEXT, payload), (TEXT, b"next".to_vec())]);
        }
    }

    #[test]
    fn half_a_frame_waits_for_its_other_half() {
        let bytes = of_server(&[7; 300]);
        for cut in 0..bytes.len() {
            assert_eq!(each(&bytes[..cut], |_, _| panic!("half a frame")), 0);
        }
    }

    #[test]
    fn what_a_client_says_is_masked() {
        let frame = masked(TEXT, b"tea");
        assert_eq!(frame[..2], [0x81, 0x83]);
        let unmasked: Vec<_> = frame[6..].iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(unmasked, b"tea");
    }
}
