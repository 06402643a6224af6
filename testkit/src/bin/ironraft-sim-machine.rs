//! A simulated machine as a process: the BMC's chassis starts it at power-on and kills it at
//! power-off. Its one argument is the machine's file.

use std::path::PathBuf;

use anyhow::Context;
use testkit::sim::{SimSpec, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let path = std::env::args().nth(1).map(PathBuf::from).context("usage: FILE")?;
    run(&SimSpec::load(&path)?).await
}
