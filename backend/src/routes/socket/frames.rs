//! The frames that a client sends, as they come in (RFC 6455, section 5). A frame is refused by the length that its head
//! declares, before its body comes in: memory holds no more than one message of the largest size.

/// A control frame carries at most this much.
const CONTROL_MAX: usize = 125;

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    Text(&'a [u8]),
    /// Part of a message of several frames.
    Part,
    Ping(&'a [u8]),
    Pong,
    Close,
}

/// The client broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    TooBig,
    Broken(&'static str),
}

/// The bytes that came in and were not used yet.
pub struct Frames {
    /// The largest frame, and the largest message of several frames, in bytes.
    most: usize,
    bytes: Vec<u8>,
    /// How many of them are used.
    used: usize,
    /// The parts of a message of several frames; nothing while none has begun.
    message: Option<Vec<u8>>,
    /// The message is whole, and was handed out.
    is_whole: bool,
}

struct Head {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    body: std::ops::Range<usize>,
}

impl Frames {
    pub fn up_to(most: usize) -> Self {
        Self { most, bytes: Vec::new(), used: 0, message: None, is_whole: false }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Lets go of what was used: a client that says nothing keeps no memory.
    pub fn tidy(&mut self) {
        if self.used == self.bytes.len() {
            self.bytes = Vec::new();
        } else {
            self.bytes.drain(..self.used);
        }
        self.used = 0;
    }

    /// The next frame, once it is whole.
    pub fn next(&mut self) -> Result<Option<Incoming<'_>>, Fault> {
        if std::mem::take(&mut self.is_whole) {
            self.message = None;
        }
        let unused = self.bytes.get(self.used..).unwrap_or_default();
        let Some(Head { is_final, opcode, mask, body }) = head(unused, self.most)? else { return Ok(None) };
        let body = self.used + body.start..self.used + body.end;
        let end = body.end;
        let Some(body) = self.bytes.get_mut(body) else { return Ok(None) };
        self.used = end;
        unmask(body, mask);
        match (opcode, is_final, &mut self.message) {
            (0x1, true, None) => Ok(Some(Incoming::Text(body))),
            (0x1, false, begun @ None) => {
                *begun = Some(body.to_vec());
                Ok(Some(Incoming::Part))
            }
            (0x0, _, Some(message)) => {
                if message.len() + body.len() > self.most {
                    return Err(Fault::TooBig);
                }
                message.extend_from_slice(body);
                self.is_whole = is_final;
                Ok(Some(if is_final { Incoming::Text(message) } else { Incoming::Part }))
            }
            (0x8, ..) => Ok(Some(Incoming::Close)),
            (0x9, ..) => Ok(Some(Incoming::Ping(body))),
            (0xa, ..) => Ok(Some(Incoming::Pong)),
            (0x2, ..) => Err(Fault::Broken("frames are text")),
            _ => Err(Fault::Broken(
                "a message goes on that did not begin, or begins before the last has ended",
            )),
        }
    }
}

/// The head at the beginning of `bytes`, once it is whole; refused if what it declares cannot be.
fn head(bytes: &[u8], most: usize) -> Result<Option<Head>, Fault> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let (is_final, opcode) = (first & 0x80 != 0, first & 0x0f);
    if first & 0x70 != 0 {
        return Err(Fault::Broken("no extension was agreed on"));
    }
    if second & 0x80 == 0 {
        return Err(Fault::Broken("a client masks its frames"));
    }
    let (extra, length) = match second & 0x7f {
        126 => (2, rest.first_chunk().map(|bytes| u64::from(u16::from_be_bytes(*bytes)))),
        127 => (8, rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))),
        short => (0, Some(u64::from(short))),
    };
    let Some(length) = length else { return Ok(None) };
    let length = usize::try_from(length).ok().filter(|length| *length <= most).ok_or(Fault::TooBig)?;
    if opcode & 0x8 != 0 && (length > CONTROL_MAX || !is_final) {
        return Err(Fault::Broken("a control frame is short and whole"));
    }
    let Some(mask) = rest.get(extra..).and_then(<[u8]>::first_chunk) else { return Ok(None) };
    let start = 2 + extra + mask.len();
    Ok(Some(Head { is_final, opcode, mask: *mask, body: start..start + length }))
}

