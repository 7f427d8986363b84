//! The servers that are compared.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use backend::auth::keys::Keys;
use uuid::Uuid;

use crate::database::{Database, Fresh};
use crate::dialect::{Dialect, Person};
use crate::layout::Layout;
use crate::machine::Cores;
use crate::project;

/// The name of our own server.
pub const OURS: &str = "chatire";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    Chatire,
    /// Broadcasts what it hears and stores nothing.
    Raw,
    /// The same, but every message is on disk before.
    Limit,
    Plain,
    Bun,
    SocketIo,
    Django,
}

impl Contestant {
    pub const ALL: [Self; 7] =
        [Self::Chatire, Self::Raw, Self::Limit, Self::Plain, Self::Bun, Self::SocketIo, Self::Django];

    pub fn name(self) -> &'static str {
        match self {
            Self::Chatire => OURS,
            Self::Raw => "raw",
            Self::Limit => "limit",
            Self::Plain => "plain",
            Self::Bun => "bun",
            Self::SocketIo => "socketio",
            Self::Django => "django",
        }
    }

    pub fn dialect(self) -> Dialect {
        match self {
            Self::Chatire => Dialect::Chatire,
            Self::SocketIo => Dialect::SocketIo,
            Self::Raw | Self::Limit | Self::Plain | Self::Bun | Self::Django => Dialect::Plain,
        }
    }

    /// Whether it has an HTTP API for messages.
    pub fn has_rest(self) -> bool {
        !matches!(self, Self::Raw | Self::Limit)
    }

    fn command(self, cores: &Cores) -> Result<Command> {
        let script = |name: &str, file: &str| project::fetched(name).join(file);
        let mut command = match self {
            Self::Chatire => cores.beside_the_server(project::built("chatire")?),
            Self::Raw | Self::Limit => cores.beside_the_server(project::built("bench-limit")?),
            Self::Plain => cores.beside_the_server(project::built("bench-plain")?),
            Self::Bun => cores.beside_the_server(project::bun()),
            Self::SocketIo => cores.beside_the_server("node"),
            Self::Django => cores.beside_the_server(project::python()),
        };
        match self {
            Self::Chatire => drop(command.arg("serve")),
            Self::Raw => drop(command.arg("raw")),
            Self::Bun => drop(command.arg(script("bun", "server.js"))),
            Self::SocketIo => drop(command.arg(script("socketio", "server.js"))),
            Self::Django => drop(command.arg(script("django", "server.py"))),
            Self::Limit | Self::Plain => {}
        }
        Ok(command)
    }
}

/// A server that runs.
pub struct Running {
    pub contestant: Contestant,
    pub address: SocketAddr,
    pub people: Vec<Person>,
    pub database: Fresh,
    /// From the start of the process until it answered a request.
    pub started_in: Duration,
    child: Child,
}

impl Running {
    /// Starts it on a fresh database with these people and chats.
    pub fn start(
        contestant: Contestant,
        cores: &Cores,
        database: &mut Database,
        layout: &Layout,
    ) -> Result<Self> {
        let fresh = database.fresh()?;
        match contestant {
            Contestant::Chatire => database.seed(&fresh, layout)?,
            _ => database.make_plain_table(&fresh)?,
        }
        database.settle(&fresh)?;
        let data = database.folder().join("data");
        fs::create_dir_all(&data)?;
        let people = people(contestant, &data, layout.people)?;
        let address = free_address()?;
        let mut command = contestant.command(cores)?;
        configure(&mut command, &fresh, &data, address);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log(contestant)?);
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {}", contestant.name()))?;
        let mut running =
            Self { contestant, address, people, database: fresh, started_in: Duration::MAX, child };
        running.wait_until_ready()?;
        running.started_in = begun.elapsed();
        Ok(running)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Each says one line when it is ready; then it must answer.
    fn wait_until_ready(&mut self) -> Result<()> {
        let output = self.child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        if line.is_empty() {
            bail!("{} did not start; see {}", self.contestant.name(), log_path(self.contestant).display());
        }
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        if &answer != b"HTTP/1.1 200" {
            bail!("{} is not healthy: {}", self.contestant.name(), String::from_utf8_lossy(&answer));
        }
        Ok(())
    }

    pub fn stop(mut self, database: &Database) -> Result<()> {
        self.end();
        database.remove(&self.database)
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn configure(command: &mut Command, database: &Fresh, data: &std::path::Path, address: SocketAddr) {
    command
        .current_dir(project::root())
        .env("DATABASE_URL", &database.url)
        .env("CHATIRE_LISTEN", address.to_string())
        .env("CHATIRE_DATA_DIR", data)
        .env("CHATIRE_RATE_LIMITS", "off")
        .env("PORT", address.port().to_string())
        .env("PGHOST", &database.socket)
        .env("PGUSER", database.role)
        .env("PGDATABASE", &database.name)
        .env("NODE_ENV", "production");
}

/// Accounts and their sessions are numbered from 1, in the order in which they were made.
fn people(contestant: Contestant, data: &std::path::Path, count: usize) -> Result<Vec<Person>> {
    if contestant != Contestant::Chatire {
        return Ok((1..=count).map(|id| Person { id, token: String::new() }).collect());
    }
    let keys = Keys::open(data)?;
    let sign_in = |id: usize| {
        let token = keys
            .sign_in(id as i64, Uuid::from_u128(id as u128))
            .map_err(|_| anyhow::anyhow!("cannot sign a token"))?;
        Ok(Person { id, token })
    };
    (1..=count).map(sign_in).collect()
}

/// A port that is free now. Each run has another, so that no address is still in use from the one before.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn log_path(contestant: Contestant) -> PathBuf {
    project::made().join("logs").join(format!("{}.log", contestant.name()))
}

fn log(contestant: Contestant) -> Result<File> {
    let path = log_path(contestant);
    fs::create_dir_all(path.parent().context("no folder")?)?;
    Ok(File::options().create(true).append(true).open(path)?)
}
