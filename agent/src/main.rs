//! The `agent` program. The ephemeral OS starts it with its settings in the environment:
//! `IRONRAFT_RACK`, the rack's URL, and `IRONRAFT_BOOT_MAC`, the boot interface's address. It ends well only where an
//! operating system is ready in memory: the ephemeral OS hands the machine over to it then.

use std::process::ExitCode;

use agent::session::{self, Settings};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    session::run(&settings).await?;
    Ok(())
}
