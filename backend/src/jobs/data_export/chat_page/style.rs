//! The style sheet of the pages, and the policy that allows it and nothing else.

use std::sync::LazyLock;

use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};
use shared::user_color::{CHROMA, LIGHTNESS};

/// With a class for each hue: attributes with styles would need a policy that allows all of them.
pub static STYLE: LazyLock<String> = LazyLock::new(|| {
    let avatar = format!(".avatar{{background:oklch({LIGHTNESS} {CHROMA} var(--hue))}}");
    let hues = (0..360).map(|hue| format!(".h{hue}{{--hue:{hue}}}"));
    [include_str!("page.css").to_owned(), avatar].into_iter().chain(hues).collect()
});

pub fn content_security_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self' file:; media-src 'self' file:; base-uri 'none'; form-action 'none'"
        )
    });
    &POLICY
}
