//! Warnings about the set-up, each written once: those who see the effect cannot see its cause.

use std::sync::atomic::{AtomicBool, Ordering};

/// All users behind an unnamed proxy count as one.
pub static UNTRUSTED_PROXY: SetupWarning = SetupWarning::new(
    "a request has forwarded headers, but its sender is no trusted proxy: if it is your proxy, set CHATIRE_TRUSTED_PROXIES, or \
     all users count as one IP address for the rate limits",
);
pub static UNKNOWN_ORIGIN: SetupWarning = SetupWarning::new(
    "a page was treated as one of another site: if users open this server under a name that its requests do not carry in their \
     Host header, set CHATIRE_PUBLIC_URL, or they get no cookies and no socket",
);
pub static INSECURE_COOKIES: SetupWarning = SetupWarning::new(
    "cookies are set without Secure, although the page uses TLS: set CHATIRE_PUBLIC_URL to its https address, or \
     CHATIRE_TRUSTED_PROXIES to the proxy that sets X-Forwarded-Proto",
);
pub static PLAIN_PUBLIC_URL: SetupWarning = SetupWarning::new(
    "CHATIRE_PUBLIC_URL begins with http: cookies and messages can be read and changed on their way",
);
pub static CLOCK_JUMP: SetupWarning = SetupWarning::new(
    "the system clock jumped: tokens may expire early or late, and times of messages are wrong until it is right",
);
pub static DISK_NEARLY_FULL: SetupWarning = SetupWarning::new(
    "the disk of CHATIRE_DATA_DIR is nearly full: soon nothing can be stored, and posts will be answered 503",
);

pub struct SetupWarning {
    text: &'static str,
    is_written: AtomicBool,
}

impl SetupWarning {
    const fn new(text: &'static str) -> Self {
        Self { text, is_written: AtomicBool::new(false) }
    }

    /// Writes the warning if it applies and was not written before.
    pub fn write_if(&self, applies: bool) {
        if applies && !self.is_written.swap(true, Ordering::Relaxed) {
            tracing::warn!("{}", self.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn warning_is_written_once() {
        let (log, warning) = (Log::default(), SetupWarning::new("set CHATIRE_PUBLIC_URL"));
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            for applies in [false, true, true] {
                warning.write_if(applies);
            }
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("set CHATIRE_PUBLIC_URL").count(), 1, "{text}");
    }
}
