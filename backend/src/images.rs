//! Uploaded images: decoded within limits and encoded again, so that nothing else in the file is stored or delivered.

mod gif_frames;
mod renditions;

use std::{
    fs::File,
    io::{Cursor, Read, Seek},
    sync::Arc,
    time::Duration,
};

use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage, Rgba,
    RgbaImage,
    codecs::jpeg::JpegEncoder,
    imageops::{self, FilterType},
};
use shared::{
    id::UserId,
    problem::{FieldCode, ProblemCode},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::renditions::{EncodedImage, Renditions};
use crate::{
    concurrency_limit::{ConcurrencyLimit, ConcurrencyPermit},
    config::limits::LimitSettings,
    error::{ApiError, Rejection},
};

/// The accepted formats, recognized by their first bytes.
const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];
/// Width and height of an avatar in pixels: twice the largest displayed size.
const AVATAR_SIDE: u32 = 256;
/// JPEG quality: higher values enlarge the file without a visible difference.
const JPEG_QUALITY: u8 = 85;
/// Longer images are rejected: scaling one takes time and memory for its long side, whatever its area.
const SIDE_MAX: u32 = 20_000;
/// Memory limit of a decoded image for each allowed pixel, in bytes. Images with 16 bits per channel may have fewer pixels.
const BYTES_PER_PIXEL: u64 = 4;
/// Memory limit of the metadata of a PNG file, which are compressed, in bytes.
const METADATA_MAX: u64 = 8 * 1_024 * 1_024;
/// Files of the maximum size for which there is memory, from the first byte until the image is processed. Smaller ones take
/// what they need.
const LARGEST_UPLOADS: usize = 3;
/// Uploads of one user at a time.
const UPLOADS_PER_USER: usize = 2;
/// How many images may wait to be processed.
const QUEUE_MAX: usize = 16;
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// Processes images one at a time, because a large one temporarily takes hundreds of megabytes.
pub struct Images {
    pixels_max: u64,
    uploads: Arc<ConcurrencyLimit<UserId>>,
    /// One permit per byte.
    memory: Arc<Semaphore>,
    queue: Semaphore,
    worker: Arc<Semaphore>,
}

/// A file that is received or waits to be processed, and its share of the memory for uploads.
pub struct Upload {
    _permit: ConcurrencyPermit<UserId>,
    memory: OwnedSemaphorePermit,
}

fn busy() -> Rejection {
    Rejection::new(ProblemCode::Busy).retry_after(RETRY_AFTER)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ImageError {
    NotAnImage,
    TooManyPixels,
}

impl From<image::ImageError> for ImageError {
    fn from(error: image::ImageError) -> Self {
        match error {
            image::ImageError::Limits(_) => Self::TooManyPixels,
            _ => Self::NotAnImage,
        }
    }
}

impl Images {
    pub fn new(limits: &LimitSettings) -> Self {
        let memory = limits.limit_image_bytes.0.saturating_mul(LARGEST_UPLOADS).min(Semaphore::MAX_PERMITS);
        Self {
            pixels_max: u64::from(limits.limit_megapixels) * 1_000_000,
            uploads: ConcurrencyLimit::new(UPLOADS_PER_USER),
            memory: Arc::new(Semaphore::new(memory)),
            queue: Semaphore::new(QUEUE_MAX),
            worker: Arc::new(Semaphore::new(1)),
        }
    }

    /// Fails if the user has too many uploads that are not processed yet.
    pub fn begin_upload(&self, user_id: UserId) -> Result<Upload, ApiError> {
        let permit = self.uploads.acquire(user_id).ok_or_else(|| {
            let rejection = Rejection::new(ProblemCode::TooManyRequests).retry_after(RETRY_AFTER);
            rejection.detail(format!("Only {UPLOADS_PER_USER} uploads at a time."))
        })?;
        let memory = Arc::clone(&self.memory).try_acquire_many_owned(0).map_err(|_| busy())?;
        Ok(Upload { _permit: permit, memory })
    }

    /// Encodes the image in a file again for a message; `None` if it is none. It waits for its turn, so that nothing needs to
    /// be sent again. Too large images are reported for the field `file`.
    pub async fn create_renditions(&self, mut file: File) -> Result<Option<Renditions>, ApiError> {
        let worker = Arc::clone(&self.worker).acquire_owned().await.map_err(|_| busy())?;
        let pixels_max = self.pixels_max;
        let result = tokio::task::spawn_blocking(move || {
            let _worker = worker;
            let mut bytes = Vec::new();
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(renditions::create(&bytes, pixels_max))
        });
        match result.await.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)? {
            Ok(renditions) => Ok(Some(renditions)),
            Err(ImageError::NotAnImage) => Ok(None),
            Err(ImageError::TooManyPixels) => Err(Rejection::field("file", FieldCode::TooManyPixels).into()),
        }
    }

    /// Creates a square JPEG of the center of the image. Errors are reported for `field`.
    pub async fn create_avatar(
        &self,
        field: &'static str,
        file: Vec<u8>,
        upload: Upload,
    ) -> Result<Vec<u8>, ApiError> {
        let _queued = self.queue.try_acquire().map_err(|_| busy())?;
        let worker = Arc::clone(&self.worker).acquire_owned().await.map_err(|_| busy())?;
        let pixels_max = self.pixels_max;
        let result = tokio::task::spawn_blocking(move || {
            // Held by the blocking task: a cancelled request does not start the next one early.
            let (_worker, _upload) = (worker, upload);
            create_avatar(&file, pixels_max)
        });
        let result = result.await.map_err(|error| ApiError::Internal(error.into()))?;
        result.map_err(|error| match error {
            ImageError::NotAnImage => Rejection::field(field, FieldCode::NotAnImage).into(),
            ImageError::TooManyPixels => Rejection::field(field, FieldCode::TooManyPixels).into(),
        })
    }
}

