//! Tests the server against its OpenAPI document with requests that Schemathesis generates.

use std::{
    env, fs,
    fs::File,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    project::{self, BuildMode},
    server, shell, tools,
};

pub fn check(logs: &Path) -> Result<()> {
    let server = Server::start(logs)?;
    let mut schemathesis = shell::command(tools::schemathesis());
    let config = project::root().join("conformance");
    // Its files go into the folder that is deleted with the server.
    schemathesis.current_dir(&server.folder).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONPATH", &config);
    schemathesis.arg("--config-file").arg(config.join("schemathesis.toml"));
    schemathesis.arg("run").arg(format!("{}/api/openapi.json", server.url));
    shell::print_step(&shell::display(&schemathesis));
    shell::run(schemathesis)
}

/// A server with its own data, stopped and deleted on drop.
struct Server {
    url: String,
    folder: PathBuf,
    child: Child,
}

impl Server {
    fn start(logs: &Path) -> Result<Self> {
        let folder = env::temp_dir().join(format!("chatire-conformance-{}", std::process::id()));
        fs::create_dir(&folder)?;
        // The database may run as another user, which must be able to reach its files.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o711))?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let url = format!("http://localhost:{port}");
        let mut server = Command::new(server::binary(BuildMode::Release)?);
        server.arg("serve").env_remove("DATABASE_URL").env("RUST_LOG", "trace");
        server.env("CHATIRE_LISTEN", format!("127.0.0.1:{port}")).env("CHATIRE_PUBLIC_URL", &url);
        server.env("CHATIRE_DATA_DIR", folder.join("data")).env("CHATIRE_RATE_LIMITS", "off");
        // E-mails are composed, but no server accepts them on this port.
        server.env("CHATIRE_SMTP_URL", "smtp://127.0.0.1:9").env("CHATIRE_EMAIL_FROM", "chatire@example.org");
        server
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(logs.join("conformance.log"))?);
        let mut child = server.spawn().context("cannot start the server")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
        let server = Self { url, folder, child };
        ensure!(line.starts_with("Chatire is at"), "the server did not start: see {}", logs.display());
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // Fails if the server has already exited.
        pid.map(|pid| kill_process(pid, Signal::TERM));
        self.child.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}
