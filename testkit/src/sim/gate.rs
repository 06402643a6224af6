//! Points at which a test can hold a simulated machine, to do something to the cluster just then.
//!
//! A gate is a name; the machine stops there as long as the file `hold-<name>` lies in its folder,
//! and shows by the file `at-<name>` that it does. Files, because the machine is another process
//! that its BMC may kill and start at any time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tokio::time::sleep;

/// How often the machine looks whether it may go on.
const LOOK: Duration = Duration::from_millis(20);

/// The gates of a machine, in the order of a deployment.
pub const GATES: &[&str] =
    &["power-on", "boot-script", "hello", "install", "installed", "first-boot"];

/// The folder of a machine's gates.
#[derive(Debug, Clone)]
pub struct Gates {
    folder: PathBuf,
}

impl Gates {
    /// The gates in a folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Stops the machine the next time it comes to a gate.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn hold(&self, name: &str) -> anyhow::Result<()> {
        fs::write(self.file("hold", name), "").with_context(|| format!("cannot hold {name}"))
    }

    /// Lets the machine go on.
    ///
    /// # Errors
    /// When nothing was held.
    pub fn release(&self, name: &str) -> anyhow::Result<()> {
        fs::remove_file(self.file("hold", name)).with_context(|| format!("cannot release {name}"))
    }

    /// Whether the machine waits at a gate.
    #[must_use]
    pub fn is_waiting(&self, name: &str) -> bool {
        self.file("at", name).exists()
    }

    /// The machine's side: goes on at once unless it is held.
    pub async fn pass(&self, name: &str) {
        let (hold, at) = (self.file("hold", name), self.file("at", name));
        if hold.exists() {
            // Only a test reads it; it fails when the file does not appear.
            fs::write(&at, "").ok();
            while hold.exists() {
                sleep(LOOK).await;
            }
        }
        fs::remove_file(&at).ok();
    }

    fn file(&self, kind: &str, name: &str) -> PathBuf {
        self.folder.join(format!("{kind}-{name}"))
    }
}
