//! The settings: read once from the environment, or from flags of the same names.

pub mod limits;

use std::{
    env, fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

use self::limits::LimitSettings;

/// Start a chat, share the link.
#[derive(Parser)]
#[command(name = "chatire", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serves the API, the socket and the client
    Serve(Config),
    /// Brings the database up to date and ends
    Migrate(Config),
    /// Prints a page on which somebody who cannot sign in sets another password; the server may be running
    ResetPassword(ResetPassword),
}

#[derive(clap::Args)]
pub struct ResetPassword {
    /// The name of their account
    pub username: String,
    /// Also takes away the second factor: for somebody who lost their device and their recovery codes
    #[arg(long)]
    pub without_second_factor: bool,
    #[command(flatten)]
    pub config: Config,
}

/// What an operator may set.
#[derive(Clone, clap::Args)]
pub struct Config {
    /// The PostgreSQL database; without it the program runs a private one in its data folder
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The address to listen on
    #[arg(long, env = "CHATIRE_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// How browsers reach this server, such as <https://chat.example.org>
    #[arg(long, env = "CHATIRE_PUBLIC_URL", value_parser = origin)]
    pub public_url: Option<String>,
    /// The folder for the signing key and the private database
    #[arg(long, env = "CHATIRE_DATA_DIR", default_value_os_t = default_data_dir())]
    pub data_dir: PathBuf,
    /// Other origins whose pages may use the API, separated by commas
    #[arg(long, env = "CHATIRE_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub allowed_origins: Vec<String>,
    /// Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or networks, separated by commas
    #[arg(long, env = "CHATIRE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// The mail server for letters to people who forgot their password, such as
    /// <smtps://user:password@mail.example.org>; without it there are none
    #[arg(long, env = "CHATIRE_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Whom those letters are from, such as "Chatire <chat@example.org>"
    #[arg(long, env = "CHATIRE_MAIL_FROM")]
    pub mail_from: Option<String>,
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
    /// Reads them; wrong ones end the program with words that say what is wrong.
    pub fn read() -> Self {
        Self::parse()
    }
}

/// Where state of programs belongs: `/var/lib` for root, the user's own state folder otherwise.
fn default_data_dir() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/chatire");
    }
    let state = env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = || env::home_dir().map(|home| home.join(".local/state"));
    state.or_else(home).unwrap_or_else(|| PathBuf::from("/var/lib")).join("chatire")
}

/// An origin as browsers send it: scheme, host, and port unless it is the scheme's own.
fn origin(text: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(text.trim()).context("not a URL such as https://chat.example.org")?;
    ensure!(matches!(url.scheme(), "http" | "https"), "an origin begins with http:// or https://");
    ensure!(
        url.path() == "/" && url.query().is_none() && url.fragment().is_none(),
        "an origin has no path: write only the scheme, the host and the port"
    );
    Ok(url.origin().ascii_serialization())
}

fn network(text: &str) -> anyhow::Result<IpNet> {
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
    fn origins_are_written_as_browsers_send_them() {
        assert_eq!(origin("https://Chat.Example.org:443/").unwrap(), "https://chat.example.org");
        assert_eq!(origin(" http://localhost:8080").unwrap(), "http://localhost:8080");
        for bad in ["chat.example.org", "ftp://a", "https://a/b", "https://a/?b"] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        assert_eq!(network("10.0.0.1").unwrap().to_string(), "10.0.0.1/32");
        assert_eq!(network(" fd00::/8").unwrap().to_string(), "fd00::/8");
        assert!(network("proxy").is_err());
    }

    #[test]
    fn every_setting_and_its_default_is_written_down() {
        let read = |path: &str| {
            std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let (described, example) = (read("docs/operations.md"), read(".env.example"));
        let command = Config::augment_args(clap::Command::new("chatire"));
        let mut count = 0;
        for setting in command.get_arguments() {
            let name = setting.get_env().unwrap().to_str().unwrap();
            let default = setting.get_default_values().first().map(|default| default.to_str().unwrap());
            let row = described.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
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
    fn the_defaults_are_those_of_a_server_that_is_told_nothing() {
        #[derive(Parser)]
        struct Limits {
            #[command(flatten)]
            limits: LimitSettings,
        }
        assert_eq!(Limits::parse_from(["limits"]).limits, LimitSettings::default());
    }
}
