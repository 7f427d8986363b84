//! Uploaded images: decoded within limits and encoded again, so that nothing else in the file is stored or delivered.

use std::{io::Cursor, sync::Arc, time::Duration};

use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, Rgba,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use shared::problem::{FieldCode, ProblemCode};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{ApiError, Rejection};

/// The accepted formats, recognized by their first bytes.
const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];
/// Width and height of an avatar in pixels: twice the largest displayed size.
const AVATAR_SIDE: u32 = 256;
/// JPEG quality: higher values enlarge the file without a visible difference.
const JPEG_QUALITY: u8 = 85;
/// Memory limit of the decoder for each pixel, in bytes.
const BYTES_PER_PIXEL: u64 = 8;
/// How many uploads may be received at once; each is held in memory.
const UPLOADS_MAX: usize = 16;
/// How many images may wait to be processed.
const QUEUE_MAX: usize = 16;

/// Processes images one at a time, because a large one temporarily takes 256 MB.
pub struct Images {
    pixels_max: u64,
    uploads: Semaphore,
    queue: Semaphore,
    worker: Arc<Semaphore>,
}

fn busy() -> Rejection {
    Rejection::new(ProblemCode::Busy).retry_after(Duration::from_secs(3))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ImageError {
    NotAnImage,
    TooManyPixels,
}

impl Images {
    pub fn new(megapixels_max: u32) -> Self {
        let pixels_max = u64::from(megapixels_max) * 1_000_000;
        Self {
            pixels_max,
            uploads: Semaphore::new(UPLOADS_MAX),
            queue: Semaphore::new(QUEUE_MAX),
            worker: Arc::new(Semaphore::new(1)),
        }
    }

    /// A permit to receive an upload.
    pub fn begin_upload(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        Ok(self.uploads.try_acquire().map_err(|_| busy())?)
    }

    /// Creates a square JPEG of the center of the image. Errors are reported for `field`.
    pub async fn create_avatar(&self, field: &'static str, file: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        let _queued = self.queue.try_acquire().map_err(|_| busy())?;
        let worker = Arc::clone(&self.worker).acquire_owned().await.map_err(|_| busy())?;
        let pixels_max = self.pixels_max;
        let result = tokio::task::spawn_blocking(move || {
            // Held by the blocking task: a cancelled request does not start the next one early.
            let _worker = worker;
            create_avatar(&file, pixels_max)
        });
        let result = result.await.map_err(|error| ApiError::Internal(error.into()))?;
        result.map_err(|error| match error {
            ImageError::NotAnImage => Rejection::field(field, FieldCode::NotAnImage).into(),
            ImageError::TooManyPixels => Rejection::field(field, FieldCode::TooManyPixels).into(),
        })
    }
}

fn create_avatar(file: &[u8], pixels_max: u64) -> Result<Vec<u8>, ImageError> {
    let reduced = reduce(AVATAR_SIDE, decode(file, pixels_max)?);
    let square = reduced.resize_to_fill(AVATAR_SIDE, AVATAR_SIDE, FilterType::Lanczos3).into_rgba8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        .encode_image(&blend_on_white(&square))
        .map_err(|_| ImageError::NotAnImage)?;
    Ok(jpeg)
}

/// Reduces a large image to twice the target size with a fast filter; the final filter alone would take seconds.
fn reduce(side: u32, image: DynamicImage) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let factor = width.min(height) / (side * 2);
    if factor < 2 { image } else { image.thumbnail_exact(width / factor, height / factor) }
}

