//! The agent's door: what a machine that runs the ephemeral OS says to a region, through its rack.
//!
//! All are JSON over HTTP below `/MAAS/metadata/agent/`:
//! - `POST hello` with [`Hello`] answers [`Welcome`]; an unknown machine is enlisted by it. It is
//!   the only call without a token, and answered only for machines that boot the ephemeral OS.
//! - `POST report` with [`Report`] and `Authorization: Bearer <token>` answers [`Welcome`] again:
//!   the next job, which may be the same one. Reports are idempotent.
//!
//! Image bytes come from `GET /MAAS/images/<sha256>` (with `Range`), which racks cache.

use std::collections::BTreeMap;

use model::machine::hardware::Hardware;
use model::machine::power::parameters::PowerParameters;
use model::machine::storage::curtin;
use model::secret::Secret;
use serde::{Deserialize, Serialize};

/// A machine presents itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Every physical interface, the boot interface included.
    pub interfaces: Vec<ReportedInterface>,
    /// The interface it booted from: its MAC address (`BOOTIF`, or the one with the address).
    pub boot_mac: String,
    /// MAAS architecture, `amd64/generic`.
    pub architecture: String,
    /// The SMBIOS UUID, empty when none.
    pub uuid: String,
    /// `bios` or `uefi`.
    pub firmware: String,
    /// Whether its firmware has Secure Boot on; none of a BIOS. Agents before did not say it.
    #[serde(default)]
    pub secure_boot: Option<bool>,
    /// Whether its agent erases disks in all ways of an [`Erasure`]. Those before knew the quick one only, and took every
    /// order for it.
    #[serde(default)]
    pub erases_as_told: bool,
    /// The address of its BMC, empty when none is known: a machine may have been made from that alone.
    #[serde(default)]
    pub bmc_address: String,
}

/// The answer to a hello or a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The machine's id.
    pub system_id: String,
    /// Its name, for the console.
    pub hostname: String,
    /// Secret for its reports; the same for one boot.
    pub token: Secret,
    /// The number of the job; reports name it.
    pub job: u64,
    /// What to do now.
    pub work: Work,
}

/// What the agent has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Examine the hardware and the BMC; set up a BMC account; report an [`Inventory`].
    Inventory {
        /// The account to create on the BMC, when its settings are not known yet.
        bmc_account: Option<BmcAccount>,
    },
    /// Install an operating system.
    Install(Box<Install>),
    /// Unpack an operating system into memory, report it as installed, and start it; the disks are left alone.
    RunInMemory(Box<RunInMemory>),
    /// Erase the disks.
    Erase(Erasure),
    /// Let these log in by SSH as `root`, stay up, and report progress every `seconds`; the keys may be others
    /// with the next answer.
    Rescue {
        /// How long.
        seconds: u32,
        /// Who, as lines of `authorized_keys`.
        authorized_keys: Vec<String>,
    },
    /// Nothing now: ask again after `seconds`.
    Wait {
        /// How long.
        seconds: u32,
    },
    /// Power off.
    PowerOff,
    /// Restart, to boot from disk.
    Reboot,
}

/// How disks are erased: each by the first of these ways that it is capable of, and in full when none is wanted or
/// possible. An order of a version that knew one way only says neither, and means the quick one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// By the disk itself (ATA security erase, `NVMe` format or sanitize), if it can.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secure: bool,
    /// Only signatures, partition tables, and both ends.
    #[serde(default = "Erasure::quick_unless_told", skip_serializing_if = "Clone::clone")]
    pub quick: bool,
}

impl Erasure {
    fn quick_unless_told() -> bool {
        true
    }
}

impl Default for Erasure {
    /// Quickly.
    fn default() -> Self {
        Self { secure: false, quick: Self::quick_unless_told() }
    }
}

/// An account for Ironraft on the machine's BMC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BmcAccount {
    /// The user's name.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// What to install.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Install {
    /// The boot disk: its kernel name, `vda`; its serial decides when it has one.
    pub disk: String,
    /// The disk's serial number, may be empty.
    pub disk_serial: String,
    /// What is made of the disks; when nothing is told, a root file system that fills the boot disk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage: Vec<curtin::Item>,
    /// The root file-system image: SHA-256 in lower-case hexadecimal.
    pub image_sha256: String,
    /// The image's size in bytes.
    pub image_bytes: u64,
    /// The image's type, `root-tgz`.
    pub image_type: String,
    /// The machine's host name and domain, `web-1.maas`.
    pub fqdn: String,
    /// What the kernel of the installed system is told besides, as words on one line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kernel_options: String,
    /// Files to write below the new root, path to content: the cloud-init datasource and network
    /// configuration among them.
    pub files: BTreeMap<String, Secret>,
}

