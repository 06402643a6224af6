//! What a network boot over IPv6 is told to load, by the kind of client (RFC 5970, UEFI 2.10 §24.3, §24.7).
//!
//! Firmware loads shim or iPXE by TFTP, as over IPv4, or iPXE by HTTP when it says so; iPXE loads the script of its
//! machine over HTTP from the rack.

use std::net::Ipv6Addr;

use model::boot::method;
use model::mac::MacAddress;

use crate::v4::boot::{BootClient, HTTP_PORT};
use crate::wire::v6::message::Message;

/// Who defined the classes of PXE (IANA enterprise number of Intel).
const PXE_ENTERPRISE: u32 = 343;
const HTTP_CLASS: &[u8] = b"HTTPClient";

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// The boot file.
    pub(crate) url: String,
    /// The value of the vendor class (option 16), without which firmware takes no offer of HTTP.
    pub(crate) vendor_class: Option<Vec<u8>>,
}

/// How the sender of a message boots; none when it does not, on an unknown architecture, or when all its
/// ways to boot are among those that are not answered (names of [`model::boot::method`]).
pub(crate) fn client(message: &Message, disabled: &[String]) -> Option<BootClient> {
    let answered = |name: &str| !disabled.iter().any(|own| own == name);
    if user_classes(&message.user_classes).any(|class| class == b"iPXE") {
        let uefi = message.architectures.first().is_some_and(|code| *code != 0);
        return answered(method::IPXE).then_some(BootClient::Ipxe { uefi });
    }
    let may_boot = |code: &&u16| method::of_architecture(**code).is_none_or(answered);
    let mut architectures = message.architectures.iter().filter(may_boot);
    if message.vendor_class.starts_with(HTTP_CLASS) {
        architectures.find_map(|code| BootClient::over_http(*code))
    } else if message.vendor_class.starts_with(b"PXEClient") {
        architectures.find_map(|code| BootClient::over_tftp(*code))
    } else {
        None
    }
}

/// What a client is told to load from the rack at `server`, if its firmware is known to have Secure Boot on or off;
/// nothing on a BIOS, which has no IPv6.
pub(crate) fn told(
    client: BootClient,
    mac: MacAddress,
    server: Ipv6Addr,
    secure_boot: Option<bool>,
) -> Option<Told> {
    let told = |url| Some(Told { url, vendor_class: None });
    match client {
        BootClient::BiosPxe => None,
        BootClient::UefiPxe { cpu } => {
            told(format!("tftp://[{server}]/{}", cpu.first_program(secure_boot)))
        }
        BootClient::UefiHttp { cpu } => {
            let length = u16::try_from(HTTP_CLASS.len()).unwrap_or_default();
            let class = [&PXE_ENTERPRISE.to_be_bytes()[..], &length.to_be_bytes(), HTTP_CLASS];
            Some(Told {
                url: format!("http://[{server}]:{HTTP_PORT}/boot/{}", cpu.program()),
                vendor_class: Some(class.concat()),
            })
        }
        BootClient::Ipxe { uefi } => {
            let firmware = if uefi { "uefi" } else { "bios" };
            let mac = mac.to_string().replace(':', "-");
            told(format!("http://[{server}]:{HTTP_PORT}/boot.ipxe?mac={mac}&firmware={firmware}"))
        }
    }
}

/// The classes of a list with lengths of two bytes, up to the first that is cut off.
fn user_classes(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = list.split_first_chunk::<2>()?;
        let (class, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        list = rest;
        Some(class)
    })
}
