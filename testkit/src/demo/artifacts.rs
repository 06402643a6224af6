//! Keeps what a run leaves behind: logs of processes, consoles of machines, what BMCs did.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::lab::cluster::Cluster;

/// Copies the logs of a cluster's lab into a folder, which is emptied before.
///
/// # Errors
/// When a file cannot be copied.
pub fn keep(cluster: &Cluster, folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for entry in fs::read_dir(cluster.lab().logs()).context("cannot list the logs")? {
        let entry = entry.context("cannot list the logs")?;
        copy(&entry.path(), &folder.join(entry.file_name()))?;
    }
    for machine in cluster.lab().machines() {
        for (file, kind) in [("console.log", "console"), ("chassis.log", "chassis")] {
            let from = machine.folder.join(file);
            if from.exists() {
                copy(&from, &folder.join(format!("{}-{kind}.log", machine.name)))?;
            }
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}
