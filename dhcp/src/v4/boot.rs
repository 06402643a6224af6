//! What a network boot is told to load, by the kind of client (RFC 4578, UEFI 2.10 §24.7).
//!
//! Firmware loads iPXE by TFTP (or by HTTP, when it says so); iPXE loads the script of its machine
//! over HTTP from the rack.

use std::net::Ipv4Addr;

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
    /// UEFI PXE on x86-64.
    UefiPxe,
    /// UEFI HTTP boot on x86-64.
    UefiHttp,
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
    /// How the sender of a message boots; none when it does not, or on an unknown architecture.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        let vendor_class = message.options.get(code::VENDOR_CLASS).unwrap_or_default();
        let architecture = message
            .options
            .number_u16(code::CLIENT_ARCHITECTURE)
            .or_else(|| architecture_in(vendor_class));
        if is_ipxe(message) {
            return Some(Self::Ipxe { uefi: architecture.is_some_and(|code| code != 0) });
        }
        let pxe = vendor_class.starts_with(b"PXEClient");
        let http = vendor_class.starts_with(b"HTTPClient");
        match architecture {
            Some(0) | None if pxe => Some(Self::BiosPxe),
            Some(7 | 9) if pxe => Some(Self::UefiPxe),
            Some(16) if http => Some(Self::UefiHttp),
            Some(_) | None => None,
        }
    }

    /// Whether the firmware is UEFI.
    #[must_use]
    pub const fn uefi(self) -> bool {
        match self {
            Self::Ipxe { uefi } => uefi,
            Self::BiosPxe => false,
            Self::UefiPxe | Self::UefiHttp => true,
        }
    }

    /// What it is told to load from the rack at `server`.
    #[must_use]
    pub fn reply(self, message: &Message, server: Ipv4Addr) -> BootReply {
        let mut options = Vec::new();
        if let Some(uuid) = message.options.get(code::CLIENT_UUID) {
            options.push((code::CLIENT_UUID, uuid.to_vec()));
        }
        let pxe = [
            (code::VENDOR_CLASS, b"PXEClient".to_vec()),
            // PXE_DISCOVERY_CONTROL = 8: no boot server discovery, load the boot file.
            (code::VENDOR_SPECIFIC, vec![6, 1, 8, 255]),
        ];
        match self {
            Self::BiosPxe => {
                options.extend(pxe);
                BootReply { tftp: true, file: "undionly.kpxe".to_owned(), options }
            }
            Self::UefiPxe => {
                options.extend(pxe);
                BootReply { tftp: true, file: "snponly.efi".to_owned(), options }
            }
            Self::UefiHttp => {
                options.push((code::VENDOR_CLASS, b"HTTPClient".to_vec()));
                let file = format!("http://{server}:{HTTP_PORT}/boot/snponly.efi");
                BootReply { tftp: false, file, options }
            }
            Self::Ipxe { uefi } => {
                // no-pxedhcp (176): without it iPXE waits three seconds for a ProxyDHCP offer.
                options.push((code::IPXE_ENCAPSULATED, vec![176, 1, 1]));
                let firmware = if uefi { "uefi" } else { "bios" };
                let mac = message.mac.to_string().replace(':', "-");
                let file =
                    format!("http://{server}:{HTTP_PORT}/boot.ipxe?mac={mac}&firmware={firmware}");
                BootReply { tftp: false, file, options }
            }
        }
    }
}

/// Whether the user class says iPXE, bare or as a list with lengths (RFC 3004).
fn is_ipxe(message: &Message) -> bool {
    let class = message.options.get(code::USER_CLASS).unwrap_or_default();
    class == b"iPXE" || class == b"\x04iPXE"
}

/// The architecture in `PXEClient:Arch:00007:UNDI:003000`, for clients without option 93.
fn architecture_in(vendor_class: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(vendor_class).ok()?;
    text.split(":Arch:").nth(1)?.get(..5)?.parse().ok()
}