/// What to run in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInMemory {
    /// The root file-system image: SHA-256 in lower-case hexadecimal.
    pub image_sha256: String,
    /// The image's size in bytes.
    pub image_bytes: u64,
    /// The image's type, `root-tgz`.
    pub image_type: String,
    /// The machine's host name and domain, `web-1.maas`.
    pub fqdn: String,
    /// Files to write below the new root, as those of an installation.
    pub files: BTreeMap<String, Secret>,
}

/// What the agent found or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The machine.
    pub system_id: String,
    /// The job it is about.
    pub job: u64,
    /// What happened.
    pub outcome: Outcome,
}

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Work goes on; also the answer to `Wait`.
    Progress {
        /// The step, for people: `unpacking image (40 %)`.
        message: String,
    },
    /// An inventory is complete.
    Inventory(Box<Inventory>),
    /// The operating system is installed; the machine will restart from its disk, or go on with what is in memory.
    Installed {
        /// The log of every step.
        log: String,
    },
    /// The disks are erased.
    Erased {
        /// The log of every step.
        log: String,
    },
    /// The job failed and will not be tried again by the agent.
    Failed {
        /// What failed, one line.
        message: String,
        /// The log of every step.
        log: String,
    },
}

/// What commissioning found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// CPU, memory, NUMA, devices, DMI.
    pub hardware: Hardware,
    /// Network interfaces.
    pub interfaces: Vec<ReportedInterface>,
    /// Disks.
    pub disks: Vec<ReportedDisk>,
    /// The BMC, when there is one.
    pub bmc: Option<ReportedBmc>,
    /// What the tools printed: tool name to output, `lshw`, `lsblk`, `dmidecode`, ….
    pub outputs: BTreeMap<String, String>,
    /// How the disks shall be laid out, where a commissioning script told it: `layout` and `mounts`, as MAAS's
    /// `storage-extra`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_extra: Option<serde_json::Value>,
}

/// A physical interface as the machine sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedInterface {
    /// The kernel's name.
    pub name: String,
    /// Its hardware address.
    pub mac: String,
    /// Whether it has a link.
    pub link_connected: bool,
    /// Mbit/s, 0 when not known.
    pub link_speed: u32,
    /// Vendor, as far as known.
    pub vendor: String,
    /// Product, as far as known.
    pub product: String,
    /// Firmware version.
    pub firmware_version: String,
    /// Addresses in CIDR notation.
    pub addresses: Vec<String>,
    /// The NUMA node that it is at, if that was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numa_node: Option<u32>,
    /// How many virtual functions it can have (SR-IOV), if that was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_functions_max: Option<u32>,
}

/// A disk as the machine sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedDisk {
    /// The kernel's name.
    pub name: String,
    /// `/dev/disk/by-id/…` or empty.
    pub id_path: String,
    /// The model.
    pub model: String,
    /// The serial number.
    pub serial: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Logical sector size in bytes.
    pub block_size_bytes: u32,
    /// Whether it rotates.
    pub rotational: bool,
    /// The NUMA node that it is at, if that was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numa_node: Option<u32>,
}

/// A BMC found in-band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedBmc {
    /// MAAS power type, `ipmi`.
    pub driver: String,
    /// The driver's parameters, with the account that works: `power_address`, `power_user`,
    /// `power_pass`, `mac_address`, `cipher_suite_id`, ….
    pub parameters: PowerParameters,
}

#[cfg(test)]
mod tests {
    use super::{Erasure, Work};

    #[test]
    fn the_order_to_erase_is_read_and_written_as_by_the_version_that_knew_one_way() {
        let quick = Work::Erase(Erasure::default());
        assert_eq!(serde_json::to_string(&quick).expect("json"), r#"{"kind":"erase"}"#);
        assert_eq!(serde_json::from_str::<Work>(r#"{"kind":"erase"}"#).expect("read"), quick);
    }

    #[test]
    fn the_ways_to_erase_are_told() {
        let full = Work::Erase(Erasure { secure: false, quick: false });
        let text = serde_json::to_string(&full).expect("json");
        assert_eq!(text, r#"{"kind":"erase","quick":false}"#);
        assert_eq!(serde_json::from_str::<Work>(&text).expect("read"), full);
        let secure = Work::Erase(Erasure { secure: true, quick: false });
        let text = serde_json::to_string(&secure).expect("json");
        assert_eq!(text, r#"{"kind":"erase","secure":true,"quick":false}"#);
        assert_eq!(serde_json::from_str::<Work>(&text).expect("read"), secure);
    }
}
