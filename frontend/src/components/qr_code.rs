//! A QR code as an SVG with one path.

use std::fmt::Write;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

/// The quiet zone that scanners need, in modules.
const QUIET_ZONE: i32 = 4;

#[component]
pub fn QrCodeImage(
    text: Signal<String>,
    /// For assistive technology.
    label: &'static str,
) -> impl IntoView {
    move || {
        encode(&text.read()).map(|(width, path)| {
            view! {
                <svg class="qr" viewBox=format!("0 0 {width} {width}") role="img" aria-label=label>
                    <path d=path />
                </svg>
            }
        })
    }
}

/// The width of the code in modules, and the path of its dark modules. `None` if the text is too long.
fn encode(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_binary(text.as_bytes(), QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let length = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
            let length = i32::try_from(length).ok()?;
            if length > 0 {
                // Writing to a string cannot fail.
                let _written = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
            x += length.max(1);
        }
    }
    Some((code.size() + 2 * QUIET_ZONE, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qr_code_has_finder_patterns_in_three_corners() {
        let (width, path) = encode("https://chat.example.org/chats/0123456789abcdefABCDEF").unwrap();
        // Version 4 has 33 modules.
        assert_eq!(width, 33 + 2 * QUIET_ZONE);
        let edge = |x: i32, y: i32| format!("M{} {}h7v1h-7z", x + QUIET_ZONE, y + QUIET_ZONE);
        for corner in [edge(0, 0), edge(26, 0), edge(0, 26)] {
            assert!(path.contains(&corner), "{corner}");
        }
    }

    #[test]
    fn too_long_text_has_no_qr_code() {
        assert!(encode(&"x".repeat(5_000)).is_none());
    }
}
