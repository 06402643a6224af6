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
use testkit::lab::signs::MachineSigns;
use testkit::lab::{Lab, LabMachine};
use testkit::operator;
use testkit::site::{self, Site};
use testkit::wait::{MACHINE_STALL, PROCESS_STALL, wait_for};

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
    /// A machine that is Ready, in a site with one region. `name` is that of its logs.
    pub(super) async fn ready(
        name: &'static str,
        firmware: Firmware,
        parts: Parts,
    ) -> anyhow::Result<Self> {
        Self::ready_among(1, name, firmware, parts).await
    }

    /// A machine that is Ready, in a site with so many regions.
    pub(super) async fn ready_among(
        regions: u8,
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
        let site = Site::form_in(lab, &binaries, regions, 1).await?;
        // Nobody knows how slow the host is; what stands still is noticed by its signs.
        let patient = [("name", "node_timeout"), ("value", "600")];
        site.client.post("maas/?op=set_config", &patient).await?;
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

    /// What the API says of the machine itself.
    pub(super) async fn shape(&self) -> anyhow::Result<Value> {
        Ok(self.site.client.get(&format!("machines/{}/", self.system_id)).await?)
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
        self.deployed_with(&[]).await
    }

    /// The same, with more parameters of the API's.
    pub(super) async fn deployed_with(&self, more: &[(&str, &str)]) -> anyhow::Result<Inside> {
        let from = self.begins(more).await?;
        self.told_when_deployed(from).await
    }

    /// Allocates it and asks for its deployment; returns how much its console has shown before.
    pub(super) async fn begins(&self, more: &[(&str, &str)]) -> anyhow::Result<u64> {
        let from = self.console_len();
        let user_data = STANDARD.encode(inside::user_data());
        self.life.allocate().await?;
        let form = [&[("user_data", user_data.as_str())], more].concat();
        self.life.deploy(IMAGE, &form).await?;
        Ok(from)
    }

    /// Waits until it is Deployed, and returns what it finds inside itself.
    pub(super) async fn told_when_deployed(&self, from: u64) -> anyhow::Result<Inside> {
        self.life.wait_deployed().await?;
        inside::told_by(self.machine(), from).await
    }

    /// Waits until its console shows a text behind what it has shown before.
    pub(super) async fn shows(&self, text: &str, from: u64) -> anyhow::Result<()> {
        let (mut shown, console) = (MachineSigns::of(self.machine()), self.machine().console());
        wait_for(&format!("the console shows `{text}`"), MACHINE_STALL, async |signs| {
            shown.see(signs);
            let bytes = std::fs::read(&console)?;
            let new = bytes.get(usize::try_from(from)?..).unwrap_or_default();
            Ok(String::from_utf8_lossy(new).contains(text).then_some(()))
        })
        .await
    }

    /// Takes its power away at once.
    pub(super) async fn cut_off(&self) -> anyhow::Result<()> {
        let (machine, fabric) = (self.machine(), self.site.cluster.lab().network().fabric());
        machine.bmc.ipmitool(fabric, &["power", "off"])?;
        wait_for("it is off", PROCESS_STALL, async |_| {
            let says = machine.bmc.ipmitool(fabric, &["power", "status"])?;
            Ok(says.contains("is off").then_some(()))
        })
        .await
    }

    /// Gives it power again.
    pub(super) fn power_on(&self) -> anyhow::Result<()> {
        self.site.power_on(self.machine())
    }

    /// Says in the log what is done.
    pub(super) fn note(&self, what: &str) {
        self.timeline.note("fault", what);
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
        self.cut_off().await?;
        change(&self.machine().folder)?;
        let from = self.console_len();
        self.power_on()?;
        inside::told_by(self.machine(), from).await
    }

    /// How much its console has shown.
    pub(super) fn console_len(&self) -> u64 {
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
