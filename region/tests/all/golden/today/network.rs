//! The network, names and leases.

use std::net::IpAddr;

use model::dhcp::option::Definition;
use model::dhcp::snippet::{DhcpSnippet, Scope, Version};
use model::dns::dnsresource::{DnsRecord, DnsResource};
use model::dns::domain::Domain;
use model::dns::serial::ZoneSerial;
use model::id::{
    BlockId, DhcpSnippetId, DnsRecordId, DnsResourceId, DomainId, FabricId, IpRangeId,
    PrefixPoolId, ReservedIpId, SpaceId, StaticRouteId, SubnetId, UserId, VlanId,
};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::pool::{Level, PoolLevel, PrefixPoolLevel};
use model::mac::MacAddress;
use model::net::external_dhcp::{ExternalDhcp, ExternalServer};
use model::net::fabric::Fabric;
use model::net::iprange::{IpRange, Purpose};
use model::net::neighbour::Neighbour;
use model::net::prefixpool::PrefixPool;
use model::net::reserved::{ReservedAddress, ReservedIp};
use model::net::router_advertisements::RouterAdvertisements;
use model::net::scan::{LastScan, NetworkScan};
use model::net::service_address::{ServiceHolder, Voucher};
use model::net::space::Space;
use model::net::staticroute::StaticRoute;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;

use super::{SUBNET, VLAN, Written, at, id, row, text};

