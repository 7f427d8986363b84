//! A PostgreSQL of the test's own, which can be killed.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use backend::postgres;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

pub struct Cluster {
    folder: PathBuf,
    running: Option<postgres::Cluster>,
}

impl Cluster {
    pub async fn start() -> Self {
        let folder = folder();
        let running = Some(postgres::start(&folder).await.expect("PostgreSQL starts"));
        Self { folder, running }
    }

    pub fn url(&self) -> String {
        self.running.as_ref().expect("PostgreSQL runs").url().to_owned()
    }

    /// `kill -9` to every process of it.
    pub async fn kill(&mut self) {
        let cluster = self.folder.join("postgres");
        while let pids @ [_, ..] = &processes_in(&cluster)[..] {
            for &pid in pids {
                // It may have ended just now.
                kill_process(pid, Signal::KILL).ok();
            }
            sleep(Duration::from_millis(5)).await;
        }
        self.running.take().expect("PostgreSQL ran").ended().await;
    }

    pub async fn start_again(&mut self) {
        self.running = Some(postgres::start(&self.folder).await.expect("PostgreSQL starts again"));
    }
}

/// A folder through which everyone may pass, gone after this process and the PostgreSQL in it.
pub fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("chatire-faults-").tempdir().unwrap().keep();
    fs::set_permissions(&folder, Permissions::from_mode(0o711)).unwrap();
    crate::heir::remove_after_us(&folder);
    crate::logs::keep(&folder);
    folder
}

fn processes_in(cluster: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == cluster))
        .filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
        .collect()
}
