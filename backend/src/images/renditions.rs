//! The renditions of an image in a message: the whole image, and a smaller preview.

use fast_image_resize::{ResizeOptions, Resizer};
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, RgbImage, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use shared::file::ImageSize;

use super::{ImageError, JPEG_QUALITY, gif_frames, guess_format, open};

/// The longest side of the whole image and of its preview, in pixels.
const FULL_SIDE: u32 = 2_560;
const PREVIEW_SIDE: u32 = 720;

/// An image that was encoded again.
#[derive(Debug)]
pub struct Renditions {
    /// Of the whole image.
    pub size: ImageSize,
    pub full: EncodedImage,
    /// `None` if the whole image is as small.
    pub preview: Option<EncodedImage>,
}

#[derive(Debug)]
pub struct EncodedImage {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Keeps JPEG, PNG and GIF, and an animation only of GIF.
pub fn create(file: &[u8], pixels_max: u64) -> Result<Renditions, ImageError> {
    let format = guess_format(file)?;
    let mut decoder = open(file, pixels_max)?;
    let (orientation, profile) = (decoder.orientation(), decoder.icc_profile());
    let (width, height) = decoder.dimensions();
    let mut image = to_eight_bits(fit(DynamicImage::from_decoder(decoder)?, FULL_SIDE)?);
    if let Ok(Some(profile)) = profile {
        image = to_srgb(image, &profile);
    }
    if let Ok(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    if format == ImageFormat::Gif {
        let preview = Some(encode(&fit(image, PREVIEW_SIDE)?, false)?);
        let full = EncodedImage { media_type: "image/gif", bytes: gif_frames::copy(file, pixels_max)? };
        return Ok(Renditions { size: ImageSize { width, height }, full, preview });
    }
    let size = ImageSize { width: image.width(), height: image.height() };
    let full = encode(&image, format == ImageFormat::Png)?;
    let is_small = size.width.max(size.height) <= PREVIEW_SIDE;
    let preview = if is_small { None } else { Some(encode(&fit(image, PREVIEW_SIDE)?, false)?) };
    Ok(Renditions { size, full, preview })
}

/// Scales an image down so that no side is longer.
fn fit(image: DynamicImage, side: u32) -> Result<DynamicImage, ImageError> {
    let longest = image.width().max(image.height());
    if longest <= side {
        return Ok(image);
    }
    let scale = |length: u32| {
        let scaled = u64::from(length) * u64::from(side) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    let mut scaled = DynamicImage::new(scale(image.width()), scale(image.height()), image.color());
    let resized = Resizer::new().resize(&image, &mut scaled, &ResizeOptions::new());
    resized.map_err(|_| ImageError::NotAnImage)?;
    Ok(scaled)
}

/// Without an alpha channel if nothing is transparent, and without colours if it is grey.
fn to_eight_bits(image: DynamicImage) -> DynamicImage {
    if image.color().has_alpha() {
        let image = image.into_rgba8();
        let is_opaque = image.pixels().all(|pixel| pixel.0[3] == u8::MAX);
        let image = DynamicImage::from(image);
        if is_opaque { image.into_rgb8().into() } else { image }
    } else if image.color().has_color() {
        image.into_rgb8().into()
    } else {
        image.into_luma8().into()
    }
}

/// Converts the colours of an image with a colour profile, because the profile is not kept. Photos of phones have one.
fn to_srgb(image: DynamicImage, profile: &[u8]) -> DynamicImage {
    let layout = match image {
        DynamicImage::ImageRgb8(_) => Layout::Rgb,
        DynamicImage::ImageRgba8(_) => Layout::Rgba,
        _ => return image,
    };
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return image };
    if profile.color_space != DataColorSpace::Rgb {
        return image;
    }
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, options) else { return image };
    let (width, height) = (image.width(), image.height());
    let mut converted = vec![0; image.as_bytes().len()];
    if transform.transform(image.as_bytes(), &mut converted).is_err() {
        return image;
    }
    let converted = match layout {
        Layout::Rgb => RgbImage::from_raw(width, height, converted).map(DynamicImage::from),
        _ => RgbaImage::from_raw(width, height, converted).map(DynamicImage::from),
    };
    converted.unwrap_or(image)
}

/// PNG if it is `lossless` or has an alpha channel, otherwise JPEG.
fn encode(image: &DynamicImage, lossless: bool) -> Result<EncodedImage, ImageError> {
    let mut bytes = Vec::new();
    let (width, height, color) = (image.width(), image.height(), ExtendedColorType::from(image.color()));
    let media_type = if lossless || image.color().has_alpha() {
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
            .write_image(image.as_bytes(), width, height, color)?;
        "image/png"
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        encoder.write_image(image.as_bytes(), width, height, color)?;
        "image/jpeg"
    };
    Ok(EncodedImage { media_type, bytes })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{GrayImage, Luma, Rgb, Rgba};

    use super::*;

    const PIXELS_MAX: u64 = 40_000_000;

    fn encode_as(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn load(image: &EncodedImage) -> DynamicImage {
        image::load_from_memory(&image.bytes).unwrap()
    }

    /// The left half is red and the right half blue.
    fn flag(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_fn(width, height, |x, _| Rgb(if x < width / 2 { [255, 0, 0] } else { [0, 0, 255] }))
            .into()
    }

    fn size_of(image: &DynamicImage) -> (u32, u32) {
        (image.width(), image.height())
    }

    #[test]
    fn each_format_has_its_renditions() {
        let clear: DynamicImage = RgbaImage::from_pixel(1_000, 500, Rgba([0, 200, 0, 100])).into();
        let opaque: DynamicImage = RgbaImage::from_pixel(1_000, 500, Rgba([0, 200, 0, 255])).into();
        for (image, format, full, preview) in [
            (&flag(1_000, 500), ImageFormat::Jpeg, "image/jpeg", "image/jpeg"),
            (&flag(1_000, 500), ImageFormat::Png, "image/png", "image/jpeg"),
            (&flag(1_000, 500), ImageFormat::WebP, "image/jpeg", "image/jpeg"),
            (&flag(1_000, 500), ImageFormat::Gif, "image/gif", "image/jpeg"),
            (&opaque, ImageFormat::Png, "image/png", "image/jpeg"),
            (&opaque, ImageFormat::WebP, "image/jpeg", "image/jpeg"),
            (&clear, ImageFormat::Png, "image/png", "image/png"),
            (&clear, ImageFormat::WebP, "image/png", "image/png"),
        ] {
            let made = create(&encode_as(image, format), PIXELS_MAX).unwrap();
            let small = made.preview.unwrap();
            assert_eq!((made.full.media_type, small.media_type), (full, preview), "{format:?}");
            assert_eq!(made.size, ImageSize { width: 1_000, height: 500 });
            assert_eq!((size_of(&load(&made.full)), size_of(&load(&small))), ((1_000, 500), (720, 360)));
            assert_eq!(load(&small).color().has_alpha(), preview == "image/png");
        }
    }

    #[test]
    fn large_image_is_reduced_and_small_one_is_not() {
        for (width, height, full, preview) in [
            (3_000, 1_500, (2_560, 1_280), Some((720, 360))),
            (1_000, 4_000, (640, 2_560), Some((180, 720))),
            (20_000, 3, (2_560, 1), Some((720, 1))),
            (2_560, 100, (2_560, 100), Some((720, 28))),
            (720, 720, (720, 720), None),
            (1, 1, (1, 1), None),
        ] {
            let made = create(&encode_as(&flag(width, height), ImageFormat::Png), PIXELS_MAX).unwrap();
            assert_eq!(size_of(&load(&made.full)), full, "{width} x {height}");
            assert_eq!((made.size.width, made.size.height), full);
            assert_eq!(made.preview.map(|preview| size_of(&load(&preview))), preview, "{width} x {height}");
        }
    }

    #[test]
    fn metadata_is_dropped_and_orientation_applied() {
        let mut photo = encode_as(&flag(400, 200), ImageFormat::Jpeg);
        // EXIF with the orientation "rotate 90° clockwise" (6), and a comment.
        let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let comment = b"\xff\xfe\x00\x12taken at her home";
        photo.splice(2..2, [&exif[..], comment].concat());
        photo.extend(b"<script>");
        let made = create(&photo, PIXELS_MAX).unwrap();
        assert_eq!(made.size, ImageSize { width: 200, height: 400 });
        let image = load(&made.full).into_rgb8();
        let (top, bottom) = (image.get_pixel(100, 20), image.get_pixel(100, 380));
        assert!(top.0[0] > 200 && bottom.0[2] > 200, "{top:?} {bottom:?}");
        for word in [&b"Exif"[..], b"home", b"script"] {
            assert!(!made.full.bytes.windows(word.len()).any(|part| part == word));
        }
    }

    #[test]
    fn colours_of_a_profile_become_srgb() {
        let image = RgbImage::from_pixel(64, 64, Rgb([200, 100, 50]));
        let mut photo = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut photo, 100);
        encoder.set_icc_profile(ColorProfile::new_display_p3().encode().unwrap()).unwrap();
        encoder.encode_image(&image).unwrap();
        let converted = load(&create(&photo, PIXELS_MAX).unwrap().full).into_rgb8();
        // Display P3 has a stronger red.
        let [red, green, blue] = converted.get_pixel(32, 32).0;
        assert!(red > 208 && green < 100 && blue < 46, "{red} {green} {blue}");
        let broken = to_srgb(flag(4, 4), b"no profile");
        assert_eq!(broken, flag(4, 4));
    }

    #[test]
    fn grey_and_deep_images_have_eight_bits() {
        let grey: DynamicImage = GrayImage::from_pixel(100, 100, Luma([90])).into();
        let made = create(&encode_as(&grey, ImageFormat::Jpeg), PIXELS_MAX).unwrap();
        assert_eq!(load(&made.full).color(), image::ColorType::L8);
        let deep = DynamicImage::new_rgba16(3_000, 10);
        let made = create(&encode_as(&deep, ImageFormat::Png), PIXELS_MAX).unwrap();
        assert_eq!(load(&made.full).color(), image::ColorType::Rgba8);
    }

    #[test]
    fn invalid_and_huge_images_are_told_apart() {
        let png = encode_as(&flag(400, 200), ImageFormat::Png);
        let gif = encode_as(&flag(40, 20), ImageFormat::Gif);
        for bad in
            [&b""[..], b"<svg onload=alert(1)>", b"GIF89a", &png[..40], &png[..png.len() / 2], &gif[..20]]
        {
            assert_eq!(create(bad, PIXELS_MAX).unwrap_err(), ImageError::NotAnImage);
        }
        assert_eq!(create(&png, 79_999).unwrap_err(), ImageError::TooManyPixels);
        let mut bomb = gif;
        bomb[6..10].copy_from_slice(&[0xe8, 0xfd, 0xe8, 0xfd]);
        assert_eq!(create(&bomb, PIXELS_MAX).unwrap_err(), ImageError::TooManyPixels);
    }
}