pub(super) fn rows() -> Vec<Written> {
    let parts = [
        links(),
        subnets(),
        names(),
        leases(),
        serials(),
        levels(),
        pools(),
        holders(),
        options(),
        strangers(),
        hosts(),
    ];
    parts.into_iter().flatten().collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn serials() -> Vec<Written> {
    let (origin, revision, digest) = (text("example.com"), 42, u64::MAX);
    vec![row("the serial of a zone", ZoneSerial { origin, revision, digest })]
}

fn holders() -> Vec<Written> {
    let holder = |vlan, rack| ServiceHolder { vlan, rack, since: at(4) };
    vec![
        row("who holds service addresses", holder(VLAN, Some(id("rack34")))),
        row("service addresses that are given up", holder(VlanId(2), None)),
        row("the region that vouches for racks", Voucher { term: 7, node_id: 2 }),
    ]
}

fn pools() -> Vec<Written> {
    let pool = PrefixPool {
        id: PrefixPoolId(1),
        prefix: "fd00:a::/40".parse().unwrap(),
        delegated_length: 56,
        subnet: SUBNET,
        comment: text("for homes"),
    };
    vec![row("pool of prefixes", pool)]
}

fn levels() -> Vec<Written> {
    let level = |number, level| PoolLevel { subnet: SubnetId(number), level };
    vec![
        row("a pool that fills up", level(1, Level::High)),
        row("a pool that is nearly full", level(2, Level::Critical)),
        row("a pool that is full", level(3, Level::Exhausted)),
        row(
            "pools of prefixes that are nearly full",
            PrefixPoolLevel { subnet: SubnetId(4), level: Level::Critical },
        ),
    ]
}

fn strangers() -> Vec<Written> {
    let server = |mac, rack| ExternalServer { mac, rack: id(rack), since: at(4) };
    let servers = [
        (ip("10.0.0.9"), server(Some(MacAddress([0x52, 0x54, 0, 0, 0, 9])), "rack34")),
        (ip("192.0.2.1"), server(None, "rack37")),
    ];
    let of_ipv6 = [(ip("fe80::9"), server(Some(MacAddress([0x52, 0x54, 0, 0, 0, 9])), "rack34"))];
    let external = |vlan, servers| ExternalDhcp { vlan, servers };
    vec![
        row("DHCP servers that are none of the site's", external(VLAN, servers.into())),
        row("a DHCPv6 server that is none of the site's", external(VlanId(2), of_ipv6.into())),
    ]
}

fn hosts() -> Vec<Written> {
    let host = Neighbour {
        ip: ip("10.0.0.9"),
        vlan: VLAN,
        mac: MacAddress([0x52, 0x54, 0, 0, 0, 9]),
        rack: id("rack34"),
        interface: text("eth0"),
        first_seen: at(4),
        last_seen: at(5),
    };
    let scan = |rack, finished| NetworkScan {
        rack: id(rack),
        id: 7,
        networks: vec!["10.0.0.0/24".parse().unwrap()],
        slow: true,
        asked: at(4),
        finished,
    };
    vec![
        row("a host that a rack saw", host),
        row("a search for hosts that goes on", scan("rack34", None)),
        row("a search for hosts that has ended", scan("rack37", Some(at(5)))),
        row("when networks were searched last", LastScan { at: at(4) }),
    ]
}

fn links() -> Vec<Written> {
    let fabric = |number, class_type| Fabric {
        id: FabricId(number),
        name: format!("fabric-{number}"),
        description: text("of the lab"),
        class_type,
    };
    let vlan = Vlan {
        id: VLAN,
        fabric: FabricId(0),
        vid: 4094,
        name: text("data"),
        description: text("of data"),
        mtu: 9000,
        dhcp_on: true,
        primary_rack: Some(id("rack34")),
        secondary_rack: Some(id("rack37")),
        further_racks: vec![id("rack3a"), id("rack3b")],
        relay_vlan: Some(VlanId(2)),
        space: Some(SpaceId(1)),
        router_advertisements: RouterAdvertisements::Slaac,
        relay_agent: true,
        relay_to: vec![ip("192.0.2.67"), ip("2001:db8::67")],
        proxy_dhcp: true,
        service_addresses: vec![ip("10.0.0.5"), ip("fd00::5")],
    };
    let plain = Vlan {
        id: VlanId(2),
        vid: 0,
        dhcp_on: false,
        primary_rack: None,
        secondary_rack: None,
        further_racks: Vec::new(),
        relay_vlan: None,
        space: None,
        router_advertisements: RouterAdvertisements::Off,
        relay_agent: false,
        relay_to: Vec::new(),
        proxy_dhcp: false,
        service_addresses: Vec::new(),
        ..vlan.clone()
    };
    let space = Space { id: SpaceId(1), name: text("dmz"), description: text("outside") };
    vec![
        row("fabric with a class", fabric(0, Some(text("10g")))),
        row("fabric without a class", fabric(1, None)),
        row("vlan with everything", vlan),
        row("vlan with nothing", plain),
        row("space", space),
    ]
}

fn subnets() -> Vec<Written> {
    let full = Subnet {
        id: SUBNET,
        name: text("lab"),
        description: text("of the lab"),
        vlan: VLAN,
        cidr: "10.0.0.0/16".parse().unwrap(),
        gateway_ip: Some(ip("10.0.0.254")),
        dns_servers: vec![ip("9.9.9.9"), ip("fd00::9")],
        managed: true,
        rdns_mode: ReverseDns::Classless,
        allow_dns: true,
        allow_proxy: true,
        active_discovery: true,
        disabled_boot_architectures: vec![text("uefi_amd64_tftp")],
    };
    let plain = |number, cidr: &str, rdns_mode| Subnet {
        id: SubnetId(number),
        cidr: cidr.parse().unwrap(),
        gateway_ip: None,
        dns_servers: Vec::new(),
        managed: false,
        rdns_mode,
        allow_dns: false,
        allow_proxy: false,
        active_discovery: false,
        disabled_boot_architectures: Vec::new(),
        ..full.clone()
    };
    let range = |number, purpose, user| IpRange {
        id: IpRangeId(number),
        purpose,
        start_ip: ip("10.0.1.0"),
        end_ip: ip("10.0.2.255"),
        subnet: SUBNET,
        user,
        comment: text("for clients"),
    };
    let reserved = |address: &str, mac| ReservedAddress {
        ip: ip(address),
        subnet: SUBNET,
        mac,
        hostname: text("printer"),
        comment: text("second floor"),
        user: UserId(2),
        created: at(1),
        reserved_ip: None,
    };
    let reserved_ip = ReservedIp {
        id: ReservedIpId(4),
        ip: ip("10.0.3.2"),
        subnet: SUBNET,
        mac: MacAddress([0x52, 0x54, 0, 0, 0, 8]),
        comment: text("third floor"),
        created: at(2),
    };
    let address = ReservedAddress {
        reserved_ip: Some(ReservedIpId(4)),
        ..reserved("10.0.3.2", Some(MacAddress([0x52, 0x54, 0, 0, 0, 8])))
    };
    vec![
        row("subnet with nothing", plain(2, "fd00::/64", ReverseDns::Disabled)),
        row("subnet with whole reverse zones", plain(3, "10.1.0.0/24", ReverseDns::Enabled)),
        row("subnet with everything", full),
        row("dynamic range of nobody", range(1, Purpose::Dynamic, None)),
        row("reserved range of a user", range(2, Purpose::Reserved, Some(UserId(2)))),
        row(
            "reserved for a client",
            reserved("10.0.3.1", Some(MacAddress([0x52, 0x54, 0, 0, 0, 9]))),
        ),
        row("reserved for nobody", reserved("fd00::1", None)),
        row("reserved IP", reserved_ip),
        row("address of a reserved IP", address),
    ]
}

fn names() -> Vec<Written> {
    let domain = |number, name: &str, ttl: Option<u32>| Domain {
        id: DomainId(number),
        name: text(name),
        authoritative: ttl.is_some(),
        ttl,
        is_default: number == 0,
    };
    let resource = |number, name: &str, ttl: Option<u32>| DnsResource {
        id: DnsResourceId(number),
        name: text(name),
        domain: DomainId(1),
        address_ttl: ttl,
        ip_addresses: ttl.map(|_| vec![ip("10.0.4.1"), ip("fd00::4")]).unwrap_or_default(),
        records: vec![DnsRecord {
            id: DnsRecordId(number),
            rrtype: text("TXT"),
            rrdata: text("\"v=1 #\""),
            ttl,
        }],
    };
    vec![
        row("domain without a ttl", domain(0, "maas", None)),
        row("domain with a ttl", domain(1, "Example.org", Some(60))),
        row("name with addresses", resource(1, "www", Some(30))),
        row("name with a record only", resource(2, "@", None)),
    ]
}

fn options() -> Vec<Written> {
    let version = |id, value: &str| Version { id, value: text(value), created: at(id) };
    let definition = Definition { name: text("lab"), code: 230, format: text("IA") };
    let snippet = |number, scope| DhcpSnippet {
        id: DhcpSnippetId(number),
        name: text("pxe"),
        description: text("of the lab"),
        enabled: true,
        scope,
        versions: vec![version(2, "option lab 10.0.0.1;"), version(1, "filename \"x\";")],
        uses: vec![definition.clone()],
    };
    let plain = DhcpSnippet {
        description: String::new(),
        enabled: false,
        versions: vec![version(3, "next-server 10.0.0.9;")],
        uses: Vec::new(),
        ..snippet(1, Scope::Global)
    };
    let route = |number, gateway: &str, metric| StaticRoute {
        id: StaticRouteId(number),
        source: SUBNET,
        destination: SubnetId(3),
        gateway_ip: ip(gateway),
        metric,
    };
    vec![
        row("snippet for all, switched off", plain),
        row("snippet of a subnet", snippet(2, Scope::Subnet(SUBNET))),
        row("snippet of a range", snippet(3, Scope::Range { subnet: SUBNET, range: IpRangeId(1) })),
        row("snippet of a machine", snippet(4, Scope::Node(id("abc347")))),
        row("static route with a metric", route(1, "10.0.0.7", 5)),
        row("static route without a metric", route(2, "10.0.0.8", 0)),
    ]
}

fn leases() -> Vec<Written> {
    let binding = |address: &str, state, hostname| Binding {
        ip: ip(address),
        subnet: SUBNET,
        vlan: VLAN,
        client: MacAddress([0x52, 0x54, 0, 0, 1, 1]).into(),
        hardware: None,
        prefix_length: None,
        state,
        hostname,
        told_until: at(600),
        promise_until: at(1200),
        rack: id("rack34"),
    };
    let block = |number, rack| Block {
        id: BlockId(number),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SUBNET,
        vlan: VLAN,
        first: ip("10.0.1.0"),
        last: ip("10.0.1.255"),
        rack,
        incarnation: u64::MAX,
        epoch: 3,
        granted_at: at(1),
        valid_until: at(900),
        quarantine_until: at(2),
    };
    let delegated = Binding {
        client: ClientId::Identifier([254, 0, 0, 0, 1, 0, 3].into()),
        prefix_length: Some(56),
        ..binding("fd00:a:0:100::", BindingState::Active, None)
    };
    let of_prefixes = Block {
        iprange: IpRangeId(0),
        prefix_length: Some(56),
        first: ip("fd00:a::"),
        last: ip("fd00:a:0:3ff:ffff:ffff:ffff:ffff"),
        ..block(3, Some(id("rack34")))
    };
    vec![
        row("binding with a name", binding("10.0.1.1", BindingState::Active, Some(text("web")))),
        row("binding that was released", binding("10.0.1.2", BindingState::Released, None)),
        row("binding that was declined", binding("10.0.1.3", BindingState::Declined, None)),
        row("block of a rack", block(1, Some(id("rack34")))),
        row("block of no rack", block(2, None)),
        row("binding of a prefix", delegated),
        row("block of prefixes", of_prefixes),
    ]
}
