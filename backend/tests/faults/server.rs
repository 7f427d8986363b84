//! The program as a process.

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

/// A start may wait for the recovery of PostgreSQL.
const START_TIMEOUT: Duration = Duration::from_mins(1);

pub struct Server {
    pub address: SocketAddr,
    pub data_dir: PathBuf,
    database_url: Option<String>,
    child: Child,
}

impl Server {
    /// Starts the program; it keeps its address when it is restarted.
    pub async fn start(data_dir: PathBuf, database_url: Option<String>) -> Self {
        let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = unused.local_addr().unwrap();
        drop(unused);
        let child = spawn(address, &data_dir, database_url.as_deref()).await;
        Self { address, data_dir, database_url, child }
    }

    pub async fn restart(&mut self) {
        self.child = spawn(self.address, &self.data_dir, self.database_url.as_deref()).await;
    }

    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    pub async fn wait(&mut self) -> ExitStatus {
        self.child.wait().await.unwrap()
    }

    /// Resident memory in KiB.
    pub fn memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Number of open files and connections.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().expect("the server runs")).unwrap()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.data_dir.join("server.log")).unwrap_or_default();
            println!("log of the server: {log}");
        }
    }
}

async fn spawn(address: SocketAddr, data_dir: &PathBuf, database_url: Option<&str>) -> Child {
    let binary = std::env::var_os("CHATIRE_BINARY");
    let mut command = Command::new(binary.unwrap_or_else(|| OsString::from(env!("CARGO_BIN_EXE_chatire"))));
    let log = OpenOptions::new().create(true).append(true).open(data_dir.join("server.log")).unwrap();
    command.arg("serve").env_remove("DATABASE_URL").env("CHATIRE_RATE_LIMITS", "off");
    command.env("CHATIRE_LISTEN", address.to_string()).env("CHATIRE_DATA_DIR", data_dir);
    command.envs(database_url.map(|url| ("DATABASE_URL", url)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let mut child = command.spawn().expect("the program exists");
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    timeout(START_TIMEOUT, output.read_line(&mut line)).await.expect("start in time").unwrap();
    assert!(
        line.starts_with("Chatire is at"),
        "the server does not start: {:?}",
        fs::read_to_string(data_dir.join("server.log"))
    );
    child
}
