//! Addresses that somebody uses without having been given them, over the wire. Needs root.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::mpsc;
use std::time::Duration;

use dhcp::v4::probes::{Conflict, Finding};
use model::id::{BlockId, IpRangeId, SubnetId, SystemId, VlanId};
use model::mac::MacAddress;
use proto::convert::Served;
use rack::dhcp::news::News;
use rack::generation::Generation;
use tokio_util::sync::CancellationToken;

use crate::dhcp_sockets::{
    CLIENT_MAC, Network, SERVER, client_sockets, enter, exchange, generation, ip, packet, serve,
};

const SQUATTER: MacAddress = MacAddress([0x52, 0x54, 0, 0x77, 0, 0x99]);

/// Serves while a client does something.
pub(crate) fn while_served(
    network: &Network,
    served: Generation,
    client: impl FnOnce(&mpsc::Receiver<News>) + Send,
) {
    let shutdown = CancellationToken::new();
    let (news, heard) = mpsc::channel();
    std::thread::scope(|scope| {
        let stop = shutdown.clone();
        let server = scope.spawn(|| serve(&network.server, served, news, stop));
        let outcome = scope.spawn(move || {
            enter(&network.client);
            client(&heard);
        });
        let outcome = outcome.join();
        shutdown.cancel();
        server.join().unwrap();
        outcome.unwrap();
    });
}

/// The next address that the rack found in use, and by whom.
fn next(news: &mpsc::Receiver<News>) -> (Ipv4Addr, Option<MacAddress>) {
    loop {
        match news.recv_timeout(Duration::from_secs(120)).unwrap() {
            News::Conflict(Finding::InUse(Conflict { ip, by, .. })) => return (ip, by),
            News::Conflict(Finding::AnswersForMany(conflict)) => panic!("{conflict:?}"),
            News::Exchange(_)
            | News::DeclinedReservation(_)
            | News::HeardTwice(_)
            | News::ExternalDhcp(_)
            | News::ExternalDhcpV6(_) => {}
        }
    }
}

/// C-08.
#[test]
fn an_address_that_a_host_uses_without_a_lease_is_not_given() {
    let network = Network::new("b");
    ip(&format!("-n {} link set c0 address {SQUATTER}", network.client));
    for last in [100, 101, 103] {
        ip(&format!("-n {} address add 10.77.0.{last}/24 dev c0", network.client));
    }
    while_served(&network, generation(&SystemId::from_number(1)), |found| {
        let mut squatted: Vec<_> = (0..3).map(|_| next(found)).collect();
        squatted.sort_unstable();
        let expected = [100, 101, 103].map(|last| (Ipv4Addr::new(10, 77, 0, last), Some(SQUATTER)));
        assert_eq!(squatted, expected);
        let (mut frames, socket) = client_sockets();
        let discover = packet(1, true, &[(50, [10, 77, 0, 101])]);
        let free = Ipv4Addr::new(10, 77, 0, 102);
        assert_eq!(exchange(&socket, &mut frames, &discover, 2).1, free);
        let used = packet(3, true, &[(54, SERVER.octets()), (50, [10, 77, 0, 101])]);
        exchange(&socket, &mut frames, &used, 6);
        let request = packet(3, true, &[(54, SERVER.octets()), (50, free.octets())]);
        assert_eq!(exchange(&socket, &mut frames, &request, 5).1, free);
    });
}

/// VLAN 2 behind a relay, with 10.78.0.100 and 101 for clients.
fn with_relayed_link(rack: &SystemId) -> Generation {
    let mut generation = generation(rack);
    let vlan = generation.vlans.get(&VlanId(1)).unwrap().as_ref().clone();
    let subnet = generation.subnets.get(&SubnetId(1)).unwrap().as_ref().clone();
    let block = generation.blocks.get(&BlockId(1)).unwrap().as_ref().clone();
    generation.put(Served::Vlan(model::net::vlan::Vlan {
        id: VlanId(2),
        dhcp_on: false,
        primary_rack: None,
        relay_vlan: Some(VlanId(1)),
        ..vlan
    }));
    generation.put(Served::Subnet(model::net::subnet::Subnet {
        id: SubnetId(2),
        vlan: VlanId(2),
        cidr: "10.78.0.0/24".parse().unwrap(),
        ..subnet
    }));
    generation.put(Served::Block(model::lease::block::Block {
        id: BlockId(2),
        iprange: IpRangeId(2),
        prefix_length: None,
        subnet: SubnetId(2),
        vlan: VlanId(2),
        first: IpAddr::from([10, 78, 0, 100]),
        last: IpAddr::from([10, 78, 0, 101]),
        ..block
    }));
    generation
}

/// C-08.
#[test]
fn an_address_in_use_behind_a_relay_is_found_by_its_echo() {
    let network = Network::new("c");
    let (server, relay) = (&network.server, &network.client);
    ip(&format!("-n {relay} link set lo up"));
    ip(&format!("-n {relay} address add 10.77.0.1/24 dev c0"));
    ip(&format!("-n {relay} address add 10.78.0.1/32 dev lo"));
    ip(&format!("-n {relay} address add 10.78.0.100/32 dev lo"));
    ip(&format!("-n {server} route add 10.78.0.0/24 via 10.77.0.1"));
    while_served(&network, with_relayed_link(&SystemId::from_number(1)), |found| {
        assert_eq!(next(found), (Ipv4Addr::new(10, 78, 0, 100), None));
        let socket = UdpSocket::bind("10.78.0.1:67").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let mut discover = packet(1, false, &[(50, [10, 78, 0, 100])]);
        discover[24..28].copy_from_slice(&[10, 78, 0, 1]);
        discover[33] = CLIENT_MAC[5] + 1;
        socket.send_to(&discover, (SERVER, 67)).unwrap();
        let mut reply = [0; 1_500];
        socket.recv(&mut reply).unwrap();
        assert_eq!(reply[16..20], [10, 78, 0, 101], "yiaddr");
    });
}
