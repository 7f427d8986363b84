//! A mail server that keeps what it is given: Python's `aiosmtpd`, which speaks SMTP as the real ones do.

use std::{net::TcpListener, process::Stdio};

use backend::config::Config;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::{app::TestApp, listener::BOUND};

/// How people reach the server, as letters say it.
pub const PUBLIC_URL: &str = "https://chat.example.org";

pub struct PostOffice {
    url: String,
    letters: Lines<BufReader<ChildStdout>>,
    _server: Child,
}

impl PostOffice {
    pub async fn open() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut server = Command::new("/usr/bin/aiosmtpd")
            .args(["-n", "-d", "-c", "aiosmtpd.handlers.Debugging", "-l", &address.to_string(), "stdout"])
            .env("PYTHONUNBUFFERED", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("aiosmtpd is there: apt-get install python3-aiosmtpd");
        let mut said = BufReader::new(server.stderr.take().unwrap()).lines();
        let listening = async {
            while let Some(line) = said.next_line().await.unwrap() {
                if line.contains("listening") {
                    return;
                }
            }
            panic!("the mail server does not start");
        };
        timeout(BOUND, listening).await.expect("a start in time");
        // What it says further is to go somewhere.
        tokio::spawn(async move { while said.next_line().await.is_ok_and(|line| line.is_some()) {} });
        let letters = BufReader::new(server.stdout.take().unwrap()).lines();
        Self { url: format!("smtp://{address}"), letters, _server: server }
    }

    /// A server that gives its letters here.
    pub async fn app(&self) -> TestApp {
        self.app_with(|_| ()).await
    }

    pub async fn app_with(&self, change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::with(|config| {
            config.smtp_url = Some(self.url.clone());
            config.mail_from = Some("Chatire <chat@example.org>".to_owned());
            config.public_url = Some(PUBLIC_URL.to_owned());
            change(config);
        })
        .await
    }

    /// The next letter, head and all.
    pub async fn receives(&mut self) -> String {
        timeout(BOUND, self.next()).await.expect("a letter in time")
    }

    async fn next(&mut self) -> String {
        let mut letter = None::<String>;
        loop {
            let line = self.letters.next_line().await.unwrap().expect("the mail server runs");
            match &mut letter {
                None if line.contains("MESSAGE FOLLOWS") => letter = Some(String::new()),
                Some(letter) if line.contains("END MESSAGE") => return std::mem::take(letter),
                // A line that ends so goes on in the next: it was too long for one.
                Some(letter) => match line.strip_suffix('=') {
                    Some(begun) => letter.push_str(begun),
                    _ => letter.extend([line.as_str(), "\n"]),
                },
                None => {}
            }
        }
    }
}

/// The secret in the link of a letter.
#[track_caller]
pub fn secret_in(letter: &str) -> String {
    let link = letter.lines().find_map(|line| line.trim().strip_prefix(&format!("{PUBLIC_URL}/reset#")));
    link.unwrap_or_else(|| panic!("there is no link: {letter}")).to_owned()
}
