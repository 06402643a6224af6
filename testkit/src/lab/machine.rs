//! Virtual machines of the lab: what QEMU is told, as the script that a BMC's chassis runs.
//!
//! They are emulated (TCG), so they need no KVM. Each is blank: empty disks with serial numbers,
//! network cards, firmware that boots from the network first, a serial console that is a
//! file, and a KCS interface to its BMC.

use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Memory of a machine in MiB: the ephemeral OS unpacks itself into it.
const MEMORY_MIB: u32 = 2048;
/// Size of a disk; the file is sparse.
pub const DISK_BYTES: u64 = 6 << 30;
const OVMF_CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const OVMF_VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";
const SECURE_CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd";
/// Microsoft's keys are in them, and Secure Boot is on.
const SECURE_VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd";

/// Which firmware a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// `SeaBIOS`; its network boot is the iPXE ROM of the card.
    Bios,
    /// OVMF; its network boot is its own PXE over IPv4.
    Uefi,
    /// The same with Secure Boot, which trusts what Microsoft signed.
    UefiSecureBoot,
    /// OVMF; its network boot is its own PXE over IPv6.
    UefiPxeV6,
    /// OVMF; its network boot is HTTP, over IPv4 first, and over IPv6 when nobody has answered there for a minute.
    UefiHttp,
}

impl Firmware {
    /// `bios`, or `uefi` with its way to boot if that is not PXE over IPv4.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
            Self::UefiSecureBoot => "uefi-secure-boot",
            Self::UefiPxeV6 => "uefi-pxe6",
            Self::UefiHttp => "uefi-http",
        }
    }

    /// The versions of IP over which OVMF does not boot by PXE; none of a BIOS.
    fn without_pxe(self) -> &'static [u8] {
        match self {
            Self::Bios => &[],
            Self::Uefi | Self::UefiSecureBoot => &[6],
            Self::UefiPxeV6 => &[4],
            Self::UefiHttp => &[4, 6],
        }
    }

    /// The code of OVMF and its variables; none of a BIOS.
    fn ovmf(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Bios => None,
            Self::Uefi | Self::UefiPxeV6 | Self::UefiHttp => Some([OVMF_CODE, OVMF_VARIABLES]),
            Self::UefiSecureBoot => Some([SECURE_CODE, SECURE_VARIABLES]),
        }
    }
}

/// How much of what a virtual machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Disks, all of one size. It boots from the first.
    pub disks: u8,
    /// Network cards, all on the provisioning VLAN. It boots from the first.
    pub cards: u8,
}

impl Parts {
    /// One of each.
    pub const ONE: Self = Self { disks: 1, cards: 1 };
}

/// A network card of a virtual machine.
#[derive(Debug, Clone)]
pub struct Card {
    /// Its hardware address.
    pub mac: String,
    /// Its TAP on the provisioning VLAN.
    pub tap: String,
}

/// What a virtual machine is.
#[derive(Debug, Clone)]
pub struct VirtualMachine {
    /// For messages and file names: `m1-bios`.
    pub name: String,
    /// Its firmware.
    pub firmware: Firmware,
    /// Its network cards.
    pub cards: Vec<Card>,
    /// Its SMBIOS UUID.
    pub uuid: String,
    /// Its serial number, and its first disk's.
    pub serial: String,
    /// How many disks it has.
    pub disks: u8,
    /// Where its BMC listens in-band.
    pub in_band_port: u16,
}

