//! The lab: a virtual datacentre on one Linux machine.
//!
//! Region and rack processes run in network namespaces, machines under QEMU with real firmware (or
//! as simulated machines), each with a simulated BMC that really powers it. It needs root, and
//! leaves nothing behind: see [`namespace`] for why that also holds when the lab is killed.

pub mod addresses;
pub mod bmc;
pub mod cluster;
pub mod host;
pub mod inside;
pub mod machine;
pub mod namespace;
pub mod network;
pub mod process;
pub mod signs;
pub mod slot;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, ensure};

use addresses::Family;
use bmc::{Bmc, BmcSpec, FACTORY_PASSWORD, FACTORY_USER};
use machine::{Card, Firmware, Parts, VirtualMachine};
use namespace::ProcessNamespace;
use network::Network;
use process::Process;
use signs::MachineSigns;
use slot::Slot;

use crate::sim::SimSpec;

/// Where a machine finds its BMC in-band, on the loopback interface; plus the machine's number.
const FIRST_IN_BAND_PORT: u16 = 9000;

/// A running lab. Dropping it ends every process in it and removes its folder.
#[derive(Debug)]
pub struct Lab {
    machines: Vec<LabMachine>,
    // The order matters: processes end first, then the wires go, then the folder.
    processes: ProcessNamespace,
    network: Network,
    slot: Slot,
}

/// A machine with its BMC.
#[derive(Debug)]
pub struct LabMachine {
    /// For messages and file names: `m1-bios`.
    pub name: String,
    /// `bios`, `uefi`, or `simulated`.
    pub kind: &'static str,
    /// The hardware address that it boots from.
    pub mac: String,
    /// Its files.
    pub folder: PathBuf,
    /// Its BMC.
    pub bmc: Bmc,
}

impl LabMachine {
    /// The file that its serial console is.
    #[must_use]
    pub fn console(&self) -> PathBuf {
        VirtualMachine::console(&self.folder)
    }
}

impl Lab {
    /// Builds the wires of a lab without nodes.
    ///
    /// # Errors
    /// When not root, or the kernel refuses something.
    pub fn create() -> anyhow::Result<Self> {
        Self::create_of(Family::V4)
    }

    /// Builds the wires of a lab without nodes, with addresses of one family alone.
    ///
    /// # Errors
    /// When not root, or the kernel refuses something.
    pub fn create_of(family: Family) -> anyhow::Result<Self> {
        Self::of(|slot| Network::create(slot.number(), family))
    }

    /// Builds the wires of a lab that the host does not reach, with the addresses of the documents.
    ///
    /// # Errors
    /// When not root, or the kernel refuses something.
    pub fn create_apart() -> anyhow::Result<Self> {
        Self::of(|_| Network::create_apart())
    }

    fn of(network: impl FnOnce(&Slot) -> anyhow::Result<Network>) -> anyhow::Result<Self> {
        ensure!(
            nix::unistd::geteuid().is_root(),
            "the lab needs root: it makes namespaces and links"
        );
        let slot = Slot::take()?;
        fs::create_dir_all(slot.folder().join("logs")).context("cannot make the folder of logs")?;
        let processes = ProcessNamespace::create().context("cannot make a PID namespace")?;
        let network = network(&slot)?;
        Ok(Self { machines: Vec::new(), processes, network, slot })
    }

