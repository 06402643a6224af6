//! Network addresses as bytes in network order: 4 for IPv4, 16 for IPv6, 6 for a MAC.

use std::net::IpAddr;

use model::mac::MacAddress;

use super::error::ConvertError;

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

pub(super) fn ips_from_bytes(
    message: &'static str,
    field: &'static str,
    addresses: &[Vec<u8>],
) -> Result<Vec<IpAddr>, ConvertError> {
    addresses.iter().map(|bytes| ip_from_bytes(message, field, bytes)).collect()
}
