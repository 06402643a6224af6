//! Classless static routes (RFC 3442).

use std::net::{IpAddr, Ipv4Addr};

use model::dhcp::snippet::Scope;
use model::id::{StaticRouteId, SubnetId, VlanId};
use model::net::staticroute::StaticRoute;

use crate::bench::{Bench, Client, raw_option, sent, subnet};
use crate::snippets::put;

fn route(id: u32, destination: u32, gateway: u8, metric: u32) -> StaticRoute {
    StaticRoute {
        id: StaticRouteId(id),
        source: SubnetId(1),
        destination: SubnetId(destination),
        gateway_ip: IpAddr::from([10, 0, 0, gateway]),
        metric,
    }
}

/// Hosts of 10.0.0.0/24 reach 10.3.0.0/16 by 10.0.0.7, and 10.4.1.0/25 by 10.0.0.6.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.put_subnet(subnet(3, VlanId(3), "10.3.0.0/16", [10, 3, 0, 1]));
        view.put_subnet(subnet(4, VlanId(4), "10.4.1.0/25", [10, 4, 1, 1]));
        view.put_route(&route(1, 3, 7, 5));
        view.put_route(&route(2, 4, 6, 0));
    });
    bench
}

fn offer(bench: &mut Bench, list: &[u8]) -> Vec<u8> {
    sent(&bench.handle(&Client::new(1).with(55, list).discover()).unwrap()).2
}

const ROUTES: &[u8] = &[25, 10, 4, 1, 0, 10, 0, 0, 6, 16, 10, 3, 10, 0, 0, 7, 0, 10, 0, 0, 1];

/// RFC 3442.
#[test]
fn routes_are_told_by_metric_with_the_default_route_behind_them() {
    let mut bench = bench();
    let packet = offer(&mut bench, &[1, 121, 3, 6]);
    assert_eq!(raw_option(&packet, 121).unwrap().1, ROUTES);
    bench.engine.update(|view| {
        view.put_subnet(model::net::subnet::Subnet {
            gateway_ip: None,
            ..subnet(1, crate::bench::VLAN, "10.0.0.0/24", [10, 0, 0, 1])
        });
    });
    let packet = offer(&mut bench, &[1, 121, 3, 6]);
    assert_eq!(raw_option(&packet, 121).unwrap().1, &ROUTES[..16], "there is no default route");
}

/// RFC 3442, V4-22.
#[test]
fn routes_stand_before_routers_however_the_client_asks() {
    for list in [&[121, 3, 6][..], &[3, 121, 6], &[3, 6, 121], &[6, 3, 15, 121]] {
        let packet = offer(&mut bench(), list);
        let at = |code| raw_option(&packet, code).map(|(at, _)| at).unwrap();
        assert!(at(1) < at(121) && at(121) < at(3), "{list:?}");
    }
}

/// RFC 3442.
#[test]
fn who_does_not_ask_is_told_the_router_alone() {
    for list in [&[1, 3, 6][..], &[]] {
        let packet = offer(&mut bench(), list);
        assert_eq!(raw_option(&packet, 121), None, "{list:?}");
        assert_eq!(raw_option(&packet, 3).unwrap().1, [10, 0, 0, 1]);
    }
}

/// RFC 3442.
#[test]
fn old_windows_gets_them_under_its_own_code() {
    let packet = offer(&mut bench(), &[1, 3, 6, 249]);
    assert_eq!(raw_option(&packet, 249).unwrap().1, ROUTES);
    assert_eq!(raw_option(&packet, 121), None);
    let packet = offer(&mut bench(), &[1, 3, 121, 249]);
    assert_eq!(raw_option(&packet, 249).unwrap().1, raw_option(&packet, 121).unwrap().1);
}

/// RFC 3442.
#[test]
fn a_snippet_replaces_the_routes_and_its_router_is_the_default_route() {
    let mut bench = bench();
    put(&mut bench, 1, Scope::Subnet(SubnetId(1)), "option routers 10.0.0.8;");
    let packet = offer(&mut bench, &[121, 3]);
    assert_eq!(raw_option(&packet, 121).unwrap().1, [&ROUTES[..16], &[0, 10, 0, 0, 8]].concat());
    let text = "option rfc3442-classless-static-routes 8, 10, 10,0,0,9;";
    put(&mut bench, 2, Scope::Global, text);
    let packet = offer(&mut bench, &[121, 3]);
    assert_eq!(raw_option(&packet, 121).unwrap().1, [8, 10, 10, 0, 0, 9]);
}

/// RFC 3442.
#[test]
fn routes_of_other_subnets_and_families_and_to_nowhere_are_not_told() {
    let mut bench = bench();
    bench.engine.update(|view| {
        view.remove_route(StaticRouteId(1));
        view.put_route(&StaticRoute { source: SubnetId(3), ..route(2, 1, 1, 0) });
        view.put_route(&route(3, 99, 5, 0));
        let gateway_ip = "fd00::1".parse().unwrap();
        view.put_route(&StaticRoute { gateway_ip, ..route(4, 3, 0, 0) });
    });
    assert_eq!(raw_option(&offer(&mut bench, &[121, 3]), 121), None);
    bench.engine.update(|view| view.put_route(&route(3, 4, 5, 0)));
    let told = raw_option(&offer(&mut bench, &[121]), 121).map(|(_, value)| value.to_vec());
    let router = Ipv4Addr::new(10, 0, 0, 5).octets();
    assert_eq!(told.unwrap()[5..9], router);
}
