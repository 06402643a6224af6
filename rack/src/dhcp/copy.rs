//! Keeps the engine's view equal to the rack's generation, object by object.
//!
//! Tables that a delta did not touch are shared between generations, and so are the objects of the
//! others; both are told by their pointers, so a delta costs what changed and a walk.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use dhcp::v4::view::{Host, HostInterface, PeerRack, View};
use model::controller::ServedRack;
use model::machine::served::ServedMachine;
use model::setting::typed::NTP_SERVERS;

use crate::generation::{Generation, Table};

/// Brings a view from one generation to the next.
pub(crate) fn update(view: &mut View, old: &Generation, new: &Generation) {
    diff(&old.vlans, &new.vlans, |id, vlan| match vlan {
        Some(vlan) => view.put_vlan(vlan.clone()),
        None => view.remove_vlan(*id),
    });
    diff(&old.subnets, &new.subnets, |id, subnet| match subnet {
        Some(subnet) => view.put_subnet(subnet.clone()),
        None => view.remove_subnet(*id),
    });
    diff(&old.reserved, &new.reserved, |ip, reserved| match reserved {
        Some(reserved) => view.put_reserved(*ip, reserved.mac),
        None => view.remove_reserved(*ip),
    });
    diff(&old.racks, &new.racks, |id, rack| match rack {
        Some(rack) => view.put_rack(id.clone(), peer(rack)),
        None => view.remove_rack(id),
    });
    diff(&old.machines, &new.machines, |id, machine| match machine {
        Some(machine) => view.put_host(id, host(machine)),
        None => view.remove_host(id),
    });
    diff(&old.blocks, &new.blocks, |id, block| match block {
        Some(block) => view.put_block(block.clone()),
        None => view.remove_block(*id),
    });
    diff(&old.bindings, &new.bindings, |ip, binding| match binding {
        Some(binding) => view.put_binding(binding.clone()),
        None => view.remove_binding(*ip),
    });
    let default = new.domains.values().find(|domain| domain.is_default);
    view.domain = default.map(|domain| domain.name.clone());
    if !Arc::ptr_eq(&old.settings, &new.settings) {
        view.ntp_servers = time_servers(new);
    }
    view.revision = new.revision;
}

/// The time servers that DHCP can tell: option 42 has no room for names.
fn time_servers(generation: &Generation) -> Vec<Ipv4Addr> {
    let servers = generation.setting(&NTP_SERVERS);
    servers.iter().filter_map(|server| server.parse().ok()).collect()
}

/// Tells of every object that is new, changed or gone.
fn diff<K: Ord, V>(old: &Table<K, V>, new: &Table<K, V>, mut tell: impl FnMut(&K, Option<&V>)) {
    if Arc::ptr_eq(old, new) {
        return;
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        tell(key, None);
    }
    for (key, value) in new.iter() {
        if old.get(key).is_none_or(|before| !Arc::ptr_eq(before, value)) {
            tell(key, Some(value));
        }
    }
}

fn peer(rack: &ServedRack) -> PeerRack {
    let addresses = rack.interfaces.iter().flat_map(|own| own.addresses.iter().copied());
    PeerRack { connected: rack.connected, addresses: addresses.collect() }
}

fn host(machine: &ServedMachine) -> Host {
    let interfaces = machine.interfaces.iter().map(|interface| HostInterface {
        mac: interface.mac,
        vlan: interface.vlan,
        addresses: interface.addresses.iter().filter_map(|ip| v4(*ip)).collect(),
    });
    Host { hostname: machine.hostname.clone(), interfaces: interfaces.collect() }
}

fn v4(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use model::id::SystemId;
    use model::setting::Setting;
    use proto::convert::{Key, Served};

    use super::*;

    #[test]
    fn a_view_follows_its_generation() {
        let rack = |connected| {
            Served::Rack(ServedRack {
                system_id: SystemId::from_number(1),
                hostname: "r".to_owned(),
                interfaces: Vec::new(),
                connected,
            })
        };
        let mut view = View::default();
        let mut generation = Generation::default();
        for (change, revision) in [(Some(true), 3), (Some(false), 4), (None, 5)] {
            let before = generation.clone();
            match change {
                Some(connected) => generation.put(rack(connected)),
                None => generation.delete(&Key::Rack(SystemId::from_number(1))),
            }
            generation.revision = revision;
            update(&mut view, &before, &generation);
            let mut want = View::default();
            want.revision = revision;
            if let Some(connected) = change {
                let peer = PeerRack { connected, addresses: Vec::new() };
                want.put_rack(SystemId::from_number(1), peer);
            }
            assert_eq!(view, want);
        }
    }

    #[test]
    fn addresses_of_time_servers_are_told_and_names_are_not() {
        let mut view = View::default();
        let mut generation = Generation::default();
        let before = generation.clone();
        let value = "ntp.example.com 10.0.0.1 fd00::1".into();
        generation.put(Served::Setting(Setting { name: "ntp_servers".to_owned(), value }));
        update(&mut view, &before, &generation);
        assert_eq!(view.ntp_servers, [Ipv4Addr::new(10, 0, 0, 1)]);
    }
}
