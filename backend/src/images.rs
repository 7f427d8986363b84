//! Pictures that people upload: decoded with limits, and made anew, so that nothing of the file itself is kept or sent on.

use std::{io::Cursor, sync::Arc, time::Duration};

use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, Rgba,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use shared::problem::{FieldCode, ProblemCode};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{Error, Refusal};

/// The kinds that are taken, told by their first bytes.
const KINDS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];
/// The sides of an avatar, in pixels: twice what is shown at most.
const AVATAR_SIDE: u32 = 256;
/// Half as good looks the same, and twice as good is twice as large.
const QUALITY: u8 = 85;
/// What a pixel may take while it is decoded, in bytes.
const BYTES_PER_PIXEL: u64 = 8;
/// How many files may be on their way at once: together they are in memory.
const READING: usize = 16;
/// How many pictures may wait.
const WAITING: usize = 16;

/// Makes pictures, one at a time: a large one takes a quarter of a gigabyte for a moment.
pub struct Images {
    pixels_max: u64,
    readers: Semaphore,
    places: Semaphore,
    turn: Arc<Semaphore>,
}

fn busy() -> Refusal {
    Refusal::new(ProblemCode::Busy).retry_after(Duration::from_secs(3))
}

/// What is wrong with a file that should be a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NotAnImage,
    TooManyPixels,
}

impl Images {
    pub fn new(megapixels_max: u32) -> Self {
        let pixels_max = u64::from(megapixels_max) * 1_000_000;
        Self {
            pixels_max,
            readers: Semaphore::new(READING),
            places: Semaphore::new(WAITING),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// A place for a file that is on its way, which is in memory as a whole.
    pub fn reading(&self) -> Result<SemaphorePermit<'_>, Error> {
        Ok(self.readers.try_acquire().map_err(|_| busy())?)
    }

    /// A square picture as JPEG, of the middle of what was uploaded.
    pub async fn avatar(&self, field: &'static str, file: Vec<u8>) -> Result<Vec<u8>, Error> {
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|_| busy())?;
        let pixels_max = self.pixels_max;
        let made = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller who goes away does not begin the next one early.
            let _turn = turn;
            avatar(&file, pixels_max)
        });
        let made = made.await.map_err(|error| Error::Internal(error.into()))?;
        made.map_err(|fault| match fault {
            Fault::NotAnImage => Refusal::field(field, FieldCode::NotAnImage).into(),
            Fault::TooManyPixels => Refusal::field(field, FieldCode::TooManyPixels).into(),
        })
    }
}

fn avatar(file: &[u8], pixels_max: u64) -> Result<Vec<u8>, Fault> {
    let near = near_to(AVATAR_SIDE, decode(file, pixels_max)?);
    let square = near.resize_to_fill(AVATAR_SIDE, AVATAR_SIDE, FilterType::Lanczos3).into_rgba8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode_image(&on_white(&square))
        .map_err(|_| Fault::NotAnImage)?;
    Ok(jpeg)
}

/// Makes a large picture smaller by a quick filter, to twice what is wanted: the good one would take seconds.
fn near_to(side: u32, picture: DynamicImage) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let times = width.min(height) / (side * 2);
    if times < 2 { picture } else { picture.thumbnail_exact(width / times, height / times) }
}

