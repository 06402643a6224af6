//! What a server is made of: the lab and the processes in it.

use anyhow::ensure;
use testkit::lab::Lab;
use testkit::lab::cluster::Cluster;
use testkit::lab::process::Process;
use testkit::wait::{PROCESS_STALL, wait_for};

/// A cluster of Ironraft, or the processes of a rival.
#[derive(Debug)]
pub(super) enum Body {
    Cluster(Cluster),
    Rival {
        // Processes end before the lab that they live in.
        processes: Vec<(String, Process)>,
        lab: Lab,
    },
}

/// Waits until a process prints some words.
pub(super) async fn printed(process: &mut Process, words: &str) -> anyhow::Result<()> {
    let log = process.log().to_owned();
    wait_for(&format!("`{words}` in {}", log.display()), PROCESS_STALL, async |signs| {
        let text = std::fs::read_to_string(&log)?;
        signs.see("log", text.len());
        ensure!(process.ended()?.is_none(), "it ended: {}", process.log_tail());
        Ok(text.contains(words).then_some(()))
    })
    .await
}
