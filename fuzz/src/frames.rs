//! The frames of a socket.

#[path = "../../backend/src/routes/socket/frames.rs"]
mod guard;

use self::guard::{Frames, Incoming};

/// What comes of a frame is told apart by this.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Text(Vec<u8>),
    Part,
    Ping(Vec<u8>),
    Pong,
    Close,
    Fault(String),
}

/// The first byte says how large a message may be, the second how the others are cut on their way.
pub fn holds(data: &[u8]) {
    let [most, piece, bytes @ ..] = data else { return };
    let most = usize::from(*most) * 8;
    let whole = heard(bytes, bytes.len().max(1), most);
    let cut = heard(bytes, usize::from(*piece) + 1, most);
    assert_eq!(whole, cut, "frames are the same however they are cut");
    for heard in whole {
        match heard {
            Heard::Text(text) => assert!(text.len() <= most, "{} of {most} bytes", text.len()),
            Heard::Ping(echo) => assert!(echo.len() <= 125, "an echo of {} bytes", echo.len()),
            _ => {}
        }
    }
}

fn heard(bytes: &[u8], piece: usize, most: usize) -> Vec<Heard> {
    let (mut frames, mut heard) = (Frames::up_to(most), Vec::new());
    for piece in bytes.chunks(piece) {
        frames.push(piece);
        loop {
            match frames.next() {
                Ok(Some(incoming)) => heard.push(Heard::from(incoming)),
                Ok(None) => break,
                Err(fault) => {
                    heard.push(Heard::Fault(format!("{fault:?}")));
                    return heard;
                }
            }
        }
        frames.tidy();
    }
    heard
}

impl From<Incoming<'_>> for Heard {
    fn from(incoming: Incoming<'_>) -> Self {
        match incoming {
            Incoming::Text(text) => Self::Text(text.to_vec()),
            Incoming::Part => Self::Part,
            Incoming::Ping(echo) => Self::Ping(echo.to_vec()),
            Incoming::Pong => Self::Pong,
            Incoming::Close => Self::Close,
        }
    }
}
