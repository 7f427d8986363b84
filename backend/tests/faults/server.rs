//! The program itself, as a process.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A start may have to wait for PostgreSQL's recovery.
const STARTED_WITHIN: Duration = Duration::from_mins(1);

pub struct Server {
    pub address: SocketAddr,
    pub data: PathBuf,
    database_url: Option<String>,
    child: Child,
}

impl Server {
    /// At an address that stays when it is started again.
    pub async fn start(data: PathBuf, database_url: Option<String>) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = spawn(address, &data, database_url.as_deref()).await;
        Self { address, data, database_url, child }
    }

    pub async fn start_again(&mut self) {
        self.child = spawn(self.address, &self.data, self.database_url.as_deref()).await;
    }

    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, as an operator does.
    pub fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    pub async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.unwrap()
    }

    /// The memory that it holds, in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// How many files and connections it holds open.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().expect("it runs")).unwrap()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("its log is {}", fs::read_to_string(self.data.join("server.log")).unwrap_or_default());
        }
    }
}

async fn spawn(address: SocketAddr, data: &PathBuf, database_url: Option<&str>) -> Child {
    let binary = std::env::var_os("CHATIRE_BINARY");
    let mut command = Command::new(binary.unwrap_or_else(|| OsString::from(env!("CARGO_BIN_EXE_chatire"))));
    let log = OpenOptions::new().create(true).append(true).open(data.join("server.log")).unwrap();
    command.arg("serve").env_remove("DATABASE_URL").env("CHATIRE_RATE_LIMITS", "off");
    command.env("CHATIRE_LISTEN", address.to_string()).env("CHATIRE_DATA_DIR", data);
    command.envs(database_url.map(|url| ("DATABASE_URL", url)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let mut child = command.spawn().expect("the server is there");
    let mut line = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    timeout(STARTED_WITHIN, said.read_line(&mut line)).await.expect("a start in time").unwrap();
    assert!(
        line.starts_with("Chatire is at"),
        "the server does not start: {:?}",
        fs::read_to_string(data.join("server.log"))
    );
    child
}
