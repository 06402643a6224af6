//! Network addresses as bytes in network order: 4 for IPv4, 16 for IPv6, 6 for a MAC.

use std::net::IpAddr;

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
