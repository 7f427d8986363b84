//! Logging: which messages are written, and which never are.

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// actix logs disconnecting clients and protocol violations as errors.
const DEFAULT_FILTER: &str = "info,actix_server=warn,actix_http=off";
/// The crates whose debug messages contain no secrets.
const OWN_CRATES: [&str; 2] = [env!("CARGO_CRATE_NAME"), "chatire"];

/// The filter in `RUST_LOG`, or the default.
pub fn env_filter() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER))
}

/// Installs the global subscriber.
///
/// Debug messages of libraries are never written, whatever the filter says: they may contain secrets and chat messages.
pub fn init(filter: EnvFilter, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, colors: bool) {
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(is_loggable))
        .with(fmt::layer().with_writer(writer).with_ansi(colors))
        .init();
}

fn is_loggable(metadata: &Metadata<'_>) -> bool {
    let (crate_name, _) = metadata.target().split_once("::").unwrap_or((metadata.target(), ""));
    *metadata.level() <= Level::INFO || OWN_CRATES.contains(&crate_name)
}
