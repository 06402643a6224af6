//! Where the process's own story goes: readable on a terminal, one JSON object a line otherwise.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is shown when `RUST_LOG` says nothing. openraft warns of each heartbeat that fails, and every
/// linearizable read sends one: hundreds of lines a second while a node is down, of which its
/// replication tells as well.
const DEFAULT_FILTER: &str =
    "info,openraft=warn,openraft::core::heartbeat=error,hyper=warn,h2=warn,tower=warn";

/// Starts logging to standard error; `RUST_LOG` chooses what.
pub(crate) fn start() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start (region and rack in one process) changes nothing.
    let _already = if std::io::stderr().is_terminal() {
        subscriber.try_init()
    } else {
        subscriber.json().flatten_event(true).try_init()
    };
}