/// Decodes an image of an accepted format and applies its EXIF orientation.
fn decode(file: &[u8], pixels_max: u64) -> Result<DynamicImage, ImageError> {
    let mut reader =
        ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| ImageError::NotAnImage)?;
    if !reader.format().is_some_and(|format| FORMATS.contains(&format)) {
        return Err(ImageError::NotAnImage);
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(pixels_max.saturating_mul(BYTES_PER_PIXEL));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| ImageError::NotAnImage)?;
    let (width, height) = decoder.dimensions();
    // Checked before decoding: a small file may decompress to any size.
    if u64::from(width) * u64::from(height) > pixels_max {
        return Err(ImageError::TooManyPixels);
    }
    let orientation = decoder.orientation();
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| ImageError::NotAnImage)?;
    if let Ok(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

/// JPEG has no transparency.
fn blend_on_white(image: &ImageBuffer<Rgba<u8>, Vec<u8>>) -> ImageBuffer<Rgb<u8>, Vec<u8>> {
    ImageBuffer::from_fn(image.width(), image.height(), |x, y| {
        let Rgba([red, green, blue, alpha]) = *image.get_pixel(x, y);
        let alpha = u16::from(alpha);
        let blend = |channel: u8| {
            let mixed = (u16::from(channel) * alpha + 255 * (255 - alpha)) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        Rgb([blend(red), blend(green), blend(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    /// The left half is red and the right half blue; wider than high.
    fn flag() -> DynamicImage {
        DynamicImage::ImageRgb8(ImageBuffer::from_fn(400, 200, |x, _| {
            if x < 200 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) }
        }))
    }

    #[test]
    fn every_format_becomes_centered_square() {
        for format in FORMATS {
            let jpeg = create_avatar(&encode(&flag(), format), 1_000_000).unwrap();
            assert_eq!(image::guess_format(&jpeg).unwrap(), ImageFormat::Jpeg);
            let decoded = image::load_from_memory(&jpeg).unwrap().into_rgb8();
            assert_eq!(decoded.dimensions(), (AVATAR_SIDE, AVATAR_SIDE), "{format:?}");
            let (left, right) = (decoded.get_pixel(20, 128), decoded.get_pixel(236, 128));
            assert!(
                left.0[0] > 200 && left.0[2] < 60 && right.0[2] > 200 && right.0[0] < 60,
                "{left:?} {right:?}"
            );
        }
    }

    #[test]
    fn transparent_pixels_become_white() {
        let clear = DynamicImage::ImageRgba8(ImageBuffer::from_pixel(64, 64, Rgba([0, 0, 0, 0])));
        let decoded =
            image::load_from_memory(&create_avatar(&encode(&clear, ImageFormat::Png), 1_000_000).unwrap())
                .unwrap();
        assert!(decoded.into_rgb8().pixels().all(|pixel| pixel.0.iter().all(|part| *part > 250)));
    }

    #[test]
    fn metadata_and_trailing_data_are_dropped() {
        let mut photo = encode(&flag(), ImageFormat::Jpeg);
        // A JPEG comment.
        let comment = b"\xff\xfe\x00\x12taken at her home";
        photo.splice(2..2, comment.iter().copied());
        let jpeg = create_avatar(&photo, 1_000_000).unwrap();
        assert!(!jpeg.windows(4).any(|part| part == b"home"));
        // Data behind the image.
        let mut polyglot = encode(&flag(), ImageFormat::Png);
        polyglot.extend(b"<script>alert(1)</script>");
        assert!(!create_avatar(&polyglot, 1_000_000).unwrap().windows(6).any(|part| part == b"script"));
    }

    #[test]
    fn exif_orientation_is_applied() {
        let mut photo = encode(&flag(), ImageFormat::Jpeg);
        // EXIF with only the orientation "rotate 90° clockwise" (6).
        let mut exif =
            b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
                .to_vec();
        exif.truncate(0x22 + 2);
        photo.splice(2..2, exif);
        let decoded =
            image::load_from_memory(&create_avatar(&photo, 1_000_000).unwrap()).unwrap().into_rgb8();
        let (top, bottom) = (decoded.get_pixel(128, 20), decoded.get_pixel(128, 236));
        assert!(top.0[0] > 200 && bottom.0[2] > 200, "{top:?} {bottom:?}");
    }

    #[test]
    fn invalid_and_huge_images_are_rejected() {
        let png = encode(&flag(), ImageFormat::Png);
        let bitmap = b"BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\x01\0\x01\0\x01\0\x18\0\0\0\xff\0";
        for bad in [&b""[..], b"<svg onload=alert(1)>", b"GIF89a", &png[..40], bitmap] {
            assert_eq!(create_avatar(bad, 1_000_000), Err(ImageError::NotAnImage));
        }
        assert_eq!(create_avatar(&png, 79_999), Err(ImageError::TooManyPixels));
        // A file of a few bytes that declares 65,000 by 65,000 pixels.
        let mut bomb = png;
        bomb[16..24].copy_from_slice(&[0, 0, 0xfd, 0xe8, 0, 0, 0xfd, 0xe8]);
        let result = create_avatar(&bomb, 40_000_000);
        assert!(result.is_err(), "{:?}", result.map(|jpeg| jpeg.len()));
    }
}
