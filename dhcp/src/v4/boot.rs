//! What a network boot is told to load, by the kind of client (RFC 4578, UEFI 2.10 §24.7).
//!
//! Firmware loads iPXE by TFTP (or by HTTP, when it says so); iPXE loads the script of its machine
//! over HTTP from the rack. No firmware says whether it has Secure Boot on, with which it refuses iPXE: what it is
//! told by PXE is iPXE only where the machine's agent said that it is off, and else a name under which racks have
//! shim, if they have one, whose GRUB goes on by TFTP. That works for both, and is slower.

use std::net::Ipv4Addr;

use model::boot::method;

use crate::wire::code;
use crate::wire::message::Message;

/// The rack's HTTP port for boot files and scripts.
pub const HTTP_PORT: u16 = 5248;

/// How a client boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootClient {
    /// iPXE itself, however it was loaded.
    Ipxe {
        /// Whether it runs on UEFI.
        uefi: bool,
    },
    /// A BIOS PXE ROM.
    BiosPxe,
    /// UEFI PXE.
    UefiPxe {
        /// What its programs are made for.
        cpu: Cpu,
    },
    /// UEFI HTTP boot.
    UefiHttp {
        /// What its programs are made for.
        cpu: Cpu,
    },
}

/// What a UEFI program is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cpu {
    /// 32-bit x86.
    X86,
    /// x86-64.
    X64,
    /// 64-bit ARM.
    Arm64,
}

impl Cpu {
    /// What firmware loads by TFTP, by whether it is known to have Secure Boot on or off.
    #[must_use]
    pub const fn first_program(self, secure_boot: Option<bool>) -> &'static str {
        match (self, secure_boot) {
            (Self::X64, None | Some(true)) => "bootx64.efi",
            (Self::X64, Some(false)) | (Self::X86 | Self::Arm64, _) => self.program(),
        }
    }

    /// iPXE on the firmware's own network driver.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::X86 => "snponly-i386.efi",
            Self::X64 => "snponly.efi",
            Self::Arm64 => "snponly-arm64.efi",
        }
    }
}

/// What to put into the reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootReply {
    /// Whether boot files come from the rack by TFTP (`siaddr` and option 66).
    pub tftp: bool,
    /// The boot file: a path or a URL.
    pub file: String,
    /// More options.
    pub options: Vec<(u8, Vec<u8>)>,
}

impl BootClient {
    /// How the sender of a message boots; none when it does not, on an unknown architecture, or when
    /// all its ways to boot are among those that are not answered (names of [`model::boot::method`]).
    #[must_use]
    pub fn of(message: &Message, disabled: &[String]) -> Option<Self> {
        let answered = |name: &str| !disabled.iter().any(|own| own == name);
        let vendor_class = message.options.get(code::VENDOR_CLASS).unwrap_or_default();
        let architectures = architectures(message, vendor_class);
        if is_ipxe(message) {
            let uefi = architectures.first().is_some_and(|code| *code != 0);
            return answered(method::IPXE).then_some(Self::Ipxe { uefi });
        }
        let may_boot = |code: &&u16| method::of_architecture(**code).is_none_or(answered);
        if vendor_class.starts_with(b"HTTPClient") {
            return architectures.iter().filter(may_boot).find_map(|code| Self::over_http(*code));
        }
        if !vendor_class.starts_with(b"PXEClient") {
            return None;
        }
        // A ROM that names no architecture is a BIOS's.
        let told = if architectures.is_empty() { &[0][..] } else { &architectures };
        told.iter().filter(may_boot).find_map(|code| Self::over_tftp(*code))
    }

    /// What an architecture loads by TFTP (IANA processor architecture types).
    pub(crate) const fn over_tftp(architecture: u16) -> Option<Self> {
        match architecture {
            0 => Some(Self::BiosPxe),
            6 => Some(Self::UefiPxe { cpu: Cpu::X86 }),
            7 | 9 => Some(Self::UefiPxe { cpu: Cpu::X64 }),
            11 => Some(Self::UefiPxe { cpu: Cpu::Arm64 }),
            _ => None,
        }
    }

    pub(crate) const fn over_http(architecture: u16) -> Option<Self> {
        match architecture {
            15 => Some(Self::UefiHttp { cpu: Cpu::X86 }),
            16 | 17 => Some(Self::UefiHttp { cpu: Cpu::X64 }),
            19 => Some(Self::UefiHttp { cpu: Cpu::Arm64 }),
            _ => None,
        }
    }

