//! A colour for each user, dark enough for white text.

use crate::id::UserId;

/// In `OKLCH` equal lightness looks equal, so that the contrast is sufficient for every hue.
pub const LIGHTNESS: &str = "0.53";
/// See [`LIGHTNESS`].
pub const CHROMA: &str = "0.125";

/// The hue in degrees. Steps of the golden angle keep the hues of consecutive ids apart.
pub fn hue(user_id: UserId) -> i64 {
    (user_id.get().rem_euclid(360) * 137 + 250) % 360
}

/// The CSS value.
pub fn user_color(user_id: UserId) -> String {
    format!("oklch({LIGHTNESS} {CHROMA} {})", hue(user_id))
}

/// The letter for a name. CSS makes it upper case: the browser has the Unicode tables for that.
pub fn initial(name: &str) -> Option<char> {
    name.chars().find(|c| c.is_alphanumeric()).or_else(|| name.chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of WCAG, from `OKLCH` over linear sRGB, clamped to sRGB.
    fn luminance(lightness: f64, chroma: f64, hue: f64) -> f64 {
        let (sine, cosine) = hue.to_radians().sin_cos();
        let (to_red, to_yellow) = (cosine * chroma, sine * chroma);
        let l = (lightness + 0.396_337_777_4 * to_red + 0.215_803_757_3 * to_yellow).powi(3);
        let m = (lightness - 0.105_561_345_8 * to_red - 0.063_854_172_8 * to_yellow).powi(3);
        let s = (lightness - 0.089_484_177_5 * to_red - 1.291_485_548 * to_yellow).powi(3);
        let red = 4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s;
        let green = -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s;
        let blue = -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s;
        let clamp = |part: f64| part.clamp(0.0, 1.0);
        0.2126 * clamp(red) + 0.7152 * clamp(green) + 0.0722 * clamp(blue)
    }

    #[test]
    fn white_text_has_contrast_on_every_color() {
        for user in 0..360 {
            let hue = f64::from(i32::try_from(hue(UserId::new(user))).unwrap());
            let contrast =
                1.05 / (luminance(LIGHTNESS.parse().unwrap(), CHROMA.parse().unwrap(), hue) + 0.05);
            assert!(contrast >= 4.5, "{contrast:.2} for user {user}");
        }
    }

    #[test]
    fn hues_of_consecutive_ids_differ() {
        for user in 0..1_000 {
            let [one, next] = [user, user + 1].map(|id| hue(UserId::new(id)));
            let distance = (one - next).abs();
            assert!(distance.min(360 - distance) > 90);
        }
    }

    #[test]
    fn initial_is_first_letter_or_digit() {
        assert_eq!(initial("ada"), Some('a'));
        assert_eq!(initial("@brian"), Some('b'));
        assert_eq!(initial("李"), Some('李'));
        assert_eq!(initial("+-"), Some('+'));
        assert_eq!(initial(""), None);
    }
}
