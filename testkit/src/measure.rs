//! The frame of a benchmark's program: it measures until it is done or a signal ends it.

use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

/// Runs `measured` on this thread, with which the processes that it starts end. What fails is said on
/// standard error and gives a failure's exit code, and so do SIGINT and SIGTERM.
#[must_use]
pub fn until_done(measured: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = runtime
        .context("cannot start the runtime")
        .and_then(|runtime| runtime.block_on(or_a_signal(measured)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn or_a_signal(measured: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        measured = measured => measured,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        _ = terminate.recv() => anyhow::bail!("terminated"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_gives_a_failures_exit_code() {
        let code = |measured: anyhow::Result<()>| until_done(std::future::ready(measured));
        assert_eq!(code(Ok(())), ExitCode::SUCCESS);
        assert_eq!(code(Err(anyhow::anyhow!("no server"))), ExitCode::FAILURE);
    }
}
