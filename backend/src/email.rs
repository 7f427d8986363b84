//! Sends e-mails through the configured SMTP server, in the background.

pub mod templates;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{Mailbox, Message, header::ContentType},
    transport::smtp,
};
use shared::problem::ProblemCode;
use tokio::{sync::Semaphore, time::sleep};

use self::templates::Email;
use crate::{auth::opaque_token::OpaqueToken, config::Config, error::ApiError};

/// How many e-mails may wait for the SMTP server.
const QUEUE_MAX: usize = 100;
/// The timeout of the SMTP server.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);
/// The pauses before a failed e-mail is sent again. After the last attempt it is dropped.
const RETRY_PAUSES: [Duration; 3] = [Duration::from_secs(5), Duration::from_mins(1), Duration::from_mins(10)];

/// Sends e-mails, if an SMTP server is configured.
pub struct Mailer(Option<Arc<SmtpMailer>>);

struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// The base of links in e-mails. Never taken from a request, which could be forged.
    public_url: String,
    queue: Arc<Semaphore>,
}

impl Mailer {
    /// With an SMTP server, the other e-mail settings are required.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let Some(url) = &config.smtp_url else { return Ok(Self(None)) };
        let (Some(from), Some(public_url)) = (&config.email_from, &config.public_url) else {
            bail!(
                "password-reset e-mails need CHATIRE_EMAIL_FROM and CHATIRE_PUBLIC_URL in addition to CHATIRE_SMTP_URL"
            );
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| anyhow::anyhow!("not a URL such as smtps://user:password@mail.example.org"))
            .context("CHATIRE_SMTP_URL")?
            .timeout(Some(SMTP_TIMEOUT))
            .build();
        let from = from.parse().context("CHATIRE_EMAIL_FROM is not an address such as chat@example.org")?;
        let (public_url, queue) = (public_url.clone(), Arc::new(Semaphore::new(QUEUE_MAX)));
        Ok(Self(Some(Arc::new(SmtpMailer { transport, from, public_url, queue }))))
    }

    /// Fails if no SMTP server is configured.
    pub fn require_enabled(&self) -> Result<(), ApiError> {
        if self.0.is_some() { Ok(()) } else { Err(ProblemCode::EmailUnavailable.into()) }
    }

    /// The link in a password-reset e-mail. The token is in the fragment, which browsers do not send to servers.
    pub fn password_reset_url(&self, token: &OpaqueToken) -> String {
        let public_url = self.0.as_ref().map(|mailer| mailer.public_url.as_str()).unwrap_or_default();
        templates::password_reset_url(public_url, token)
    }

    /// Queues an e-mail.
    pub fn send(&self, email: Email) {
        let Some(mailer) = self.0.clone() else { return };
        let Ok(permit) = Arc::clone(&mailer.queue).try_acquire_owned() else {
            tracing::warn!("dropped an e-mail: the queue is full");
            return;
        };
        let Ok(message) = mailer.build_message(email) else {
            tracing::warn!("dropped an e-mail: its address is invalid");
            return;
        };
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = mailer.deliver(message).await {
                tracing::error!(reason = %reason(&error), "cannot send an e-mail");
            }
        });
    }
}

impl SmtpMailer {
    async fn deliver(&self, message: Message) -> Result<(), smtp::Error> {
        for pause in RETRY_PAUSES {
            match self.transport.send(message.clone()).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_permanent() => return Err(error),
                Err(error) => {
                    tracing::warn!(reason = %reason(&error), "the SMTP server rejected an e-mail temporarily");
                }
            }
            sleep(pause).await;
        }
        self.transport.send(message).await.map(drop)
    }

    fn build_message(&self, email: Email) -> anyhow::Result<Message> {
        let Email { to, subject, text } = email;
        let to = Mailbox::new(None, to.parse()?);
        let builder = Message::builder().from(self.from.clone()).to(to).subject(subject);
        Ok(builder.header(ContentType::TEXT_PLAIN).body(text)?)
    }
}

/// Without the server's text, which may contain the recipient's address.
fn reason(error: &smtp::Error) -> String {
    error.status().map_or_else(|| error.to_string(), |code| format!("status {code}"))
}
