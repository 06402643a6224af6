//! Hosts on a rack's link, from their ARP messages to what the region is told. Needs root.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, UdpSocket};

use model::id::{SubnetId, SystemId, VlanId};
use model::net::scan::NetworkScan;
use model::net::subnet::Subnet;
use model::setting::Setting;
use model::time::Timestamp;
use proto::convert::Served;
use proto::rack::Neighbour;
use rack::discovery::metrics::DiscoveryMetrics;
use rack::discovery::service::Discovery;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::dhcp_sockets::{CLIENT_MAC, Network, enter, ip};
use crate::fake_region::{FakeRegion, vlan};
use crate::rack::{TestRack, wait_for};

const QUIET: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 9);
const LOUD: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 200);

fn neighbour(ip: Ipv4Addr) -> Neighbour {
    let (ip, mac) = (ip.octets().to_vec(), CLIENT_MAC.to_vec());
    Neighbour { vlan: 1, ip, mac, interface: "s0".to_owned() }
}

/// The addresses that the region was told of, and the searches that ended.
fn told(region: &FakeRegion) -> (BTreeSet<Vec<u8>>, BTreeSet<u64>) {
    let reports = region.neighbours();
    let hosts = reports.iter().flat_map(|report| &report.neighbours);
    let searches = reports.iter().map(|report| report.finished_scan).filter(|id| *id != 0);
    (hosts.map(|host| host.ip.clone()).collect(), searches.collect())
}

fn set(region: &FakeRegion, revision: u64, value: &str) {
    let name = "network_discovery".to_owned();
    region.push(revision, &Served::Setting(Setting { name, value: value.into() }));
}

/// Whether this namespace has a socket that hears ARP.
fn hears_arp() -> bool {
    let sockets = std::fs::read_to_string("/proc/thread-self/net/packet").unwrap();
    sockets.lines().skip(1).any(|line| line.split_whitespace().nth(3) == Some("0806"))
}

async fn follow(network: &Network) {
    let cidr = "10.77.0.0/24".parse().unwrap();
    let subnet = Subnet::new(SubnetId(1), VlanId(1), cidr);
    let region = FakeRegion::start(1, vec![vlan(1), Served::Subnet(subnet)]);
    let rack = TestRack::start(&[&region]);
    let own = SystemId::from_number(1);
    let metrics = DiscoveryMetrics::default();
    let (generations, uplink) = (rack.generations.clone(), rack.uplink.clone());
    let discovery = Discovery::new(own.clone(), generations, uplink, metrics.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(discovery.run(CancellationToken::new()));

    // A host asks for one address after another, and so says which is its own.
    let loud = std::thread::scope(|scope| {
        let bind = || {
            enter(&network.client);
            UdpSocket::bind((LOUD, 0)).unwrap()
        };
        scope.spawn(bind).join().unwrap()
    });
    let next = Cell::new(100);
    let is_told = || {
        next.set(next.get() % 150 + 1);
        loud.send_to(b"?", (Ipv4Addr::new(10, 77, 0, next.get()), 9)).unwrap();
        region.neighbours().iter().any(|report| report.neighbours.contains(&neighbour(LOUD)))
    };
    wait_for("a host that speaks is told of", is_told).await;
    assert_eq!(told(&region).0, BTreeSet::from([LOUD.octets().to_vec()]));
    assert!(metrics.heard.get() > 0 && metrics.asked.get() == 0);

    region.push(
        2,
        &Served::NetworkScan(NetworkScan {
            rack: own.clone(),
            id: 5,
            networks: vec!["10.77.0.0/28".parse().unwrap(), "10.99.0.0/28".parse().unwrap()],
            slow: false,
            asked: Timestamp::default(),
            finished: None,
        }),
    );
    wait_for("the search ends", || told(&region).1.contains(&5)).await;
    let both = BTreeSet::from([LOUD, QUIET].map(|ip| ip.octets().to_vec()));
    wait_for("a host that answers is told of", || told(&region).0 == both).await;
    assert_eq!(metrics.asked.get(), 13, "all addresses of the link's part but its own");
    assert_eq!(metrics.known.get(), 2);

    set(&region, 3, "disabled");
    wait_for("no socket is left", || !hears_arp()).await;
    set(&region, 4, "enabled");
    wait_for("it begins anew", hears_arp).await;
}

#[test]
fn hosts_that_speak_and_that_answer_a_search_are_told_of_once() {
    let network = Network::new("n");
    ip(&format!("-n {} link set lo up", network.server));
    for address in [QUIET, LOUD] {
        ip(&format!("-n {} address add {address}/24 dev c0", network.client));
    }
    std::thread::scope(|scope| {
        let followed = scope.spawn(|| {
            enter(&network.server);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(follow(&network));
        });
        followed.join().unwrap();
    });
}
