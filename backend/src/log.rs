//! The log: how much is written, and what never is.

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// What actix calls an error is a socket that hangs up, or a peer that breaks the protocol.
const USUAL: &str = "info,actix_server=warn,actix_http=off";
/// Whose words are chosen with care.
const OURS: [&str; 2] = [env!("CARGO_CRATE_NAME"), "chatire"];

/// As much as `RUST_LOG` says.
pub fn wanted() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL))
}

/// Begins to write what happens.
///
/// However much is wanted: libraries tell everything in their details, secrets and messages too, so those are not written.
pub fn start(wanted: EnvFilter, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, colours: bool) {
    tracing_subscriber::registry()
        .with(wanted)
        .with(filter_fn(fit_to_be_written))
        .with(fmt::layer().with_writer(writer).with_ansi(colours))
        .init();
}

fn fit_to_be_written(what: &Metadata<'_>) -> bool {
    let (from, _) = what.target().split_once("::").unwrap_or((what.target(), ""));
    *what.level() <= Level::INFO || OURS.contains(&from)
}
