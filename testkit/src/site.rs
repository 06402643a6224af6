//! A small site for tests: a cluster in the lab with simulated machines, ready to be deployed.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use client::Client;

use crate::lab::cluster::Cluster;
use crate::lab::{Lab, LabMachine};
use crate::operator;
use crate::sim::gate::Gates;
use crate::wait::{PROCESS_STALL, wait_for};

/// The image of such a site: a name and a few bytes, because simulated machines unpack nothing.
pub const IMAGE: (&str, &str) = ("debian", "bookworm");

/// A cluster with simulated machines.
#[derive(Debug)]
pub struct Site {
    /// The cluster.
    pub cluster: Cluster,
    /// A client with the administrator's key.
    pub client: Client,
}

impl Site {
    /// Forms a cluster, describes the network, uploads images, and adds machines that are off.
    ///
    /// # Errors
    /// When any of it fails.
    pub async fn build(
        binaries: &Path,
        regions: u8,
        racks: u8,
        machines: u8,
    ) -> anyhow::Result<Self> {
        let site = Self::form(binaries, regions, racks, machines).await?;
        operator::create_network(&site.cluster).await?;
        site.upload().await?;
        Ok(site)
    }

    /// Forms a cluster that nobody has told anything yet, with machines that are off.
    ///
    /// # Errors
    /// When any of it fails.
    pub async fn form(
        binaries: &Path,
        regions: u8,
        racks: u8,
        machines: u8,
    ) -> anyhow::Result<Self> {
        let mut lab = Lab::create()?;
        for _ in 0..machines {
            lab.add_simulated_machine(&built(binaries, "ironraft-sim-machine")?)?;
        }
        Self::form_in(lab, binaries, regions, racks).await
    }

    /// Forms a cluster that nobody has told anything yet, in a lab that may have machines already.
    ///
    /// # Errors
    /// When any of it fails.
    pub async fn form_in(
        lab: Lab,
        binaries: &Path,
        regions: u8,
        racks: u8,
    ) -> anyhow::Result<Self> {
        let cluster = Cluster::form(lab, &built(binaries, "ironraft")?, regions, racks).await?;
        let client = cluster.client()?;
        Ok(Self { cluster, client })
    }

    /// The machine's BMC is told to power on.
    ///
    /// # Errors
    /// When the BMC refuses.
    pub fn power_on(&self, machine: &LabMachine) -> anyhow::Result<()> {
        let fabric = self.cluster.lab().network().fabric();
        machine.bmc.ipmitool(fabric, &["power", "on"])?;
        Ok(())
    }

    /// Takes the lab's machines to Ready, and returns their ids in the lab's order.
    ///
    /// # Errors
    /// When one does not get there.
    pub async fn make_ready(&self) -> anyhow::Result<Vec<String>> {
        let machines = self.cluster.lab().machines();
        for machine in machines {
            self.power_on(machine)?;
        }
        let mut ids = Vec::new();
        let mut shown = self.cluster.lab().signs();
        for machine in machines {
            let what = format!("{} is enlisted and off", machine.name);
            let id = wait_for(&what, PROCESS_STALL, async |signs| {
                shown.iter_mut().for_each(|machine| machine.see(signs));
                let shape = operator::machine_by_mac(&self.client, &machine.mac).await?;
                signs.see("API", shape.as_ref().map(operator::status_of).unwrap_or_default());
                let id = shape.and_then(|shape| shape["system_id"].as_str().map(str::to_owned));
                Ok(id.filter(|_| self.is_off(machine).unwrap_or(false)))
            })
            .await?;
            self.client.post(&format!("machines/{id}/?op=commission"), &[]).await?;
            ids.push(id);
        }
        for id in &ids {
            self.wait_for(id, "Ready").await?;
        }
        Ok(ids)
    }

    /// Whether the machine's BMC says that it is off.
    ///
    /// # Errors
    /// When the BMC does not answer.
    pub fn is_off(&self, machine: &LabMachine) -> anyhow::Result<bool> {
        let fabric = self.cluster.lab().network().fabric();
        Ok(machine.bmc.ipmitool(fabric, &["power", "status"])?.contains("is off"))
    }

    /// Waits until a machine has a status.
    ///
    /// # Errors
    /// When it fails or stands still before.
    pub async fn wait_for(&self, id: &str, status: &str) -> anyhow::Result<()> {
        let mut shown = self.cluster.lab().signs();
        operator::wait_for_status(&self.client, id, status, &mut shown).await.map(drop)
    }

    /// Waits until a machine stands at a gate.
    ///
    /// # Errors
    /// When it stands still before.
    pub async fn wait_at_gate(&self, machine: &LabMachine, gate: &str) -> anyhow::Result<()> {
        let gates = gates_of(machine);
        let mut shown = self.cluster.lab().signs();
        wait_for(&format!("{} is at gate {gate}", machine.name), PROCESS_STALL, async |signs| {
            shown.iter_mut().for_each(|machine| machine.see(signs));
            Ok(gates.is_waiting(gate).then_some(()))
        })
        .await
    }

    /// Uploads what machines boot and are deployed with. Kernel, initramfs and image are a few bytes each: simulated
    /// machines ask only for their names.
    ///
    /// # Errors
    /// When a file cannot be written or a command fails.
    pub async fn upload(&self) -> anyhow::Result<()> {
        let folder = self.cluster.lab().folder();
        let file = |name: &str| -> anyhow::Result<PathBuf> {
            let path = folder.join(name);
            std::fs::write(&path, name).with_context(|| format!("cannot write {name}"))?;
            Ok(path)
        };
        let (kernel, initrd) = (file("kernel")?, file("initrd")?);
        operator::set_boot_files(&self.cluster, &kernel, &initrd, "simulated").await?;
        let (osystem, series) = IMAGE;
        let name = format!("{osystem}/{series}");
        operator::upload_image(&self.cluster, &name, &file("image")?).await
    }
}

/// A program that belongs to this build.
fn built(binaries: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = binaries.join(name);
    ensure!(path.exists(), "{} is not built", path.display());
    Ok(path)
}

/// The gates of a simulated machine.
#[must_use]
pub fn gates_of(machine: &LabMachine) -> Gates {
    Gates::new(&machine.folder)
}

/// The folder of the binaries that belong to this build: tests lie in a folder below it.
///
/// # Errors
/// When the test's own path is not known.
pub fn binaries() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe().context("the test's own path")?;
    let folder = test.ancestors().find(|folder| folder.join("ironraft").is_file());
    folder.map(Path::to_owned).context("ironraft is not built: cargo build --workspace --bins")
}
