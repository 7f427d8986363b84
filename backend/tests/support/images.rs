//! Image files.

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A square PNG file of one colour.
pub fn png(side: u32) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(side, side, Rgb([200, 30, 30])));
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}