fn unmask(body: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([mask, mask].concat().try_into().unwrap_or_default());
    let (words, rest) = body.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    rest.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [1, 2, 3, 4];
    const FRAME_MAX: usize = 64 * 1024;

    fn frame(first: u8, body: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match body.len() {
            length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            length @ 126..65_536 => {
                frame.push(0xfe);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                frame.push(0xff);
                frame.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(body.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    /// What comes of these bytes when they arrive in pieces of this size.
    fn heard(bytes: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, Fault> {
        let (mut frames, mut heard) = (Frames::up_to(FRAME_MAX), Vec::new());
        for piece in bytes.chunks(piece) {
            frames.push(piece);
            while let Some(incoming) = frames.next()? {
                match incoming {
                    Incoming::Text(text) => heard.push(text.to_vec()),
                    Incoming::Ping(echo) => heard.push([b"ping ", echo].concat()),
                    Incoming::Close => heard.push(b"close".to_vec()),
                    Incoming::Part | Incoming::Pong => {}
                }
            }
            frames.tidy();
        }
        assert!(frames.bytes.capacity() == 0 || !frames.bytes.is_empty(), "nothing is kept for nothing");
        Ok(heard)
    }

    #[test]
    fn frames_are_read_however_they_are_cut() {
        let long = vec![b'x'; FRAME_MAX];
        let all = [
            frame(0x81, b"tea"),
            frame(0x81, b""),
            frame(0x89, b"ping?"),
            frame(0x81, &long[..300]),
            frame(0x8a, b""),
            frame(0x81, &long),
            frame(0x88, &[3, 232]),
        ]
        .concat();
        let expected =
            [&b"tea"[..], b"", b"ping ping?", &long[..300], &long, b"close"].map(<[u8]>::to_vec).to_vec();
        for piece in [1, 2, 3, 7, 1_024, all.len()] {
            assert_eq!(heard(&all, piece).as_ref(), Ok(&expected), "cut into {piece}");
        }
    }

    #[test]
    fn a_message_may_come_in_parts_with_a_ping_between() {
        let parts =
            [frame(0x01, b"t"), frame(0x00, b"e"), frame(0x89, b""), frame(0x80, b"a"), frame(0x81, b"!")];
        let expected = [&b"ping "[..], b"tea", b"!"].map(<[u8]>::to_vec).to_vec();
        assert_eq!(heard(&parts.concat(), 5), Ok(expected));
    }

    #[test]
    fn what_is_too_big_is_refused_at_its_head() {
        let mut huge = vec![0x81, 0xff];
        huge.extend((1_u64 << 40).to_be_bytes());
        assert_eq!(heard(&huge, 1), Err(Fault::TooBig));
        assert_eq!(heard(&huge[..9], 1), Ok(vec![]), "the length is not whole yet");
        assert_eq!(heard(&frame(0x81, &vec![0; FRAME_MAX + 1])[..10], 10), Err(Fault::TooBig));
        let half = vec![b'x'; FRAME_MAX / 2 + 1];
        assert_eq!(heard(&[frame(0x01, &half), frame(0x80, &half)].concat(), 999), Err(Fault::TooBig));
    }

    #[test]
    fn the_protocol_is_kept() {
        let unmasked = [0x81, 3, b't', b'e', b'a'];
        let begun_twice = [frame(0x01, b"t"), frame(0x81, b"e")].concat();
        let broken = [
            unmasked.to_vec(),
            begun_twice,
            frame(0x80, b"never begun"),
            frame(0x82, b"binary"),
            frame(0xc1, b"compressed"),
            frame(0x83, b"unknown"),
            frame(0x89, &[0; CONTROL_MAX + 1]),
            frame(0x09, b"half a ping"),
        ];
        for bytes in broken {
            assert!(matches!(heard(&bytes, 4_096), Err(Fault::Broken(_))), "{bytes:?}");
        }
    }
}
