//! A simulated machine: firmware, ephemeral OS and deployed OS played by one small process.
//!
//! It speaks the real protocols (DHCP, HTTP boot script, the agent's and cloud-init's HTTP), so
//! racks and regions cannot tell, but it has no disk to unpack an image to. A BMC starts and kills
//! it like any machine; what it "installed" is in a file and survives that. A boot takes
//! milliseconds, which is what tests with many boots need.

pub mod boot;
pub mod cloud_init;
pub mod dhcp_client;
pub mod ephemeral;
pub mod gate;
pub mod installed;

use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use gate::Gates;

/// What a simulated machine is; the file that its process is started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SimSpec {
    /// Its name, for logs.
    pub name: String,
    /// The hardware address of its network card.
    pub mac: String,
    /// Its SMBIOS UUID.
    pub uuid: String,
    /// Its serial number, and its disk's.
    pub serial: String,
    /// Its network card in its namespace.
    pub interface: String,
    /// The address of its BMC.
    pub bmc_address: String,
    /// The BMC's account from the factory, by which the machine plays the in-band interface.
    pub bmc_user: String,
    /// That account's password.
    pub bmc_password: String,
    /// Where what it installed is kept.
    pub disk: PathBuf,
    /// Where tests hold it.
    pub gates: PathBuf,
}

impl SimSpec {
    /// Its gates.
    #[must_use]
    pub fn gates(&self) -> Gates {
        Gates::new(&self.gates)
    }

    /// Reads a machine's file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(path: &std::path::Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// How a boot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The machine restarts.
    Restart,
    /// The machine is off.
    PowerOff,
}

/// Runs the machine from power-on until it powers itself off.
///
/// # Errors
/// When its network card or disk file cannot be used.
pub async fn run(spec: &SimSpec) -> anyhow::Result<()> {
    loop {
        match boot::boot(spec).await? {
            Ended::Restart => tracing::info!("{} restarts", spec.name),
            Ended::PowerOff => {
                tracing::info!("{} powers itself off", spec.name);
                return Ok(());
            }
        }
    }
}
