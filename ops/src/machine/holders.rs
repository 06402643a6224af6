//! Who has a host name, a hardware address or an address: a machine or a device, because no two nodes have the
//! same.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::controller::RackController;
use model::device::Device;
use model::dns::domain::Domain;
use model::id::{DomainId, SystemId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::interface::Interface;
use tables::devices::{DEVICE_BY_ADDRESS, DEVICE_BY_HOSTNAME, DEVICE_BY_MAC};
use tables::error::TableError;
use tables::machines::{MACHINE_BY_ADDRESS, MACHINE_BY_HOSTNAME, MACHINE_BY_MAC};
use tables::read::{Reads, View};
use tables::views::machines::MachineKey;

/// A node that has a hardware address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its name.
    pub(crate) hostname: String,
    /// The name of the interface.
    pub(crate) interface: String,
}

impl Holder {
    fn of(hostname: String, interfaces: Vec<Interface>, mac: MacAddress) -> Self {
        let found = interfaces.into_iter().find(|interface| interface.mac == mac);
        Self { hostname, interface: found.map(|found| found.name).unwrap_or_default() }
    }
}

/// Who has a hardware address.
pub(crate) fn of_mac(at: &impl Reads, mac: MacAddress) -> Result<Option<Holder>, TableError> {
    if let Some(machine) = at.find(&MACHINE_BY_MAC, &mac)? {
        return Ok(Some(Holder::of(machine.hostname, machine.interfaces, mac)));
    }
    let device = at.find(&DEVICE_BY_MAC, &mac)?;
    Ok(device.map(|device| Holder::of(device.hostname, device.interfaces, mac)))
}

/// The hardware addresses that nodes of the site have.
pub(crate) struct KnownMacs<'a> {
    view: &'a View,
    racks: BTreeSet<MacAddress>,
}

impl<'a> KnownMacs<'a> {
    /// Those of the nodes of a view. Racks are few and read at once; machines and devices are asked for when it
    /// matters.
    pub(crate) fn of(view: &'a View) -> Result<Self, TableError> {
        let racks = view.list::<RackController>()?;
        let interfaces = racks.iter().flat_map(|rack| &rack.interfaces);
        Ok(Self { view, racks: interfaces.map(|interface| interface.mac).collect() })
    }

    /// Whether an interface of a rack has it.
    pub(crate) fn is_a_racks(&self, mac: MacAddress) -> bool {
        self.racks.contains(&mac)
    }

    /// Whether an interface of a machine, a device or a rack has it.
    pub(crate) fn has(&self, mac: MacAddress) -> bool {
        let key = [MachineKey::Mac(mac)];
        let state = self.view.state();
        let (machines, devices) = (state.all_machines().with(&key), state.devices().with(&key));
        self.is_a_racks(mac) || machines.into_iter().chain(devices).next().is_some()
    }
}

/// A node that has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddressHolder {
    /// Its name.
    pub(crate) hostname: String,
    /// All of its interfaces.
    interfaces: Vec<Interface>,
}

impl AddressHolder {
    /// Whether its interface with this hardware address has the address.
    pub(crate) fn has(&self, ip: IpAddr, mac: MacAddress) -> bool {
        let mut own = self.interfaces.iter().filter(|interface| interface.mac == mac);
        own.any(|interface| interface.links.iter().any(|link| link.ip_address == Some(ip)))
    }
}

/// Who has an address on a link of an interface.
pub(crate) fn of_address(at: &impl Reads, ip: IpAddr) -> Result<Option<AddressHolder>, TableError> {
    if let Some(Machine { hostname, interfaces, .. }) = at.find(&MACHINE_BY_ADDRESS, &ip)? {
        return Ok(Some(AddressHolder { hostname, interfaces }));
    }
    let device = at.find(&DEVICE_BY_ADDRESS, &ip)?;
    Ok(device.map(|Device { hostname, interfaces, .. }| AddressHolder { hostname, interfaces }))
}

/// Who has a host name.
pub(crate) fn of_hostname(at: &impl Reads, hostname: &str) -> Result<Option<SystemId>, TableError> {
    let hostname = hostname.to_lowercase();
    if let Some(machine) = at.find(&MACHINE_BY_HOSTNAME, &hostname)? {
        return Ok(Some(machine.system_id));
    }
    Ok(at.find(&DEVICE_BY_HOSTNAME, &hostname)?.map(|device| device.system_id))
}

/// The machine or device that a request names: by id, by host name, or by that with the domain behind it.
pub(crate) fn named(at: &impl Reads, text: &str) -> Result<Option<SystemId>, TableError> {
    if let Some(machine) = machine(at, text)? {
        return Ok(Some(machine.system_id));
    }
    let by_id = text.parse::<SystemId>().ok().map(|id| at.get::<Device>(&id)).transpose()?;
    if let Some(device) = by_id.flatten() {
        return Ok(Some(device.system_id));
    }
    let (hostname, domain) = parted(text);
    let device = at.find(&DEVICE_BY_HOSTNAME, &hostname)?;
    let Some(device) = device else { return Ok(None) };
    Ok(is_in(at, device.domain, domain)?.then_some(device.system_id))
}

/// The machine that a request names, in the same ways.
pub(crate) fn machine(at: &impl Reads, text: &str) -> Result<Option<Machine>, TableError> {
    let by_id = text.parse::<SystemId>().ok().map(|id| at.get::<Machine>(&id)).transpose()?;
    if let Some(machine) = by_id.flatten() {
        return Ok(Some(machine));
    }
    let (hostname, domain) = parted(text);
    let Some(machine) = at.find(&MACHINE_BY_HOSTNAME, &hostname)? else { return Ok(None) };
    Ok(is_in(at, machine.placement.domain, domain)?.then_some(machine))
}

/// A host name, and the domain that stands behind it.
fn parted(text: &str) -> (String, Option<&str>) {
    let (hostname, domain) =
        text.split_once('.').map_or((text, None), |(hostname, domain)| (hostname, Some(domain)));
    (hostname.to_lowercase(), domain)
}

fn is_in(at: &impl Reads, domain: DomainId, named: Option<&str>) -> Result<bool, TableError> {
    let Some(named) = named else { return Ok(true) };
    let known = at.get::<Domain>(&domain)?;
    Ok(known.is_some_and(|known| known.name.eq_ignore_ascii_case(named)))
}
