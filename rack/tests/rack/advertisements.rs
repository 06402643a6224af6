//! Router advertisements over real sockets: a rack in one network namespace, a host in another that has only its kernel, which
//! demands of advertisements what RFC 4861 §6.1.2 does. Needs root.

use std::io::Read;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::process::Command;
use std::time::{Duration, Instant};

use model::controller::{ControllerInterface, ServedRack};
use model::id::{FabricId, SubnetId, SystemId, VlanId};
use model::mac::MacAddress;
use model::net::router_advertisements::RouterAdvertisements;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use proto::convert::Served;
use rack::generation::{Generation, Generations};
use rack::ndp::metrics::{NdpMetrics, SentFor};
use rack::ndp::service::AdvertisementService;
use socket2::{Domain, Protocol, Socket, Type};
use tokio_util::sync::CancellationToken;

use crate::dhcp_sockets::{Network, enter, ip};

/// What is waited for takes seconds: an answer comes three seconds after what was sent before it.
const WAIT_MAX: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);
const ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

fn generation(rack: &SystemId, advertised: RouterAdvertisements) -> Generation {
    let mut generation = Generation { revision: 1, ..Generation::default() };
    generation.put(Served::Vlan(Vlan {
        mtu: 1_400,
        primary_rack: Some(rack.clone()),
        router_advertisements: advertised,
        ..Vlan::untagged(VlanId(1), FabricId(1))
    }));
    let cidr = "fd00:77::/64".parse().unwrap();
    generation.put(Served::Subnet(Subnet::new(SubnetId(1), VlanId(1), cidr)));
    generation.put(Served::Rack(ServedRack {
        system_id: rack.clone(),
        hostname: "k1".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "s0".to_owned(),
            mac: MacAddress([0x52, 0x54, 0, 0x77, 0, 2]),
            addresses: vec!["fd00:77::2/64".parse().unwrap()],
        }],
        connected: true,
    }));
    generation
}

fn serve(
    namespace: &str,
    rack: SystemId,
    generations: &Generations,
    metrics: NdpMetrics,
    shutdown: CancellationToken,
) {
    enter(namespace);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let service = AdvertisementService::new(rack, generations, metrics);
    runtime.block_on(service.run(shutdown));
}

#[track_caller]
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + WAIT_MAX;
    while !holds() {
        assert!(Instant::now() < give_up, "not in time: {what}");
        std::thread::sleep(POLL);
    }
}

/// The host: what its kernel made of what it heard, and a socket that hears the same.
struct Host<'a> {
    namespace: &'a str,
    socket: Socket,
    index: u32,
}

impl<'a> Host<'a> {
    fn enter(namespace: &'a str) -> Self {
        enter(namespace);
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let index = nix::net::if_::if_nametoindex("c0").unwrap();
        Self { namespace, socket, index }
    }

    fn told(&self, command: &[&str]) -> String {
        let told =
            Command::new("ip").args(["netns", "exec", self.namespace]).args(command).output();
        String::from_utf8(told.unwrap().stdout).unwrap()
    }

    fn routes(&self) -> String {
        self.told(&["ip", "-6", "route", "show", "dev", "c0"])
    }

    fn solicit(&self, hop_limit: u32) {
        self.socket.set_multicast_hops_v6(hop_limit).unwrap();
        let routers = SocketAddrV6::new(ROUTERS, 0, 0, self.index);
        // The kernel verifies the host's own address first.
        wait_for("a solicitation leaves", || {
            self.socket.send_to(&[133, 0, 0, 0, 0, 0, 0, 0], &routers.into()).is_ok()
        });
    }

    /// Waits for an advertisement that has these bytes.
    fn hear(&mut self, expected: &[u8]) {
        wait_for("an advertisement", || {
            let mut message = [0; 1_500];
            let Ok(length) = self.socket.read(&mut message) else { return false };
            let said = &message[..length];
            said[0] == 134 && said.windows(expected.len()).any(|part| part == expected)
        });
    }
}

/// The option for the rack's address as a resolver, with a lifetime.
fn resolver(seconds: [u8; 2]) -> Vec<u8> {
    let mut option = vec![25, 3, 0, 0, 0, 0, seconds[0], seconds[1]];
    option.extend("fd00:77::2".parse::<Ipv6Addr>().unwrap().octets());
    option
}

fn host(namespace: &str, generations: &Generations, metrics: &NdpMetrics, rack: &SystemId) {
    let mut host = Host::enter(namespace);
    let sent = |reason| metrics.sent.get_or_create(&SentFor { reason }).get();
    generations.publish(generation(rack, RouterAdvertisements::On));
    wait_for("a route", || host.routes().contains("fd00:77::/64 proto kernel"));
    assert!(!host.routes().contains("default"), "a rack is no router: {}", host.routes());
    assert_eq!(host.told(&["cat", "/proc/sys/net/ipv6/conf/c0/mtu"]).trim(), "1400");
    host.hear(&resolver([7, 8]));

    host.solicit(64);
    wait_for("a drop", || metrics.dropped.get_or_create(&reason("hop limit")).get() == 1);
    host.solicit(255);
    wait_for("an answer", || sent("solicited") == 1);
    assert_eq!(metrics.solicitations.get(), 1);

    generations.publish(generation(rack, RouterAdvertisements::Off));
    wait_for("no route", || !host.routes().contains("fd00:77::/64"));
    assert_eq!((sent("last"), metrics.interfaces.get()), (1, 0));
    generations.publish(generation(rack, RouterAdvertisements::On));
    wait_for("a route", || host.routes().contains("fd00:77::/64 proto kernel"));
}

fn reason(reason: &'static str) -> rack::dhcp::metrics::DropReason {
    rack::dhcp::metrics::DropReason { reason }
}

#[test]
fn a_host_believes_what_a_rack_advertises_until_that_is_over() {
    let network = Network::new("ra");
    // The host's kernel asks nothing by itself: what is asked here is counted.
    let quiet = "sysctl -qw net.ipv6.conf.c0.router_solicitations=0";
    ip(&format!("netns exec {} {quiet}", network.client));
    ip(&format!("-n {} address add fd00:77::2/64 dev s0 nodad", network.server));
    let (rack, generations, metrics) =
        (SystemId::from_number(1), Generations::default(), NdpMetrics::default());
    let shutdown = CancellationToken::new();
    std::thread::scope(|scope| {
        let (served, counted, stop) = (&generations, metrics.clone(), shutdown.clone());
        let id = rack.clone();
        let server = scope.spawn(|| serve(&network.server, id, served, counted, stop));
        let outcome = scope.spawn(|| host(&network.client, &generations, &metrics, &rack)).join();
        let last = scope.spawn(|| {
            let mut host = Host::enter(&network.client);
            shutdown.cancel();
            host.hear(&resolver([0, 0]));
            assert!(host.routes().contains("fd00:77::/64"), "the link is as it was");
        });
        let last = last.join();
        shutdown.cancel();
        server.join().unwrap();
        outcome.unwrap();
        last.unwrap();
    });
}
