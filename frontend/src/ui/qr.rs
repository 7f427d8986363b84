//! A text as a QR code, drawn as one path, to be scanned from another screen.

use std::fmt::Write;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

/// The light border that scanners need, in modules.
const BORDER: i32 = 4;

#[component]
pub fn Qr(
    /// What is to be scanned.
    text: Signal<String>,
    /// What it is, for those who do not see it.
    label: &'static str,
) -> impl IntoView {
    move || {
        code(&text.read()).map(|(width, path)| {
            view! {
                <svg class="qr" viewBox=format!("0 0 {width} {width}") role="img" aria-label=label>
                    <path d=path />
                </svg>
            }
        })
    }
}

/// The width of the code in modules, and its dark ones as a path. Nothing for what is too long.
fn code(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_binary(text.as_bytes(), QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let length = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
            let length = i32::try_from(length).ok()?;
            if length > 0 {
                // Writing to a text cannot fail.
                let _written = write!(path, "M{} {}h{length}v1h-{length}z", x + BORDER, y + BORDER);
            }
            x += length.max(1);
        }
    }
    Some((code.size() + 2 * BORDER, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_becomes_a_square_with_its_three_corners() {
        let (width, path) = code("https://chat.example.org/chats/0123456789abcdefABCDEF").unwrap();
        // Version 4 has 33 modules.
        assert_eq!(width, 33 + 2 * BORDER);
        let edge = |x: i32, y: i32| format!("M{} {}h7v1h-7z", x + BORDER, y + BORDER);
        for corner in [edge(0, 0), edge(26, 0), edge(0, 26)] {
            assert!(path.contains(&corner), "{corner}");
        }
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(code(&"x".repeat(5_000)).is_none());
    }
}
