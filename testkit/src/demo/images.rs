//! What machines boot and what they are deployed with: built once, and found again by its content.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use tokio::process::Command;

use super::timeline::Timeline;
use crate::lab::cluster::Cluster;
use crate::operator;

/// The image's name in the API.
pub const IMAGE: &str = "debian/bookworm";

/// The ephemeral OS and a Debian image, as files.
#[derive(Debug, Clone)]
pub struct Images {
    kernel: PathBuf,
    initrd: PathBuf,
    root: PathBuf,
}

impl Images {
    /// Builds them with the scripts below `tree`, the root of the source tree; the agent is one of `binaries`.
    ///
    /// # Errors
    /// When a script fails.
    pub async fn build(tree: &Path, binaries: &Path, timeline: &Timeline) -> anyhow::Result<Self> {
        timeline.note("images", "building the ephemeral OS (cached by content)");
        let agent = binaries.join("agent");
        let ephemeral = build(&tree.join("deploy/ephemeral/build"), &[&agent]).await?;
        timeline.note("images", "building the Debian image (cached by content)");
        let image = build(&tree.join("deploy/image/build"), &[]).await?;
        Ok(Self {
            kernel: ephemeral.join("vmlinuz"),
            initrd: ephemeral.join("initrd"),
            root: image.join("root.tar.zst"),
        })
    }

    /// Uploads them to a cluster, as an operator does it.
    ///
    /// # Errors
    /// When a command fails.
    pub async fn upload(&self, cluster: &Cluster, timeline: &Timeline) -> anyhow::Result<()> {
        operator::set_boot_files(cluster, &self.kernel, &self.initrd, "demo").await?;
        timeline.note("operator", "ephemeral OS uploaded");
        operator::upload_image(cluster, IMAGE, &self.root).await?;
        let size = std::fs::metadata(&self.root).context("the image's size")?.len() >> 20;
        timeline.note("operator", &format!("image {IMAGE} uploaded, {size} MiB"));
        Ok(())
    }
}

/// Runs a build script, which prints the folder of its result.
async fn build(script: &Path, arguments: &[&Path]) -> anyhow::Result<PathBuf> {
    let shown = script.display();
    // `output` would take its errors away from the terminal.
    let child = Command::new(script)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {shown}"))?;
    let output = child.wait_with_output().await.with_context(|| format!("cannot run {shown}"))?;
    ensure!(output.status.success(), "{shown} failed");
    let printed = String::from_utf8(output.stdout).context("the folder's name")?;
    Ok(PathBuf::from(printed.trim()))
}
