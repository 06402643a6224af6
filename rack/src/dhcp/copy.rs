//! Keeps the engine's view equal to the rack's generation, object by object.

use dhcp::leases::family::Family;
use dhcp::leases::served::{dynamic_span, time_servers};
use dhcp::leases::view::View;
use model::setting::typed::{DHCP_LEAVES_OUT_0_AND_255, NTP_EXTERNAL_ONLY, NTP_SERVERS};
use proto::convert::Key;

use crate::generation::{Generation, Step};

/// Brings a view to the generation that a step reaches.
pub fn update<A: Family>(view: &mut View<A>, step: &Step) {
    let generation = &step.generation;
    // Of a setting that has its default there is no object that changes.
    view.racks_serve_time = !generation.setting(&NTP_EXTERNAL_ONLY);
    for key in step.changed() {
        copy(view, generation, key);
        if matches!(key, Key::Setting(_)) {
            view.ntp_servers = time_servers(&generation.setting(&NTP_SERVERS));
            view.set_leaves_out_ends(generation.setting(&DHCP_LEAVES_OUT_0_AND_255));
        }
        if matches!(key, Key::Domain(_)) {
            let default = generation.domains.values().find(|domain| domain.is_default);
            view.domain = default.map(|domain| domain.name.clone());
        }
    }
    view.revision = generation.revision;
}

