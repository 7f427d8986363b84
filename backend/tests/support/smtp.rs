//! An SMTP server that shows the e-mails that it receives: Python's `aiosmtpd`.

use std::{net::TcpListener, process::Stdio};

use backend::config::Config;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use super::{TEST_TIMEOUT, TestApp};

/// Public URL of the server, as e-mails name it.
pub const PUBLIC_URL: &str = "https://chat.example.org";

pub struct SmtpServer {
    url: String,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl SmtpServer {
    pub async fn start() -> Self {
        let unused = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = unused.local_addr().unwrap();
        drop(unused);
        let mut process = Command::new("/usr/bin/aiosmtpd")
            .args(["-n", "-d", "-c", "aiosmtpd.handlers.Debugging", "-l", &address.to_string(), "stdout"])
            .env("PYTHONUNBUFFERED", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("aiosmtpd is installed: apt-get install python3-aiosmtpd");
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let listening = async {
            while let Some(line) = log.next_line().await.unwrap() {
                if line.contains("listening") {
                    return;
                }
            }
            panic!("the SMTP server does not start");
        };
        timeout(TEST_TIMEOUT, listening).await.expect("start in time");
        // The pipe must be read, or the server blocks.
        tokio::spawn(async move { while log.next_line().await.is_ok_and(|line| line.is_some()) {} });
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { url: format!("smtp://{address}"), output, _process: process }
    }

    /// Starts a server that sends its e-mails here.
    pub async fn spawn_app(&self) -> TestApp {
        self.spawn_app_with(|_| ()).await
    }

    pub async fn spawn_app_with(&self, change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::spawn_with(|config| {
            config.smtp_url = Some(self.url.clone());
            config.email_from = Some("Chatire <chat@example.org>".to_owned());
            config.public_url = Some(PUBLIC_URL.to_owned());
            change(config);
        })
        .await
    }

    /// The next e-mail, with its headers.
    pub async fn recv_email(&mut self) -> String {
        timeout(TEST_TIMEOUT, self.next_email()).await.expect("an e-mail in time")
    }

    async fn next_email(&mut self) -> String {
        let mut email = None::<String>;
        loop {
            let line = self.output.next_line().await.unwrap().expect("the SMTP server runs");
            match &mut email {
                None if line.contains("MESSAGE FOLLOWS") => email = Some(String::new()),
                Some(email) if line.contains("END MESSAGE") => return std::mem::take(email),
                // Quoted-printable: `=` at the end of a line continues it.
                Some(email) => match line.strip_suffix('=') {
                    Some(begun) => email.push_str(begun),
                    _ => email.extend([line.as_str(), "\n"]),
                },
                None => {}
            }
        }
    }
}

/// The token in the password reset link of an e-mail.
#[track_caller]
pub fn reset_token(email: &str) -> String {
    let link = email.lines().find_map(|line| line.trim().strip_prefix(&format!("{PUBLIC_URL}/reset#")));
    link.unwrap_or_else(|| panic!("there is no link: {email}")).to_owned()
}