/// The picture the right way up, if it is one that we take.
fn decode(file: &[u8], pixels_max: u64) -> Result<DynamicImage, Fault> {
    let mut reader =
        ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| Fault::NotAnImage)?;
    if !reader.format().is_some_and(|kind| KINDS.contains(&kind)) {
        return Err(Fault::NotAnImage);
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(pixels_max.saturating_mul(BYTES_PER_PIXEL));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| Fault::NotAnImage)?;
    let (width, height) = decoder.dimensions();
    // Looked at before anything is decoded: a small file may unfold to any size.
    if u64::from(width) * u64::from(height) > pixels_max {
        return Err(Fault::TooManyPixels);
    }
    let orientation = decoder.orientation();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| Fault::NotAnImage)?;
    if let Ok(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

/// JPEG knows no transparency.
fn on_white(picture: &ImageBuffer<Rgba<u8>, Vec<u8>>) -> ImageBuffer<Rgb<u8>, Vec<u8>> {
    ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| {
        let Rgba([red, green, blue, alpha]) = *picture.get_pixel(x, y);
        let alpha = u16::from(alpha);
        let over = |part: u8| {
            let mixed = (u16::from(part) * alpha + 255 * (255 - alpha)) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        Rgb([over(red), over(green), over(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(picture: &DynamicImage, kind: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, kind).unwrap();
        file.into_inner()
    }

    /// The left half red and the right half blue, wider than high.
    fn flag() -> DynamicImage {
        DynamicImage::ImageRgb8(ImageBuffer::from_fn(400, 200, |x, _| {
            if x < 200 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) }
        }))
    }

    #[test]
    fn pictures_of_every_kind_become_a_small_square_of_their_middle() {
        for kind in KINDS {
            let jpeg = avatar(&file(&flag(), kind), 1_000_000).unwrap();
            assert_eq!(image::guess_format(&jpeg).unwrap(), ImageFormat::Jpeg);
            let made = image::load_from_memory(&jpeg).unwrap().into_rgb8();
            assert_eq!(made.dimensions(), (AVATAR_SIDE, AVATAR_SIDE), "{kind:?}");
            let (left, right) = (made.get_pixel(20, 128), made.get_pixel(236, 128));
            assert!(
                left.0[0] > 200 && left.0[2] < 60 && right.0[2] > 200 && right.0[0] < 60,
                "{left:?} {right:?}"
            );
        }
    }

    #[test]
    fn what_can_be_seen_through_is_white() {
        let clear = DynamicImage::ImageRgba8(ImageBuffer::from_pixel(64, 64, Rgba([0, 0, 0, 0])));
        let made =
            image::load_from_memory(&avatar(&file(&clear, ImageFormat::Png), 1_000_000).unwrap()).unwrap();
        assert!(made.into_rgb8().pixels().all(|pixel| pixel.0.iter().all(|part| *part > 250)));
    }

    #[test]
    fn nothing_of_the_file_itself_is_kept() {
        let mut photo = file(&flag(), ImageFormat::Jpeg);
        // A comment, as cameras write where a picture was taken.
        let comment = b"\xff\xfe\x00\x12taken at her home";
        photo.splice(2..2, comment.iter().copied());
        let jpeg = avatar(&photo, 1_000_000).unwrap();
        assert!(!jpeg.windows(4).any(|part| part == b"home"));
        // Nor what hangs behind the picture.
        let mut polyglot = file(&flag(), ImageFormat::Png);
        polyglot.extend(b"<script>alert(1)</script>");
        assert!(!avatar(&polyglot, 1_000_000).unwrap().windows(6).any(|part| part == b"script"));
    }

    #[test]
    fn photographs_are_turned_the_right_way_up() {
        let mut photo = file(&flag(), ImageFormat::Jpeg);
        // EXIF with nothing but "turn by a quarter clockwise" (6).
        let mut exif =
            b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
                .to_vec();
        exif.truncate(0x22 + 2);
        photo.splice(2..2, exif);
        let made = image::load_from_memory(&avatar(&photo, 1_000_000).unwrap()).unwrap().into_rgb8();
        let (top, bottom) = (made.get_pixel(128, 20), made.get_pixel(128, 236));
        assert!(top.0[0] > 200 && bottom.0[2] > 200, "{top:?} {bottom:?}");
    }

    #[test]
    fn what_is_no_picture_or_a_huge_one_is_refused() {
        let png = file(&flag(), ImageFormat::Png);
        let bitmap = b"BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\x01\0\x01\0\x01\0\x18\0\0\0\xff\0";
        for bad in [&b""[..], b"<svg onload=alert(1)>", b"GIF89a", &png[..40], bitmap] {
            assert_eq!(avatar(bad, 1_000_000), Err(Fault::NotAnImage));
        }
        assert_eq!(avatar(&png, 79_999), Err(Fault::TooManyPixels));
        // A file of a few bytes that says to be of 65,000 by 65,000 pixels.
        let mut bomb = png;
        bomb[16..24].copy_from_slice(&[0, 0, 0xfd, 0xe8, 0, 0, 0xfd, 0xe8]);
        let refused = avatar(&bomb, 40_000_000);
        assert!(refused.is_err(), "{:?}", refused.map(|jpeg| jpeg.len()));
    }
}
