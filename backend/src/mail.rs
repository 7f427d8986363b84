//! Letters to people, by the operator's mail server. Whoever asks for one does not wait for it.

pub mod letters;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{Mailbox, Message, header::ContentType},
    transport::smtp,
};
use shared::problem::ProblemCode;
use tokio::{sync::Semaphore, time::sleep};

use self::letters::Letter;
use crate::{config::Config, problem::Error, secret::Secret};

/// How many letters may wait to be taken by the mail server.
const WAITING: usize = 100;
/// A mail server that does not answer in this time does not answer.
const TAKEN_WITHIN: Duration = Duration::from_secs(20);
/// After these pauses a letter that was not taken is tried again; after the last one it is given up.
const PAUSES: [Duration; 3] = [Duration::from_secs(5), Duration::from_mins(1), Duration::from_mins(10)];

/// The way to a mail server, if there is one.
pub struct Mail(Option<Arc<Post>>);

struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// How people reach this server, for the links in letters. Never what a request says of that.
    public_url: String,
    places: Arc<Semaphore>,
}

impl Mail {
    /// Without a mail server there are no letters. With one, all that letters need must be set.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let Some(url) = &config.smtp_url else { return Ok(Self(None)) };
        let (Some(from), Some(public_url)) = (&config.mail_from, &config.public_url) else {
            bail!("letters need CHATIRE_MAIL_FROM and CHATIRE_PUBLIC_URL beside CHATIRE_SMTP_URL");
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| anyhow::anyhow!("not a URL such as smtps://user:password@mail.example.org"))
            .context("CHATIRE_SMTP_URL")?
            .timeout(Some(TAKEN_WITHIN))
            .build();
        let from = from.parse().context("CHATIRE_MAIL_FROM is not an address such as chat@example.org")?;
        let (public_url, places) = (public_url.clone(), Arc::new(Semaphore::new(WAITING)));
        Ok(Self(Some(Arc::new(Post { transport, from, public_url, places }))))
    }

    /// Refuses what takes letters where there are none.
    pub fn check(&self) -> Result<(), Error> {
        if self.0.is_some() { Ok(()) } else { Err(ProblemCode::NoMail.into()) }
    }

    /// The page on which a secret sets another password. It stands behind the `#`, which browsers send to nobody.
    pub fn link(&self, secret: &Secret) -> String {
        let public_url = self.0.as_ref().map(|post| post.public_url.as_str()).unwrap_or_default();
        letters::link(public_url, secret)
    }

    /// Sends a letter, now or a little later.
    pub fn send(&self, letter: Letter) {
        let Some(post) = self.0.clone() else { return };
        let Ok(place) = Arc::clone(&post.places).try_acquire_owned() else {
            tracing::warn!("a letter was not sent: too many wait for the mail server");
            return;
        };
        let Ok(message) = post.message(letter) else {
            tracing::warn!("a letter was not sent: its address is none that mail servers take");
            return;
        };
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = post.deliver(message).await {
                tracing::error!(why = %reason(&error), "a letter was not sent");
            }
        });
    }
}

impl Post {
    async fn deliver(&self, message: Message) -> Result<(), smtp::Error> {
        for pause in PAUSES {
            match self.transport.send(message.clone()).await {
                Ok(_) => return Ok(()),
                // It will not be taken later either.
                Err(error) if error.is_permanent() => return Err(error),
                Err(error) => tracing::warn!(why = %reason(&error), "the mail server does not take a letter"),
            }
            sleep(pause).await;
        }
        self.transport.send(message).await.map(drop)
    }

    fn message(&self, letter: Letter) -> anyhow::Result<Message> {
        let Letter { to, subject, text } = letter;
        let to = Mailbox::new(None, to.parse()?);
        let head = Message::builder().from(self.from.clone()).to(to).subject(subject);
        Ok(head.header(ContentType::TEXT_PLAIN).body(text)?)
    }
}

/// What a mail server says may hold the address that it was about, which no log shall.
fn reason(error: &smtp::Error) -> String {
    error.status().map_or_else(|| error.to_string(), |code| format!("it answers {code}"))
}
