//! The client's name and operating system, from the `User-Agent` header. It only helps users to recognize their sessions: the
//! header can be forged, so that no decision depends on it.

use actix_web::{HttpRequest, http::header::USER_AGENT};

/// The maximum length of the name of an unknown program.
const NAME_MAX: usize = 30;

/// Tokens by which browsers are recognized. Most browsers also name others, so that the rarer ones come first.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// The browser or program and its operating system; empty if unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    pub user_agent: String,
    pub os: String,
}

impl ClientInfo {
    pub fn from_request(request: &HttpRequest) -> Self {
        let header = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Self::parse(header.unwrap_or_default())
    }

    fn parse(agent: &str) -> Self {
        let find = |names: &[(&str, &'static str)]| {
            names.iter().find(|(word, _)| agent.contains(word)).map(|(_, name)| *name)
        };
        let user_agent = find(&BROWSERS).map_or_else(|| first_product(agent), ToOwned::to_owned);
        Self { user_agent, os: find(&SYSTEMS).unwrap_or_default().to_owned() }
    }
}

/// The name before the first version, such as `curl` in `curl/8.5.0`.
fn first_product(agent: &str) -> String {
    let name = agent.split(['/', ' ']).next().unwrap_or_default();
    name.chars().filter(char::is_ascii_graphic).take(NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_client(agent: &str, user_agent: &str, os: &str) {
        let expected = ClientInfo { user_agent: user_agent.to_owned(), os: os.to_owned() };
        assert_eq!(ClientInfo::parse(agent), expected, "{agent}");
    }

    #[test]
    fn browsers_are_recognized() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        assert_client(
            &format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/142.0 Safari/537.36 Edg/142.0"
            ),
            "Edge",
            "Windows",
        );
        assert_client(
            &format!("Mozilla/5.0 (Linux; Android 16) {webkit} Chrome/142.0 Mobile Safari/537.36"),
            "Chrome",
            "Android",
        );
        assert_client(
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox",
            "Linux",
        );
        assert_client(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Safari/604.1",
            "Safari",
            "iPhone",
        );
        assert_client(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605 Version/19.0 Safari/605",
            "Safari",
            "macOS",
        );
    }

    #[test]
    fn unknown_programs_keep_their_own_name() {
        assert_client("curl/8.5.0", "curl", "");
        assert_client("tea-bot", "tea-bot", "");
        assert_client("", "", "");
        assert_client(&"x".repeat(5_000), &"x".repeat(NAME_MAX), "");
        assert_client("a\u{7f}b\tc/1", "abc", "");
    }
}
