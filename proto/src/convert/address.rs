//! Network addresses as bytes in network order: 4 for IPv4, 16 for IPv6, 6 for a MAC.

use std::net::IpAddr;

use model::lease::client::ClientId;
use model::mac::MacAddress;

use super::error::ConvertError;
use super::unknown::Unknown;

/// The bytes of an address, in network order.
#[must_use]
pub fn ip_to_bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// The address with these bytes.
///
/// # Errors
/// [`ConvertError::Invalid`], naming `message` and `field`, unless there are 4 or 16 bytes.
pub fn ip_from_bytes(
    message: &'static str,
    field: &'static str,
    bytes: &[u8],
) -> Result<IpAddr, ConvertError> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Ok(IpAddr::from(octets));
    }
    <[u8; 16]>::try_from(bytes).map(IpAddr::from).map_err(|_| ConvertError::Invalid {
        message,
        field,
        reason: format!("{} bytes are not an IP address", bytes.len()),
    })
}

/// The length of a prefix; none of 0, which stands for an address alone.
///
/// # Errors
/// [`ConvertError::Invalid`], naming `message`, when no prefix is so long.
pub fn prefix_length_from_wire(
    message: &'static str,
    length: u32,
) -> Result<Option<u8>, ConvertError> {
    let read = u8::try_from(length).ok().filter(|length| *length <= 128);
    let read = read.ok_or_else(|| ConvertError::Invalid {
        message,
        field: "prefix_length",
        reason: format!("no prefix has a length of {length}"),
    })?;
    Ok(Some(read).filter(|length| *length > 0))
}

/// The bytes of a hardware address.
#[must_use]
pub fn mac_to_bytes(mac: MacAddress) -> Vec<u8> {
    mac.0.to_vec()
}

/// The hardware address with these bytes.
///
/// # Errors
/// [`ConvertError::Invalid`], naming `message` and `field`, unless there are 6 bytes.
pub fn mac_from_bytes(
    message: &'static str,
    field: &'static str,
    bytes: &[u8],
) -> Result<MacAddress, ConvertError> {
    <[u8; 6]>::try_from(bytes).map(MacAddress).map_err(|_| ConvertError::Invalid {
        message,
        field,
        reason: format!("{} bytes are not a hardware address", bytes.len()),
    })
}

/// A client as messages name it: its hardware address, or one that stands for its identifier, and
/// the identifier.
#[must_use]
pub fn client_to_bytes(client: &ClientId) -> (Vec<u8>, Vec<u8>) {
    match client {
        ClientId::Hardware(mac) => (mac_to_bytes(*mac), Vec::new()),
        ClientId::Identifier(identifier) => {
            (mac_to_bytes(stand_in(identifier)), identifier.to_vec())
        }
    }
}

/// The client that a message names.
///
/// # Errors
/// [`ConvertError::Invalid`], naming `message`, when there is no identifier and the hardware address
/// is not 6 bytes.
pub fn client_from_bytes(
    message: &'static str,
    mac: &[u8],
    identifier: &[u8],
) -> Result<ClientId, ConvertError> {
    if identifier.is_empty() {
        return mac_from_bytes(message, "mac", mac).map(ClientId::Hardware);
    }
    Ok(ClientId::Identifier(identifier.into()))
}

/// The hardware address of a client that is known by something else; none when there are no bytes.
///
/// # Errors
/// [`ConvertError::Invalid`], naming `message`, when there are neither 0 nor 6 bytes.
pub fn hardware_from_bytes(
    message: &'static str,
    bytes: &[u8],
) -> Result<Option<MacAddress>, ConvertError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    mac_from_bytes(message, "hardware", bytes).map(Some)
}

/// A locally administered address that depends on all of an identifier (FNV-1a): whoever knows
/// hardware addresses only must take two clients for two.
fn stand_in(identifier: &[u8]) -> MacAddress {
    let hash = identifier.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [_, _, bytes @ ..] = (hash ^ (hash >> 48)).to_be_bytes();
    let [first, rest @ ..] = bytes;
    let mut mac = MacAddress([first & 0xfc | 0x02; 6]);
    mac.0[1..].copy_from_slice(&rest);
    mac
}

/// The addresses of a form that is known.
pub(super) fn known_ips(
    message: &'static str,
    field: &'static str,
    addresses: &[Vec<u8>],
    unknown: &mut Vec<Unknown>,
) -> Vec<IpAddr> {
    let ip = |bytes: &Vec<u8>| known_ip(message, field, bytes, unknown);
    addresses.iter().filter_map(ip).collect()
}

/// The address, if it is of a form that is known.
pub(super) fn known_ip(
    message: &'static str,
    field: &'static str,
    bytes: &[u8],
    unknown: &mut Vec<Unknown>,
) -> Option<IpAddr> {
    let ip = ip_from_bytes(message, field, bytes);
    if ip.is_err() {
        unknown.push(Unknown::new(message, field, format_args!("{bytes:02x?}")));
    }
    ip.ok()
}
