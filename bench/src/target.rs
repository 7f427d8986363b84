//! The servers that are compared.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use backend::{
    auth::jwt::{JwtKeys, TokenLifetime},
    clock::Clock,
};
use shared::id::UserId;
use uuid::Uuid;

use crate::cpu_cores::Cores;
use crate::database::{Database, RunDatabase};
use crate::layout::Layout;
use crate::paths;
use crate::protocol_adapter::{LoadUser, ProtocolAdapter};

/// The name of our own server.
pub const OURS: &str = "chatire";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Chatire,
    /// Broadcasts messages without storing them.
    Raw,
    /// Like `Raw`, but stores every message first.
    Limit,
    Plain,
    Bun,
    SocketIo,
    Django,
}

impl Target {
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

    pub fn adapter(self) -> ProtocolAdapter {
        match self {
            Self::Chatire => ProtocolAdapter::Chatire,
            Self::SocketIo => ProtocolAdapter::SocketIo,
            Self::Raw | Self::Limit | Self::Plain | Self::Bun | Self::Django => ProtocolAdapter::Plain,
        }
    }

    /// Whether it has an HTTP API for messages.
    pub fn has_rest(self) -> bool {
        !matches!(self, Self::Raw | Self::Limit)
    }

    fn command(self, cores: &Cores) -> Result<Command> {
        let script = |name: &str, file: &str| paths::install_dir(name).join(file);
        let mut command = match self {
            Self::Chatire => cores.server_command(paths::sibling_binary("chatire")?),
            Self::Raw | Self::Limit => cores.server_command(paths::sibling_binary("bench-limit")?),
            Self::Plain => cores.server_command(paths::sibling_binary("bench-plain")?),
            Self::Bun => cores.server_command(paths::bun_binary()),
            Self::SocketIo => cores.server_command("node"),
            Self::Django => cores.server_command(paths::python_binary()),
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

/// A running server.
pub struct Running {
    pub target: Target,
    pub address: SocketAddr,
    pub users: Vec<LoadUser>,
    pub database: RunDatabase,
    /// From the start of the process to its first response.
    pub startup_time: Duration,
    child: Child,
}

impl Running {
    /// Starts a target on a new database with the users and chats of the layout.
    pub fn start(target: Target, cores: &Cores, database: &mut Database, layout: &Layout) -> Result<Self> {
        let database_for_run = database.create_database()?;
        match target {
            Target::Chatire => database.seed(&database_for_run, layout)?,
            _ => database.create_target_schema(&database_for_run)?,
        }
        database.vacuum_and_checkpoint(&database_for_run)?;
        let data = database.dir().join("data");
        fs::create_dir_all(&data)?;
        let users = create_users(target, &data, layout.users)?;
        let address = find_free_address()?;
        let mut command = target.command(cores)?;
        set_environment(&mut command, &database_for_run, &data, address);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(open_log(target)?);
        let start = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {}", target.name()))?;
        let mut running =
            Self { target, address, users, database: database_for_run, startup_time: Duration::MAX, child };
        running.wait_until_ready()?;
        running.startup_time = start.elapsed();
        Ok(running)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A target prints one line when it is ready, and must then answer a request.
    fn wait_until_ready(&mut self) -> Result<()> {
        let output = self.child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        if line.is_empty() {
            bail!("{} did not start; see {}", self.target.name(), log_path(self.target).display());
        }
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        if &answer != b"HTTP/1.1 200" {
            bail!("{} is not healthy: {}", self.target.name(), String::from_utf8_lossy(&answer));
        }
        Ok(())
    }

    pub fn stop(mut self, database: &Database) -> Result<()> {
        self.kill();
        database.drop_database(&self.database)
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn set_environment(
    command: &mut Command,
    database: &RunDatabase,
    data: &std::path::Path,
    address: SocketAddr,
) {
    command
        .current_dir(paths::root())
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

/// IDs of users and sessions count from 1, as in [`Database::seed`].
fn create_users(target: Target, data: &std::path::Path, count: usize) -> Result<Vec<LoadUser>> {
    if target != Target::Chatire {
        return Ok((1..=count).map(|id| LoadUser { id, token: String::new() }).collect());
    }
    let keys = JwtKeys::load(data, Clock::default())?;
    let sign_in = |id: usize| {
        let token = keys
            .issue(UserId::new(id as i64), Uuid::from_u128(id as u128), TokenLifetime::Program)
            .map_err(|_| anyhow::anyhow!("cannot sign a token"))?;
        Ok(LoadUser { id, token })
    };
    (1..=count).map(sign_in).collect()
}

/// A free port. It differs between runs, so that no former address is still in use.
fn find_free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn log_path(target: Target) -> PathBuf {
    paths::output_dir().join("logs").join(format!("{}.log", target.name()))
}

fn open_log(target: Target) -> Result<File> {
    let path = log_path(target);
    fs::create_dir_all(path.parent().context("no directory")?)?;
    Ok(File::options().create(true).append(true).open(path)?)
}
