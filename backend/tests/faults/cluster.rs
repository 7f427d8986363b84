//! A PostgreSQL that a test can kill.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

pub struct Cluster {
    folder: PathBuf,
    running: Option<private_postgres::Cluster>,
}

impl Cluster {
    pub async fn start() -> Self {
        let folder = create_folder();
        let running = Some(private_postgres::start(&folder).await.expect("PostgreSQL starts"));
        Self { folder, running }
    }

    pub fn url(&self) -> String {
        self.running.as_ref().expect("PostgreSQL runs").url().to_owned()
    }

    /// Kills every process of it with SIGKILL.
    pub async fn kill(&mut self) {
        let data_dir = self.folder.join("postgres");
        while let pids @ [_, ..] = &processes_in(&data_dir)[..] {
            for &pid in pids {
                // It may have ended already.
                kill_process(pid, Signal::KILL).ok();
            }
            sleep(Duration::from_millis(5)).await;
        }
        self.running.take().expect("PostgreSQL ran").wait_for_failure().await;
    }

    pub async fn restart(&mut self) {
        self.running = Some(private_postgres::start(&self.folder).await.expect("PostgreSQL starts again"));
    }
}

/// Creates a folder that every user may enter; it is removed after this process and the PostgreSQL in it have ended.
pub fn create_folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("chatire-faults-").tempdir().unwrap().keep();
    fs::set_permissions(&folder, Permissions::from_mode(0o711)).unwrap();
    crate::cleanup::remove_after_exit(&folder);
    crate::log_folder::keep_logs(&folder);
    folder
}

/// The processes whose working directory is the folder.
fn processes_in(folder: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder))
        .filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
        .collect()
}
