//! The configuration, read once from the environment and the command line.

pub mod limits;
pub mod storage;

use std::{
    env, fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

use self::{limits::LimitSettings, storage::StorageSettings};

/// Start a chat, share the link.
#[derive(Parser)]
#[command(name = "chatire", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: CliCommand,
}

#[derive(Subcommand)]
pub enum CliCommand {
    /// Run the server
    Serve(Config),
    /// Apply the database migrations and exit
    Migrate(Config),
    /// Print a link with which a user can set a new password; works while the server is running
    ResetPassword(ResetPassword),
}

#[derive(clap::Args)]
pub struct ResetPassword {
    /// The username of the account
    pub username: String,
    /// Also remove the second factor, for users who lost their device and recovery codes
    #[arg(long)]
    pub without_second_factor: bool,
    #[command(flatten)]
    pub config: Config,
}

/// The settings of the server.
#[derive(Clone, clap::Args)]
pub struct Config {
    /// URL of the PostgreSQL database; without it the server runs a private PostgreSQL in the data directory
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Address and port to listen on
    #[arg(long, env = "CHATIRE_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// URL under which browsers reach this server, such as <https://chat.example.org>
    #[arg(long, env = "CHATIRE_PUBLIC_URL", value_parser = parse_origin)]
    pub public_url: Option<String>,
    /// Directory for the keys, files, data exports and the private database
    #[arg(long, env = "CHATIRE_DATA_DIR", default_value_os_t = default_data_dir())]
    pub data_dir: PathBuf,
    /// Other origins that may use the API, separated by commas
    #[arg(long, env = "CHATIRE_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = parse_origin)]
    pub allowed_origins: Vec<String>,
    /// Proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted: addresses or networks, separated by commas
    #[arg(long, env = "CHATIRE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_network)]
    pub trusted_proxies: Vec<IpNet>,
    /// SMTP server for password-reset e-mails, such as <smtps://user:password@mail.example.org>; without it none are sent
    #[arg(long, env = "CHATIRE_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Sender of e-mails, such as "Chatire <chat@example.org>"
    #[arg(long, env = "CHATIRE_EMAIL_FROM")]
    pub email_from: Option<String>,
    #[command(flatten)]
    pub storage: StorageSettings,
    #[command(flatten)]
    pub limits: LimitSettings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RateLimits {
    On,
    Off,
}

impl fmt::Display for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::On { "on" } else { "off" })
    }
}

impl Arguments {
    /// Parses the arguments; prints an error and exits if they are invalid.
    pub fn read() -> Self {
        Self::parse()
    }
}

/// `/var/lib` for root, the user's state directory otherwise.
fn default_data_dir() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/chatire");
    }
    let state = env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = || env::home_dir().map(|home| home.join(".local/state"));
    state.or_else(home).unwrap_or_else(|| PathBuf::from("/var/lib")).join("chatire")
}

/// Normalizes an origin to the form that browsers send: scheme, host, and port unless it is the default.
fn parse_origin(text: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(text.trim()).context("not a URL such as https://chat.example.org")?;
    ensure!(matches!(url.scheme(), "http" | "https"), "an origin must begin with http:// or https://");
    ensure!(
        url.path() == "/" && url.query().is_none() && url.fragment().is_none(),
        "an origin must consist of scheme, host and port only"
    );
    ensure!(!text.contains('*'), "wildcards are not supported; list each origin");
    Ok(url.origin().ascii_serialization())
}

fn parse_network(text: &str) -> anyhow::Result<IpNet> {
    let text = text.trim();
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .context("not an address or network such as 10.0.0.1 or 10.0.0.0/8")
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;

    #[test]
    fn origins_are_normalized() {
        assert_eq!(parse_origin("https://Chat.Example.org:443/").unwrap(), "https://chat.example.org");
        assert_eq!(parse_origin(" http://localhost:8080").unwrap(), "http://localhost:8080");
        for bad in
            ["chat.example.org", "ftp://a", "https://a/b", "https://a/?b", "https://*.example.org", "*"]
        {
            assert!(parse_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn proxy_is_an_address_or_a_network() {
        assert_eq!(parse_network("10.0.0.1").unwrap().to_string(), "10.0.0.1/32");
        assert_eq!(parse_network(" fd00::/8").unwrap().to_string(), "fd00::/8");
        assert!(parse_network("proxy").is_err());
    }

    #[test]
    fn settings_and_defaults_are_documented() {
        let read = |path: &str| {
            std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let (documented, example) = (read("docs/operations.md"), read(".env.example"));
        let command = Config::augment_args(clap::Command::new("chatire"));
        let mut count = 0;
        for setting in command.get_arguments() {
            let name = setting.get_env().unwrap().to_str().unwrap();
            let default = setting.get_default_values().first().map(|default| default.to_str().unwrap());
            let row = documented.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("{name} is not in docs/operations.md"));
            let line = example.lines().find(|line| line.starts_with(&format!("#{name}=")));
            let line = line.unwrap_or_else(|| panic!("{name} is not in .env.example"));
            if let Some(default) = default.filter(|_| name != "CHATIRE_DATA_DIR") {
                assert!(row.ends_with(&format!("| `{default}` |")), "{row}");
                assert!(line.ends_with(&format!("={default}")), "{line}");
            }
            count += 1;
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn limit_defaults_match_command_line() {
        #[derive(Parser)]
        struct Limits {
            #[command(flatten)]
            limits: LimitSettings,
        }
        assert_eq!(Limits::parse_from(["limits"]).limits, LimitSettings::default());
    }
}
