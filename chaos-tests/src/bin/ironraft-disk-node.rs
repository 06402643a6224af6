//! The process under test of the disk faults: a store of one node that is driven by its standard
//! input. Arguments: the folder of the store, the folder of the node's identity, and the policy.

use std::path::PathBuf;

use anyhow::Context;
use chaos_tests::disk::single::{self, Policy};

fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::new("info,openraft=warn");
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: FOLDER IDENTITY POLICY";
    let folder = arguments.next().map(PathBuf::from).context(usage)?;
    let identity = arguments.next().map(PathBuf::from).context(usage)?;
    let policy: Policy = serde_json::from_str(&arguments.next().context(usage)?).context(usage)?;
    single::run(folder, &identity, policy)
}