    /// Whether the firmware is UEFI.
    #[must_use]
    pub const fn uefi(self) -> bool {
        match self {
            Self::Ipxe { uefi } => uefi,
            Self::BiosPxe => false,
            Self::UefiPxe { .. } | Self::UefiHttp { .. } => true,
        }
    }

    /// What it is told to load from the rack at `server`, if its firmware is known to have Secure Boot on or off;
    /// nothing when it has no hardware address, by which machines are known.
    #[must_use]
    pub fn reply(
        self,
        message: &Message,
        server: Ipv4Addr,
        secure_boot: Option<bool>,
    ) -> Option<BootReply> {
        let mac = message.client.mac()?;
        let mut options = Vec::new();
        if let Some(uuid) = message.options.get(code::CLIENT_UUID) {
            options.push((code::CLIENT_UUID, uuid.to_vec()));
        }
        let pxe = [
            (code::VENDOR_CLASS, b"PXEClient".to_vec()),
            // PXE_DISCOVERY_CONTROL = 8: no boot server discovery, load the boot file.
            (code::VENDOR_SPECIFIC, vec![6, 1, 8, 255]),
        ];
        Some(match self {
            Self::BiosPxe => {
                options.extend(pxe);
                BootReply { tftp: true, file: "undionly.kpxe".to_owned(), options }
            }
            Self::UefiPxe { cpu } => {
                options.extend(pxe);
                let file = cpu.first_program(secure_boot).to_owned();
                BootReply { tftp: true, file, options }
            }
            Self::UefiHttp { cpu } => {
                options.push((code::VENDOR_CLASS, b"HTTPClient".to_vec()));
                let file = format!("http://{server}:{HTTP_PORT}/boot/{}", cpu.program());
                BootReply { tftp: false, file, options }
            }
            Self::Ipxe { uefi } => {
                // no-pxedhcp (176): without it iPXE waits three seconds for a ProxyDHCP offer.
                options.push((code::IPXE_ENCAPSULATED, vec![176, 1, 1]));
                let firmware = if uefi { "uefi" } else { "bios" };
                let mac = mac.to_string().replace(':', "-");
                let file =
                    format!("http://{server}:{HTTP_PORT}/boot.ipxe?mac={mac}&firmware={firmware}");
                BootReply { tftp: false, file, options }
            }
        })
    }
}

/// Whether a client says that it boots from the network, whether there is a program for it or not.
pub(crate) fn boots(message: &Message) -> bool {
    let vendor_class = message.options.get(code::VENDOR_CLASS).unwrap_or_default();
    let classes = [&b"PXEClient"[..], b"HTTPClient"];
    classes.iter().any(|own| vendor_class.starts_with(own)) || is_ipxe(message)
}

/// Whether the client is iPXE: its user class says so, bare or in a list (RFC 3004), or it sends
/// options that only iPXE has. Firmware that is taken for iPXE cannot boot, and iPXE that is taken
/// for firmware loads itself for ever.
fn is_ipxe(message: &Message) -> bool {
    let class = message.options.get(code::USER_CLASS).unwrap_or_default();
    class == b"iPXE"
        || user_classes(class).any(|own| own == b"iPXE")
        || message.options.get(code::IPXE_ENCAPSULATED).is_some()
}

/// The classes of a list with lengths (RFC 3004 §4), up to the first that is cut off.
fn user_classes(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = list.split_first()?;
        let (class, rest) = rest.split_at_checked(usize::from(*length))?;
        list = rest;
        Some(class)
    })
}

/// The architectures that a client can boot, in its order: option 93 may name several (RFC 4578
/// §2.1). Without it, the one in `PXEClient:Arch:00007:UNDI:003000`.
pub(crate) fn architectures(message: &Message, vendor_class: &[u8]) -> Vec<u16> {
    let option = message.options.get(code::CLIENT_ARCHITECTURE).unwrap_or_default();
    let told: Vec<u16> =
        option.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    if told.is_empty() { architecture_in(vendor_class).into_iter().collect() } else { told }
}

fn architecture_in(vendor_class: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(vendor_class).ok()?;
    text.split(":Arch:").nth(1)?.get(..5)?.parse().ok()
}
