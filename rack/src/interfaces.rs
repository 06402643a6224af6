//! The rack's own network interfaces, as it reports them to the region.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use model::controller::ControllerInterface;
use model::mac::MacAddress;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;

/// All interfaces that are not loopback, with their addresses.
///
/// # Errors
/// When the kernel does not tell.
pub fn own_interfaces() -> Result<Vec<ControllerInterface>, nix::Error> {
    let mut interfaces: BTreeMap<String, ControllerInterface> = BTreeMap::new();
    for address in getifaddrs()? {
        if address.flags.contains(InterfaceFlags::IFF_LOOPBACK) {
            continue;
        }
        let name = address.interface_name.clone();
        let interface = interfaces.entry(name.clone()).or_insert_with(|| ControllerInterface {
            name,
            mac: MacAddress([0; 6]),
            addresses: Vec::new(),
        });
        take_in(interface, &address);
    }
    Ok(interfaces.into_values().collect())
}

/// The names of the interfaces that packets can be sent on: up, with a carrier. Of one that just came up the kernel drops
/// what is sent without saying so.
///
/// # Errors
/// When the kernel does not tell.
pub(crate) fn running_interfaces() -> Result<BTreeSet<String>, nix::Error> {
    let running = getifaddrs()?.filter(|it| it.flags.contains(InterfaceFlags::IFF_RUNNING));
    Ok(running.map(|address| address.interface_name).collect())
}

fn take_in(interface: &mut ControllerInterface, reported: &InterfaceAddress) {
    let Some(storage) = &reported.address else { return };
    if let Some(mac) = storage.as_link_addr().and_then(|link| link.addr()) {
        interface.mac = MacAddress(mac);
    }
    let mask = reported.netmask.as_ref();
    let (address, mask) = if let Some(address) = storage.as_sockaddr_in() {
        let mask = mask.and_then(|mask| mask.as_sockaddr_in()).map(|mask| IpAddr::V4(mask.ip()));
        (IpAddr::V4(address.ip()), mask)
    } else if let Some(address) = storage.as_sockaddr_in6() {
        let mask = mask.and_then(|mask| mask.as_sockaddr_in6()).map(|mask| IpAddr::V6(mask.ip()));
        (IpAddr::V6(address.ip()), mask)
    } else {
        return;
    };
    let length = mask.and_then(|mask| ipnet::ip_mask_to_prefix(mask).ok());
    if let Some(Ok(network)) = length.map(|length| IpNet::new(address, length)) {
        interface.addresses.push(network);
    }
}

/// The host's name; `rack` when the kernel has none.
#[must_use]
pub fn own_hostname() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "rack".to_owned())
}
