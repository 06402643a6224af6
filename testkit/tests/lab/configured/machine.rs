//! A machine on its way to deployed, whom an operator configures when it is Ready.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testkit::demo::artifacts;
use testkit::demo::images::{IMAGE, Images};
use testkit::demo::life::Life;
use testkit::demo::timeline::{Step, Timeline};
use testkit::lab::inside::{self, Inside};
use testkit::lab::machine::{Firmware, Parts, VirtualMachine};
use testkit::lab::{Lab, LabMachine};
use testkit::operator;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

const STEPS: &[Step] = &[
    Step {
        title: "images: the ephemeral OS and the Debian image",
        usual: "seconds, from the cache",
    },
    Step { title: "cluster: a region and a rack", usual: "10 s" },
    Step { title: "enlist: the machine boots and tells what it is", usual: "1 min" },
    Step { title: "commission: it boots again and is examined", usual: "1 min" },
    Step { title: "configure and deploy", usual: "4 min" },
];

/// A machine in a site of its own.
pub(super) struct Configured {
    pub(super) site: Site,
    timeline: Arc<Timeline>,
    life: Life,
    name: &'static str,
    /// Its id in the API.
    pub(super) system_id: String,
}

impl Configured {
    /// A machine that is Ready. `name` is that of its logs.
    pub(super) async fn ready(
        name: &'static str,
        firmware: Firmware,
        parts: Parts,
    ) -> anyhow::Result<Self> {
        let binaries = site::binaries()?;
        let timeline = Arc::new(Timeline::new(STEPS));
        timeline.next_step();
        let images = Images::build(tree()?, &binaries, &timeline).await?;
        timeline.next_step();
        let mut lab = Lab::create()?;
        lab.add_virtual_machine_of(firmware, parts)?;
        let site = Site::form_in(lab, &binaries, 1, 1).await?;
        operator::create_network(&site.cluster).await?;
        images.upload(&site.cluster, &timeline).await?;
        let client = Arc::new(site.cluster.client()?);
        let life = Life::start(site.cluster.lab().machines(), client, Arc::clone(&timeline))?;
        timeline.next_step();
        life.enlist(&site.cluster).await?;
        timeline.next_step();
        life.commission().await?;
        let system_id = life.subjects()[0].system_id.clone();
        timeline.next_step();
        Ok(Self { site, timeline, life, name, system_id })
    }

    /// The machine in the lab.
    pub(super) fn machine(&self) -> &LabMachine {
        &self.site.cluster.lab().machines()[0]
    }

    /// What the API answers below the machine's node.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.site.client.get(&self.below(path)).await?)
    }

    /// Changes something below the machine's node.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Value> {
        self.timeline.note("operator", &format!("{path} {form:?}"));
        Ok(self.site.client.post(&self.below(path), form).await?)
    }

    /// Asks for something of the machine itself.
    pub(super) async fn ask(&self, op: &str, form: &[(&str, &str)]) -> anyhow::Result<Value> {
        self.timeline.note("operator", &format!("{op} {form:?}"));
        let path = format!("machines/{}/?op={op}", self.system_id);
        Ok(self.site.client.post(&path, form).await?)
    }

    fn below(&self, path: &str) -> String {
        format!("nodes/{}/{path}", self.system_id)
    }

    /// Allocates and deploys it, and returns what it finds inside itself.
    pub(super) async fn deployed(&self) -> anyhow::Result<Inside> {
        let from = self.console_len();
        let user_data = STANDARD.encode(inside::user_data());
        self.life.allocate().await?;
        self.life.deploy(IMAGE, &[("user_data", &user_data)]).await?;
        self.life.wait_deployed().await?;
        inside::told_by(self.machine(), from).await
    }

    /// Releases it, and waits until it is Ready.
    pub(super) async fn taken_back(&mut self) -> anyhow::Result<()> {
        self.ask("release", &[]).await?;
        let mut shown = self.site.cluster.lab().signs();
        operator::wait_for_status(&self.site.client, &self.system_id, "Ready", &mut shown).await?;
        // What it went through counts anew.
        let machines = self.site.cluster.lab().machines();
        let client = Arc::new(self.site.cluster.client()?);
        self.life = Life::start(machines, client, Arc::clone(&self.timeline))?;
        wait_for("the machine is seen again", PROCESS_STALL, async |_| {
            let seen = self.life.subjects();
            Ok(seen.iter().all(|subject| !subject.system_id.is_empty()).then_some(()))
        })
        .await
    }

    /// Starts the installed system once more after `change` was done to its disks, and returns what it finds.
    pub(super) async fn restarted(
        &self,
        change: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<Inside> {
        let (machine, fabric) = (self.machine(), self.site.cluster.lab().network().fabric());
        machine.bmc.ipmitool(fabric, &["power", "off"])?;
        wait_for("it is off", PROCESS_STALL, async |_| {
            let says = machine.bmc.ipmitool(fabric, &["power", "status"])?;
            Ok(says.contains("is off").then_some(()))
        })
        .await?;
        change(&machine.folder)?;
        let from = self.console_len();
        machine.bmc.ipmitool(fabric, &["power", "on"])?;
        inside::told_by(machine, from).await
    }

    fn console_len(&self) -> u64 {
        std::fs::metadata(self.machine().console()).map_or(0, |file| file.len())
    }

    /// Leaves logs and consoles where they can be read.
    pub(super) fn keep(&self) -> anyhow::Result<()> {
        artifacts::keep(&self.site.cluster, &tree()?.join("artifacts/configured").join(self.name))
    }
}

/// Makes one of a machine's disks, counted from 1, as blank as a new one.
pub(super) fn replace_disk(folder: &Path, number: u8) -> anyhow::Result<()> {
    let path = VirtualMachine::disk(folder, number);
    let file = std::fs::File::create(&path).context("the disk")?;
    file.set_len(testkit::lab::machine::DISK_BYTES).context("the disk's size")
}

fn tree() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the source tree")
}