    /// The lab's number on this host.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.slot.number()
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.slot.folder()
    }

    /// Where its processes write their logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.slot.folder().join("logs")
    }

    /// Leaves the folder in place when the lab ends.
    pub fn keep_folder(&mut self) {
        self.slot.keep();
    }

    /// Its wires.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Its wires, to add nodes.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Its machines.
    #[must_use]
    pub fn machines(&self) -> &[LabMachine] {
        &self.machines
    }

    /// What its machines show from now on.
    #[must_use]
    pub fn signs(&self) -> Vec<MachineSigns> {
        self.machines.iter().map(MachineSigns::of).collect()
    }

    /// Starts a process on a node.
    ///
    /// # Errors
    /// When there is no such node or the program cannot be started.
    pub fn start_process(
        &self,
        node: &str,
        name: &str,
        command: Command,
    ) -> anyhow::Result<Process> {
        Process::start(&self.processes, self.network.node(node)?, name, &self.logs(), command)
    }

    /// Starts a process on a node whose standard input and output are the caller's.
    ///
    /// # Errors
    /// When there is no such node or the program cannot be started.
    pub fn spawn(&self, node: &str, command: &mut Command) -> anyhow::Result<Child> {
        let child = self.processes.spawn(self.network.node(node)?, command);
        child.with_context(|| format!("cannot start {}", command.get_program().display()))
    }

    /// Adds a blank virtual machine with a disk and a network card, powered off.
    ///
    /// # Errors
    /// When its wires, files or BMC cannot be made.
    pub fn add_virtual_machine(&mut self, firmware: Firmware) -> anyhow::Result<&LabMachine> {
        self.add_virtual_machine_of(firmware, Parts::ONE)
    }

    /// Adds a blank virtual machine, powered off.
    ///
    /// # Errors
    /// When its wires, files or BMC cannot be made.
    pub fn add_virtual_machine_of(
        &mut self,
        firmware: Firmware,
        parts: Parts,
    ) -> anyhow::Result<&LabMachine> {
        let number = self.next_number()?;
        let name = format!("m{number}-{}", firmware.name());
        let folder = self.machine_folder(&name)?;
        let (taps, address) = self.network.add_virtual(number, parts.cards)?;
        let cards =
            (0..parts.cards).zip(taps).map(|(at, tap)| Card { mac: card_mac(number, at), tap });
        let machine = VirtualMachine {
            name: name.clone(),
            firmware,
            cards: cards.collect(),
            uuid: uuid_of(self.slot.number(), number),
            serial: format!("LAB{:02}{number:02}", self.slot.number()),
            disks: parts.disks,
            in_band_port: FIRST_IN_BAND_PORT + u16::from(number),
        };
        let script = machine.build(&folder)?;
        let spec = BmcSpec {
            name: name.clone(),
            address,
            mac: bmc_mac(number),
            in_band_port: machine.in_band_port,
        };
        let fabric = self.network.fabric();
        let bmc = Bmc::start(&self.processes, fabric, &folder, &self.logs(), spec, &script)?;
        let mac = card_mac(number, 0);
        self.machines.push(LabMachine { name, kind: firmware.name(), mac, folder, bmc });
        self.machines.last().context("the machine that was just added")
    }

    /// Adds a simulated machine, powered off. `program` is the binary `ironraft-sim-machine`.
    ///
    /// # Errors
    /// When its wires, files or BMC cannot be made.
    pub fn add_simulated_machine(&mut self, program: &Path) -> anyhow::Result<&LabMachine> {
        let number = self.next_number()?;
        let name = format!("m{number}-sim");
        let folder = self.machine_folder(&name)?;
        let mac = card_mac(number, 0);
        let address = self.network.add_simulated(&name, number, &mac)?;
        let machine = SimSpec {
            name: name.clone(),
            mac: mac.clone(),
            uuid: uuid_of(self.slot.number(), number),
            serial: format!("SIM{:02}{number:02}", self.slot.number()),
            interface: "eth0".to_owned(),
            bmc_address: address.to_string(),
            bmc_user: FACTORY_USER.to_owned(),
            bmc_password: FACTORY_PASSWORD.to_owned(),
            disk: folder.join("disk.json"),
            gates: folder.clone(),
        };
        let file = folder.join("machine.json");
        let text = serde_json::to_string_pretty(&machine).context("the machine's file")?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        let script = format!("#!/bin/sh\nexec {} {}\n", program.display(), file.display());
        let spec = BmcSpec {
            name: name.clone(),
            address,
            mac: bmc_mac(number),
            in_band_port: FIRST_IN_BAND_PORT + u16::from(number),
        };
        let node = self.network.node(&name)?;
        let bmc = Bmc::start(&self.processes, node, &folder, &self.logs(), spec, &script)?;
        self.machines.push(LabMachine { name, kind: "simulated", mac, folder, bmc });
        self.machines.last().context("the machine that was just added")
    }

    fn next_number(&self) -> anyhow::Result<u8> {
        let number = u8::try_from(self.machines.len() + 1).context("too many machines")?;
        ensure!(number < 100, "a lab has at most 99 machines");
        Ok(number)
    }

    fn machine_folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.slot.folder().join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }
}

/// The hardware address of a machine's BMC.
fn bmc_mac(number: u8) -> String {
    format!("52:54:00:0b:00:{number:02x}")
}

/// The hardware address of one of a machine's cards, counted from 0.
fn card_mac(number: u8, card: u8) -> String {
    format!("52:54:00:0a:{card:02x}:{number:02x}")
}

fn uuid_of(slot: u8, number: u8) -> String {
    format!("1a0b0000-0000-4000-8000-0000{slot:04x}{number:04x}")
}
