//! Who has which address of a subnet.

use api::subnets::{NodeSummary, UsedAddress};
use model::dns::domain::Domain;
use model::lease::binding::{Binding, BindingState};
use model::machine::Machine;
use model::machine::interface::LinkMode;
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use model::time::Timestamp;
use model::user::User;

use crate::site::dates;
use tables::error::TableError;
use tables::network::RESERVED_OF_SUBNET;
use tables::read::Reads;
use tables::views::machines::MachineKey;

/// MAAS's number for a machine.
const MACHINE: u8 = 0;
/// MAAS's number for a device.
const DEVICE: u8 = 1;
/// MAAS's number for an address that IPAM assigned.
const AUTO: u8 = 0;
/// MAAS's number for a fixed address.
const STICKY: u8 = 1;
/// MAAS's number for an address that a user reserved.
const USER_RESERVED: u8 = 4;
/// MAAS's number for an address that a client has by DHCP.
const DISCOVERED: u8 = 6;

/// The addresses of a subnet that machines, devices, users or DHCP clients have, in order.
///
/// # Errors
/// [`TableError`].
pub fn used(at: &impl Reads, subnet: &Subnet) -> Result<Vec<UsedAddress>, TableError> {
    let mut used = Vec::new();
    let key = [MachineKey::Subnet(subnet.id)];
    let machines = at.state().all_machines().with(&key).into_iter();
    let machines = machines.map(|found| (MACHINE, &**found));
    let devices = at.state().devices().with(&key).into_iter();
    let devices = devices.map(|found| (DEVICE, &**found));
    for (node_type, machine) in machines.chain(devices) {
        for interface in &machine.interfaces {
            for link in &interface.links {
                let Some(ip) = link.ip_address.filter(|ip| subnet.cidr.contains(ip)) else {
                    continue;
                };
                let kind = if link.mode == LinkMode::Auto { AUTO } else { STICKY };
                let summary = summary(at, (node_type, machine), &interface.name)?;
                used.push(entry(ip, kind, machine.updated, None, Some(summary)));
            }
        }
    }
    let mut reserved = at.list_by(&RESERVED_OF_SUBNET, &subnet.id)?;
    // Those of clients are no user's.
    reserved.retain(|reserved| reserved.reserved_ip.is_none());
    for reserved in reserved {
        let user = at.get::<User>(&reserved.user)?.map(|user| user.username);
        used.push(entry(reserved.ip, USER_RESERVED, reserved.created, user, None));
    }
    // A binding keeps the id of a subnet that may have been deleted and made again.
    let addresses = AddressRange::of(subnet.cidr);
    for ip in at.state().bound_within(addresses.first(), addresses.last()) {
        let binding = at.get::<Binding>(&ip)?;
        let Some(binding) = binding.filter(|it| it.state == BindingState::Active) else {
            continue;
        };
        let mac = binding.mac();
        let key = mac.map(MachineKey::Mac);
        let machines = at.state().all_machines().with(&key).into_iter();
        let devices = at.state().devices().with(&key).into_iter();
        let owners = machines.map(|found| (MACHINE, &**found));
        let mut owners =
            owners.chain(devices.map(|found| (DEVICE, &**found))).filter_map(|owner| {
                let mut interfaces = owner.1.interfaces.iter();
                interfaces.find(|interface| Some(interface.mac) == mac).map(|found| (owner, found))
            });
        let summary = match owners.next() {
            Some((owner, interface)) => Some(summary(at, owner, &interface.name)?),
            None => None,
        };
        used.push(entry(binding.ip, DISCOVERED, told_at(&binding), None, summary));
    }
    used.sort_by_key(|address| (address.ip, address.alloc_type));
    used.dedup_by_key(|address| address.ip);
    Ok(used)
}

/// When a client was told last that it may use its address.
fn told_at(binding: &Binding) -> Timestamp {
    let Binding { told_until, promise_until, .. } = binding;
    if binding.is_registered() {
        // The promise ended when it was registered.
        return *told_until.min(promise_until);
    }
    // What is promised beyond what was told is as long as that, and no longer than the policy's.
    told_until.minus_ms(promise_until.since_ms(*told_until))
}

fn entry(
    ip: std::net::IpAddr,
    alloc_type: u8,
    at: Timestamp,
    user: Option<String>,
    node_summary: Option<NodeSummary>,
) -> UsedAddress {
    let date = dates::maas_date(at);
    UsedAddress { ip, alloc_type, created: date.clone(), updated: date, user, node_summary }
}

fn summary(
    at: &impl Reads,
    (node_type, machine): (u8, &Machine),
    via: &str,
) -> Result<NodeSummary, TableError> {
    let domain = at.get::<Domain>(&machine.placement.domain)?;
    let domain = domain.map(|domain| format!(".{}", domain.name)).unwrap_or_default();
    Ok(NodeSummary {
        system_id: machine.system_id.to_string(),
        hostname: machine.hostname.clone(),
        fqdn: format!("{}{domain}", machine.hostname),
        node_type,
        is_container: false,
        via: via.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use model::id::{SubnetId, SystemId, VlanId};
    use model::mac::MacAddress;

    use super::*;

    #[test]
    fn a_lease_was_told_before_its_end() {
        let told = |told_until, promise_until| {
            told_at(&Binding {
                ip: [10, 0, 0, 100].into(),
                subnet: SubnetId(1),
                vlan: VlanId(1),
                client: MacAddress([2, 0, 0, 0, 0, 1]).into(),
                hardware: None,
                prefix_length: None,
                state: BindingState::Active,
                hostname: None,
                told_until: Timestamp::from_unix_ms(told_until),
                promise_until: Timestamp::from_unix_ms(promise_until),
                rack: SystemId::from_number(1),
            })
        };
        assert_eq!(told(1_000_000, 1_600_000).unix_ms, 400_000);
        assert_eq!(told(520_000, 640_000).unix_ms, 400_000, "a short lease");
    }
}
