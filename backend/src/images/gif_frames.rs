//! Copies the frames of a GIF, and nothing else in it: no comments, no data of programs, nothing behind the end.

use std::{io::Cursor, num::NonZero};

use gif::{DecodeOptions, Encoder, Frame, MemoryLimit};

use super::{BYTES_PER_PIXEL, ImageError};

/// How many times the pixels of the largest image all frames together may have: a few bytes may decompress to many frames.
const FRAMES_PIXELS: u64 = 4;

/// Decodes and encodes each frame, with its palette.
pub fn copy(file: &[u8], pixels_max: u64) -> Result<Vec<u8>, ImageError> {
    let mut options = DecodeOptions::new();
    // No frame is larger than the image, whose size was checked.
    options.check_frame_consistency(true);
    if let Some(bytes) = NonZero::new(pixels_max.saturating_mul(BYTES_PER_PIXEL)) {
        options.set_memory_limit(MemoryLimit::Bytes(bytes));
    }
    let mut decoder = options.read_info(Cursor::new(file)).map_err(|_| ImageError::NotAnImage)?;
    let palette = decoder.global_palette().unwrap_or_default().to_vec();
    let encoder = Encoder::new(Vec::new(), decoder.width(), decoder.height(), &palette);
    let mut encoder = encoder.map_err(|_| ImageError::NotAnImage)?;
    let (mut pixels, mut is_first) = (0, true);
    while let Some(frame) = decoder.read_next_frame().map_err(|_| ImageError::NotAnImage)? {
        pixels += u64::from(frame.width) * u64::from(frame.height);
        if pixels > pixels_max.saturating_mul(FRAMES_PIXELS) {
            return Err(ImageError::TooManyPixels);
        }
        // The decoder has put interlaced lines in order.
        let frame = Frame { interlaced: false, ..frame.clone() };
        if is_first {
            encoder.set_repeat(decoder.repeat()).map_err(|_| ImageError::NotAnImage)?;
            is_first = false;
        }
        encoder.write_frame(&frame).map_err(|_| ImageError::NotAnImage)?;
    }
    encoder.into_inner().map_err(|_| ImageError::NotAnImage)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use gif::{Decoder, DisposalMethod, Extension, ExtensionData, Repeat};

    use super::*;

    const PALETTE: [u8; 6] = [255, 0, 0, 0, 0, 255];

    fn frame(delay: u16, pixel: u8) -> Frame<'static> {
        let buffer = Cow::Owned((0..80).map(|index| if index < 20 { 1 - pixel } else { pixel }).collect());
        let (width, height, dispose) = (10, 8, DisposalMethod::Background);
        Frame { delay, width, height, dispose, left: 2, top: 1, buffer, ..Frame::default() }
    }

    /// An animation with a comment and data behind its end.
    fn animation(frames: &[Frame<'_>]) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new(), 12, 9, &PALETTE).unwrap();
        encoder.set_repeat(Repeat::Finite(3)).unwrap();
        encoder.write_raw_extension(Extension::Comment.into(), &[b"taken at her home"]).unwrap();
        encoder.write_extension(ExtensionData::Repetitions(Repeat::Finite(3))).unwrap();
        for frame in frames {
            encoder.write_frame(frame).unwrap();
        }
        let mut file = encoder.into_inner().unwrap();
        file.extend(b"<script>");
        file
    }

    #[test]
    fn frames_are_copied_and_nothing_else() {
        let own_palette = Frame { palette: Some(vec![0, 255, 0, 9, 9, 9]), ..frame(7, 0) };
        let frames = [frame(5, 0), Frame { transparent: Some(1), ..frame(9, 1) }, own_palette];
        let copied = copy(&animation(&frames), 1_000).unwrap();
        for word in [&b"home"[..], b"script"] {
            assert!(!copied.windows(word.len()).any(|part| part == word));
        }
        let mut decoder = Decoder::new(Cursor::new(copied)).unwrap();
        assert_eq!(
            (decoder.width(), decoder.height(), decoder.global_palette()),
            (12, 9, Some(&PALETTE[..]))
        );
        for expected in frames {
            let frame = decoder.read_next_frame().unwrap().unwrap();
            assert_eq!((frame.delay, frame.dispose), (expected.delay, expected.dispose));
            assert_eq!((frame.left, frame.top, frame.transparent), (2, 1, expected.transparent));
            assert_eq!((&frame.buffer, &frame.palette), (&expected.buffer, &expected.palette));
        }
        assert!(decoder.read_next_frame().unwrap().is_none());
        assert_eq!(decoder.repeat(), Repeat::Finite(3));
    }

    #[test]
    fn pixels_of_all_frames_are_limited() {
        // 80 pixels each.
        let file = animation(&vec![frame(5, 0); 20]);
        assert_eq!(copy(&file, 399), Err(ImageError::TooManyPixels));
        assert!(copy(&file, 400).is_ok());
    }

    #[test]
    fn broken_frames_are_rejected() {
        let file = animation(&[frame(5, 0), frame(5, 1)]);
        assert_eq!(copy(&file[..file.len() - 30], 1_000), Err(ImageError::NotAnImage));
        let outside = Frame { left: 3, ..frame(5, 0) };
        assert_eq!(copy(&animation(&[outside]), 1_000), Err(ImageError::NotAnImage));
    }
}