fn copy<A: Family>(view: &mut View<A>, generation: &Generation, key: &Key) {
    match key {
        Key::Vlan(id) => match generation.vlans.get(id) {
            Some(vlan) => view.put_vlan(vlan.as_ref().clone()),
            None => view.remove_vlan(*id),
        },
        Key::ServiceHolder(vlan) => match generation.service_holders.get(vlan) {
            Some(holder) => view.put_service_holder(holder),
            None => view.remove_service_holder(*vlan),
        },
        Key::Subnet(id) => match generation.subnets.get(id) {
            Some(subnet) => view.put_subnet(subnet.as_ref().clone()),
            None => view.remove_subnet(*id),
        },
        Key::Reserved(ip) => match generation.reserved.get(ip) {
            Some(reserved) => view.put_reserved(*ip, reserved.mac),
            None => view.remove_reserved(*ip),
        },
        Key::Rack(id) => match generation.racks.get(id) {
            Some(rack) => view.put_rack(id.clone(), rack.as_ref().into()),
            None => view.remove_rack(id),
        },
        Key::Machine(id) => match generation.machines.get(id) {
            Some(machine) => view.put_host(id, machine.as_ref().into()),
            None => view.remove_host(id),
        },
        Key::Block(id) => match generation.blocks.get(id) {
            Some(block) => view.put_block(block.as_ref().clone()),
            None => view.remove_block(*id),
        },
        Key::Binding(ip) => match generation.bindings.get(ip) {
            Some(binding) => view.put_binding(binding.as_ref().clone()),
            None => view.remove_binding(*ip),
        },
        Key::IpRange(id) => {
            let span = generation.ipranges.get(id).and_then(|range| dynamic_span(range));
            view.put_range(*id, span);
        }
        Key::PrefixPool(id) => match generation.prefix_pools.get(id) {
            Some(pool) => view.put_pool(pool),
            None => view.remove_pool(*id),
        },
        Key::DhcpSnippet(id) => match generation.dhcp_snippets.get(id) {
            Some(snippet) => view.put_snippet(snippet.as_ref().clone()),
            None => view.remove_snippet(*id),
        },
        Key::StaticRoute(id) => match generation.static_routes.get(id) {
            Some(route) => view.put_route(route),
            None => view.remove_route(*id),
        },
        Key::Domain(_)
        | Key::DnsResource(_)
        | Key::PowerJob(_)
        | Key::Setting(_)
        | Key::BootFiles(_)
        | Key::Region(_)
        | Key::Tag(_)
        | Key::NetworkScan(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use dhcp::v4::view::{PeerRack, View};
    use model::controller::ServedRack;
    use model::dhcp::program::{Program, Statement};
    use model::dhcp::snippet::{Scope, ServedSnippet};
    use model::id::{DhcpSnippetId, PrefixPoolId, StaticRouteId, SubnetId, SystemId, VlanId};
    use model::lease::binding::{Binding, BindingState};
    use model::lease::client::ClientId;
    use model::net::prefix::Prefix;
    use model::net::prefixpool::PrefixPool;
    use model::net::staticroute::StaticRoute;
    use model::net::subnet::Subnet;
    use model::setting::Setting;
    use model::time::Timestamp;
    use proto::convert::Served;

    use super::*;
    use crate::generation::Generations;

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
        let generations = Generations::default();
        let mut follower = generations.follow();
        for (change, revision) in [(Some(true), 3), (Some(false), 4), (None, 5)] {
            let mut generation = Generation::clone(&generations.load());
            match change {
                Some(connected) => generation.put(rack(connected)),
                None => generation.delete(&Key::Rack(SystemId::from_number(1))),
            };
            generation.revision = revision;
            generations.publish(generation);
            update(&mut view, &follower.step());
            let mut want = View::default();
            want.revision = revision;
            want.racks_serve_time = true;
            if let Some(connected) = change {
                let peer = PeerRack { connected, addresses: Vec::new() };
                want.put_rack(SystemId::from_number(1), peer);
            }
            assert_eq!(view, want);
        }
    }

    #[test]
    fn snippets_and_routes_come_and_go() {
        let snippet = ServedSnippet {
            id: DhcpSnippetId(1),
            scope: Scope::Global,
            program: Program {
                statements: vec![Statement::NextServer(Ipv4Addr::new(10, 0, 0, 9))],
                classes: Vec::new(),
            },
        };
        let route = StaticRoute {
            id: StaticRouteId(1),
            source: SubnetId(1),
            destination: SubnetId(2),
            gateway_ip: IpAddr::from([10, 0, 0, 7]),
            metric: 0,
        };
        let generations = Generations::default();
        let mut follower = generations.follow();
        let mut view = View::default();
        let (mut with, mut without) = (View::default(), View::default());
        (with.revision, without.revision) = (1, 2);
        (with.racks_serve_time, without.racks_serve_time) = (true, true);
        with.put_snippet(snippet.clone());
        with.put_route(&route);
        let mut generation = Generation::default();
        generation.put(Served::DhcpSnippet(snippet));
        generation.put(Served::StaticRoute(route));
        generation.revision = 1;
        generations.publish(generation.clone());
        update(&mut view, &follower.step());
        assert_eq!(view, with);
        generation.delete(&Key::DhcpSnippet(DhcpSnippetId(1)));
        generation.delete(&Key::StaticRoute(StaticRouteId(1)));
        generation.revision = 2;
        generations.publish(generation);
        update(&mut view, &follower.step());
        assert_eq!(view, without);
    }

    #[test]
    fn addresses_of_time_servers_are_told_and_names_are_not() {
        let mut view = View::default();
        let generations = Generations::default();
        let mut follower = generations.follow();
        let mut generation = Generation::default();
        let value = "ntp.example.com 10.0.0.1 fd00::1".into();
        generation.put(Served::Setting(Setting { name: "ntp_servers".to_owned(), value }));
        generation.revision = 1;
        generations.publish(generation);
        update(&mut view, &follower.step());
        assert_eq!(view.ntp_servers, [Ipv4Addr::new(10, 0, 0, 1)]);
    }

    #[test]
    fn racks_serve_time_until_it_is_said_that_they_do_not() {
        let mut view = View::default();
        let generations = Generations::default();
        let mut follower = generations.follow();
        let mut generation = Generation { revision: 1, ..Generation::default() };
        generations.publish(generation.clone());
        update(&mut view, &follower.step());
        assert!(view.racks_serve_time);
        let name = "ntp_external_only".to_owned();
        generation.put(Served::Setting(Setting { name, value: true.into() }));
        generations.publish(generation);
        update(&mut view, &follower.step());
        assert!(!view.racks_serve_time);
    }

    #[test]
    fn pools_of_prefixes_and_what_is_delegated_are_none_of_addresses() {
        let generations = Generations::default();
        let (mut of_prefixes, mut of_addresses) = (generations.follow(), generations.follow());
        let (mut prefixes, mut addresses) = (
            dhcp::leases::view::View::<Prefix>::default(),
            dhcp::leases::view::View::<Ipv6Addr>::default(),
        );
        let mut generation = Generation { revision: 1, ..Generation::default() };
        let (pool, binding) = (pool(), delegated());
        let (prefix, ip) = (binding.prefix().expect("a prefix"), binding.ip);
        generation.put(Served::Subnet(Subnet::new(
            SubnetId(1),
            VlanId(1),
            "fd00:1::/64".parse().expect("a prefix"),
        )));
        generation.put(Served::PrefixPool(pool.clone()));
        generation.put(Served::Binding(binding));
        generations.publish(generation.clone());
        update(&mut prefixes, &of_prefixes.step());
        update(&mut addresses, &of_addresses.step());
        assert_eq!(prefixes.subnet_of(prefix).map(|(_, subnet)| subnet.id), Some(SubnetId(1)));
        assert!(prefixes.binding(prefix).is_some() && prefixes.pools_on(VlanId(1)).count() == 1);
        assert_eq!(addresses.binding(prefix.network()), None);
        assert_eq!(addresses.pools_on(VlanId(1)).count(), 0);
        generation.delete(&Key::PrefixPool(pool.id));
        generation.delete(&Key::Binding(ip));
        generation.revision = 2;
        generations.publish(generation);
        update(&mut prefixes, &of_prefixes.step());
        assert_eq!(prefixes.subnet_of(prefix), None);
        assert_eq!(prefixes.binding(prefix), None);
    }

    fn pool() -> PrefixPool {
        PrefixPool {
            id: PrefixPoolId(1),
            prefix: "fd00:a::/40".parse().expect("a prefix"),
            delegated_length: 56,
            subnet: SubnetId(1),
            comment: String::new(),
        }
    }

    fn delegated() -> Binding {
        Binding {
            ip: "fd00:a:0:100::".parse().expect("an address"),
            subnet: SubnetId(1),
            vlan: VlanId(1),
            client: ClientId::Identifier([254, 0, 0, 0, 1].into()),
            hardware: None,
            prefix_length: Some(56),
            state: BindingState::Active,
            hostname: None,
            told_until: Timestamp::default(),
            promise_until: Timestamp::default(),
            rack: SystemId::from_number(1),
        }
    }
}
