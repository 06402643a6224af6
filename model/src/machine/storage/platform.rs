//! What firmware and architecture ask of disks.

use crate::machine::hardware::{Firmware, Hardware};
use crate::machine::storage::size;

/// What the start of a machine asks of its disks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// `amd64`, without a sub-architecture.
    pub architecture: String,
    /// How it boots.
    pub firmware: Firmware,
}

impl Platform {
    /// That of a machine.
    #[must_use]
    pub fn of(hardware: &Hardware) -> Self {
        let architecture = hardware.architecture.split('/').next().unwrap_or_default();
        let architecture = if architecture.is_empty() { "amd64" } else { architecture };
        Self { architecture: architecture.to_owned(), firmware: hardware.firmware }
    }

    /// Whether GRUB needs a partition for its core in a GPT.
    #[must_use]
    pub fn needs_bios_grub(&self) -> bool {
        self.architecture == "amd64" && self.firmware == Firmware::Bios
    }

    /// Whether firmware boots from a `PReP` partition.
    #[must_use]
    pub fn needs_prep(&self) -> bool {
        self.architecture == "ppc64el"
    }

    /// Whether firmware boots from an EFI system partition.
    #[must_use]
    pub fn needs_efi(&self) -> bool {
        self.firmware == Firmware::Uefi && !self.needs_prep()
    }

    /// Whether nothing boots without a `/boot` of its own.
    #[must_use]
    pub fn needs_boot_partition(&self) -> bool {
        self.architecture == "arm64" && self.firmware == Firmware::Bios
    }

    /// What a partition table takes besides its partitions, in bytes.
    #[must_use]
    pub fn table_overhead(&self) -> u64 {
        let around = size::FIRST_PARTITION_AT + size::END_OF_TABLE;
        if self.needs_prep() {
            around + size::PREP
        } else if self.needs_bios_grub() {
            around + size::BIOS_GRUB
        } else {
            around
        }
    }
}
