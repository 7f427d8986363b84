//! What a request was sent with, as far as it says so itself. Anyone may say anything: this is for people to recognise
//! their own sign-ins, and decides nothing.

use actix_web::{HttpRequest, http::header::USER_AGENT};

/// The longest name that is kept of a program that we do not know.
const NAME_MAX: usize = 30;

/// By which words a browser gives itself away. Most claim to be others as well, so the rarer come first.
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

/// A browser or another program, and the system below it; empty where nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub program: String,
    pub system: String,
}

impl Device {
    pub fn of(request: &HttpRequest) -> Self {
        let header = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Self::named(header.unwrap_or_default())
    }

    fn named(agent: &str) -> Self {
        let known = |names: &[(&str, &'static str)]| {
            names.iter().find(|(word, _)| agent.contains(word)).map(|(_, name)| *name)
        };
        let program = known(&BROWSERS).map_or_else(|| first_product(agent), ToOwned::to_owned);
        Self { program, system: known(&SYSTEMS).unwrap_or_default().to_owned() }
    }
}

/// The name before the first version, such as `curl` of `curl/8.5.0`.
fn first_product(agent: &str) -> String {
    let name = agent.split(['/', ' ']).next().unwrap_or_default();
    name.chars().filter(char::is_ascii_graphic).take(NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(agent: &str) -> (String, String) {
        let Device { program, system } = Device::named(agent);
        (program, system)
    }

    #[track_caller]
    fn is(agent: &str, program: &str, system: &str) {
        assert_eq!(of(agent), (program.to_owned(), system.to_owned()), "{agent}");
    }

    #[test]
    fn browsers_are_known_by_what_only_they_say() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        is(
            &format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/142.0 Safari/537.36 Edg/142.0"
            ),
            "Edge",
            "Windows",
        );
        is(
            &format!("Mozilla/5.0 (Linux; Android 16) {webkit} Chrome/142.0 Mobile Safari/537.36"),
            "Chrome",
            "Android",
        );
        is("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox", "Linux");
        is(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Safari/604.1",
            "Safari",
            "iPhone",
        );
        is(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605 Version/19.0 Safari/605",
            "Safari",
            "macOS",
        );
    }

    #[test]
    fn other_programs_are_called_what_they_call_themselves() {
        is("curl/8.5.0", "curl", "");
        is("tea-bot", "tea-bot", "");
        is("", "", "");
        is(&"x".repeat(5_000), &"x".repeat(NAME_MAX), "");
        is("a\u{7f}b\tc/1", "abc", "");
    }
}
