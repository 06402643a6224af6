//! The commands that make and run nodes.

pub(crate) mod dev;
pub(crate) mod rack;
pub(crate) mod region;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The file that says a host's name.
const HOSTNAME_FILE: &str = "/proc/sys/kernel/hostname";

/// Runs a node until it ends, or until SIGTERM or SIGINT has stopped it cleanly.
pub(crate) async fn until_stopped<F>(run: impl FnOnce(CancellationToken) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let shutdown = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let node = run(shutdown.clone());
    tokio::pin!(node);
    tokio::select! {
        outcome = &mut node => return outcome,
        _ = terminate.recv() => tracing::info!("stopping on SIGTERM"),
        _ = interrupt.recv() => tracing::info!("stopping on SIGINT"),
    }
    shutdown.cancel();
    node.await
}

/// The given name, or the host's.
pub(crate) fn name_or_hostname(name: Option<String>) -> anyhow::Result<String> {
    match name {
        Some(name) => Ok(name),
        None => Ok(std::fs::read_to_string(HOSTNAME_FILE)
            .context("cannot read the host's name; give --name")?
            .trim()
            .to_owned()),
    }
}