impl Upload {
    /// Reserves memory for the next part of the file.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), ApiError> {
        let bytes = u32::try_from(bytes).map_err(|_| busy())?;
        let more = Arc::clone(self.memory.semaphore()).try_acquire_many_owned(bytes).map_err(|_| busy())?;
        self.memory.merge(more);
        Ok(())
    }
}

fn create_avatar(file: &[u8], pixels_max: u64) -> Result<Vec<u8>, ImageError> {
    let square = decode_center_square(file, pixels_max)?;
    let square = imageops::resize(&square, AVATAR_SIDE, AVATAR_SIDE, FilterType::Lanczos3);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        .encode_image(&blend_on_white(&square))
        .map_err(|_| ImageError::NotAnImage)?;
    Ok(jpeg)
}

/// Copies the center square of an image before anything is scaled, because scaling a thin image to the height of the avatar
/// would make it thousands of times as wide. A large square is reduced to twice the size of the avatar with a fast filter; the
/// final filter alone would take seconds.
fn reduce_center_square(image: &DynamicImage) -> RgbaImage {
    let (width, height) = (image.width(), image.height());
    let side = width.min(height);
    let square = imageops::crop_imm(image, (width - side) / 2, (height - side) / 2, side, side);
    let reduced_side = 2 * AVATAR_SIDE;
    if side > reduced_side {
        imageops::thumbnail(&*square, reduced_side, reduced_side)
    } else {
        square.to_image()
    }
}

/// Decodes the center square of an image of an accepted format and applies its EXIF orientation.
fn decode_center_square(file: &[u8], pixels_max: u64) -> Result<RgbaImage, ImageError> {
    let mut decoder = open(file, pixels_max)?;
    let orientation = decoder.orientation();
    let square = reduce_center_square(&DynamicImage::from_decoder(decoder)?);
    let mut square = DynamicImage::from(square);
    if let Ok(orientation) = orientation {
        square.apply_orientation(orientation);
    }
    Ok(square.into_rgba8())
}

/// Reads the header of an image of an accepted format.
fn open(file: &[u8], pixels_max: u64) -> Result<impl ImageDecoder, ImageError> {
    let mut reader = ImageReader::with_format(Cursor::new(file), guess_format(file)?);
    // Checked before decoding: a small file may decompress to any size.
    let mut limits = Limits::no_limits();
    (limits.max_image_width, limits.max_image_height) = (Some(SIDE_MAX), Some(SIDE_MAX));
    limits.max_alloc = Some(METADATA_MAX);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > pixels_max {
        return Err(ImageError::TooManyPixels);
    }
    limits.max_alloc = Some(pixels_max.saturating_mul(BYTES_PER_PIXEL));
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    Ok(decoder)
}

/// The format by the first bytes, if it is accepted.
fn guess_format(start: &[u8]) -> Result<ImageFormat, ImageError> {
    let format = image::guess_format(start).map_err(|_| ImageError::NotAnImage)?;
    if FORMATS.contains(&format) { Ok(format) } else { Err(ImageError::NotAnImage) }
}

/// Whether a file begins like an image of an accepted format.
pub fn is_image_start(start: &[u8]) -> bool {
    guess_format(start).is_ok()
}

/// JPEG has no transparency.
fn blend_on_white(image: &RgbaImage) -> RgbImage {
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
        let mut bomb = encode(&flag(), ImageFormat::Gif);
        bomb[6..10].copy_from_slice(&[0xe8, 0xfd, 0xe8, 0xfd]);
        assert_eq!(create_avatar(&bomb, 40_000_000), Err(ImageError::TooManyPixels));
    }

    #[test]
    fn thin_image_is_cropped_before_scaling() {
        for (width, height) in [(1, 1), (1, 1_000), (1_000, 1), (SIDE_MAX, 3), (3, SIDE_MAX), (600, 2_000)] {
            let thin = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, Rgb([9, 9, 200])));
            let square = reduce_center_square(&thin);
            let side = width.min(height).min(2 * AVATAR_SIDE);
            assert_eq!(square.dimensions(), (side, side), "{width} x {height}");
            let jpeg = create_avatar(&encode(&thin, ImageFormat::Png), 40_000_000).unwrap();
            let avatar = image::load_from_memory(&jpeg).unwrap().into_rgb8();
            assert_eq!(avatar.dimensions(), (AVATAR_SIDE, AVATAR_SIDE));
            assert!(avatar.pixels().all(|pixel| pixel.0[2] > 190), "{width} x {height}");
        }
    }

    #[test]
    fn long_sides_and_wide_pixels_are_limited() {
        let encode_rgb =
            |width, height| encode(&DynamicImage::ImageRgb8(RgbImage::new(width, height)), ImageFormat::Png);
        for file in [encode_rgb(SIDE_MAX + 1, 1), encode_rgb(1, SIDE_MAX + 1)] {
            assert_eq!(create_avatar(&file, 40_000_000), Err(ImageError::TooManyPixels));
        }
        // 8 bytes per pixel.
        let deep = encode(&DynamicImage::new_rgba16(100, 100), ImageFormat::Png);
        assert_eq!(create_avatar(&deep, 19_999), Err(ImageError::TooManyPixels));
        assert!(create_avatar(&deep, 20_000).is_ok());
    }
}