impl VirtualMachine {
    /// Makes its disks and its firmware's variables, and returns the script that runs it.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub fn build(&self, folder: &Path) -> anyhow::Result<String> {
        for number in 1..=self.disks {
            let disk = Self::disk(folder, number);
            File::create(&disk)
                .and_then(|file| file.set_len(DISK_BYTES))
                .with_context(|| format!("cannot make {}", disk.display()))?;
        }
        if let Some([_, variables]) = self.firmware.ovmf() {
            fs::copy(variables, folder.join("variables.fd"))
                .with_context(|| format!("cannot copy {variables}"))?;
        }
        Ok(self.script(folder))
    }

    fn script(&self, folder: &Path) -> String {
        let mut script = String::from("#!/bin/sh\nexec qemu-system-x86_64");
        for argument in self.arguments(folder) {
            write!(script, " \\\n    {argument}").expect("writing to a string does not fail");
        }
        script.push('\n');
        script
    }

    /// QEMU's arguments; `$NETWORK_INDEX` and `$DISK_INDEX` are the BMC's boot device.
    fn arguments(&self, folder: &Path) -> Vec<String> {
        let Self { name, uuid, serial, in_band_port, .. } = self;
        let at = folder.display();
        let mut arguments = vec![
            format!("-name {name} -accel tcg,thread=multi -smp 2 -m {MEMORY_MIB}"),
            "-nodefaults -no-user-config -display none -rtc base=utc".to_owned(),
            format!(
                "-uuid {uuid} -smbios type=1,manufacturer=Ironraft,product=LabMachine,serial={serial},uuid={uuid}"
            ),
            format!(
                "-chardev file,id=console,path={at}/console.log,append=on -serial chardev:console"
            ),
            format!("-chardev socket,id=ipmi,host=127.0.0.1,port={in_band_port},reconnect=1"),
            "-device ipmi-bmc-extern,id=bmc,chardev=ipmi -device isa-ipmi-kcs,bmc=bmc".to_owned(),
            "-device virtio-rng-pci".to_owned(),
        ];
        arguments.extend((1..=self.disks).flat_map(|number| self.disk_arguments(folder, number)));
        arguments.extend(self.card_arguments());
        match self.firmware.ovmf() {
            // Without graphics SeaBIOS and the iPXE ROM print to the serial console.
            None => arguments.push("-machine pc,graphics=off".to_owned()),
            Some([code, _]) => arguments.extend([
                format!("-drive if=pflash,format=raw,readonly=on,file={code}"),
                format!("-drive if=pflash,format=raw,file={at}/variables.fd"),
            ]),
        }
        match self.firmware {
            Firmware::Bios => {}
            Firmware::Uefi | Firmware::UefiPxeV6 | Firmware::UefiHttp => {
                arguments.push("-machine q35".to_owned());
            }
            // Only its firmware in system management mode writes variables.
            Firmware::UefiSecureBoot => arguments.push(
                "-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on"
                    .to_owned(),
            ),
        }
        arguments.extend(self.firmware.without_pxe().iter().map(|version| {
            format!("-fw_cfg name=opt/org.tianocore/IPv{version}PXESupport,string=n")
        }));
        arguments
    }

    fn disk_arguments(&self, folder: &Path, number: u8) -> [String; 2] {
        let (file, serial) = (Self::disk(folder, number), self.disk_serial(number));
        let boots = if number == 1 { ",bootindex=$DISK_INDEX" } else { "" };
        [
            format!(
                "-drive if=none,id=disk{number},format=raw,cache=unsafe,discard=unmap,file={}",
                file.display()
            ),
            format!("-device virtio-blk-pci,drive=disk{number},serial={serial}{boots}"),
        ]
    }

    fn card_arguments(&self) -> Vec<String> {
        // Without the ROM the firmware's own network boot is used.
        let rom = if self.firmware == Firmware::Bios { "" } else { ",romfile=" };
        let card = |(at, card): (usize, &Card)| {
            let Card { mac, tap } = card;
            let boots = if at == 0 { ",bootindex=$NETWORK_INDEX" } else { "" };
            [
                format!("-netdev tap,id=net{at},ifname={tap},script=no,downscript=no"),
                format!("-device virtio-net-pci,netdev=net{at},mac={mac}{boots}{rom}"),
            ]
        };
        self.cards.iter().enumerate().flat_map(card).collect()
    }

    /// The serial number of one of its disks, counted from 1.
    #[must_use]
    pub fn disk_serial(&self, number: u8) -> String {
        if number == 1 { self.serial.clone() } else { format!("{}D{number}", self.serial) }
    }

    /// The file that one of its disks is, counted from 1.
    #[must_use]
    pub fn disk(folder: &Path, number: u8) -> PathBuf {
        folder.join(if number == 1 { "disk.raw".to_owned() } else { format!("disk{number}.raw") })
    }

    /// The file that its serial console is.
    #[must_use]
    pub fn console(folder: &Path) -> PathBuf {
        folder.join("console.log")
    }
}
