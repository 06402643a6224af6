//! Networks, names and leases. What the wire leaves out (free texts, users) is empty here.

use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};
use model::dns::dnsresource::{DnsRecord, DnsResource};
use model::dns::domain::Domain;
use model::id::{
    BlockId, DnsRecordId, DnsResourceId, DomainId, FabricId, IpRangeId, PrefixPoolId, SubnetId,
    UserId, VlanId,
};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::net::iprange::{IpRange, Purpose};
use model::net::prefixpool::PrefixPool;
use model::net::reserved::ReservedAddress;
use model::net::router_advertisements::RouterAdvertisements;
use model::net::scan::NetworkScan;
use model::net::service_address::ServiceHolder;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;
use model::time::Timestamp;
use proptest::option;
use proptest::prelude::*;

use crate::values::{client, ip, ips, mac, prefix, system_id, text, time};

prop_compose! {
    pub(crate) fn vlan()(
        ids in any::<(u32, u32, u16, u16, bool)>(),
        name in text(),
        primary_rack in option::of(system_id()),
        secondary_rack in option::of(system_id()),
        further_racks in prop::collection::vec(system_id(), 0..3),
        relay_vlan in any::<Option<u32>>(),
        router_advertisements in prop::sample::select(&RouterAdvertisements::ALL[..]),
        relays in (any::<(bool, bool)>(), ips(), ips()),
    ) -> Vlan {
        let (id, fabric, vid, mtu, dhcp_on) = ids;
        let ((relay_agent, proxy_dhcp), relay_to, service_addresses) = relays;
        Vlan {
            id: VlanId(id),
            fabric: FabricId(fabric),
            vid,
            name,
            description: String::new(),
            mtu,
            dhcp_on,
            primary_rack,
            secondary_rack,
            further_racks,
            relay_vlan: relay_vlan.map(VlanId),
            space: None,
            router_advertisements,
            relay_agent,
            relay_to,
            proxy_dhcp,
            service_addresses,
        }
    }
}

prop_compose! {
    pub(crate) fn subnet()(
        ids in any::<(u32, u32, bool, bool)>(),
        name in text(),
        cidr in prefix(),
        gateway_ip in option::of(ip()),
        dns_servers in ips(),
        rdns_mode in prop::sample::select(vec![
            ReverseDns::Disabled, ReverseDns::Enabled, ReverseDns::Classless,
        ]),
        disabled_boot_architectures in prop::collection::vec(text(), 0..3),
    ) -> Subnet {
        let (id, vlan, managed, allow_dns) = ids;
        Subnet {
            id: SubnetId(id),
            name,
            description: String::new(),
            vlan: VlanId(vlan),
            cidr,
            gateway_ip,
            dns_servers,
            managed,
            rdns_mode,
            allow_dns,
            allow_proxy: false,
            active_discovery: false,
            disabled_boot_architectures,
        }
    }
}

prop_compose! {
    pub(crate) fn iprange()(
        (id, subnet, dynamic) in any::<(u32, u32, bool)>(), start_ip in ip(), end_ip in ip(),
    ) -> IpRange {
        IpRange {
            id: IpRangeId(id),
            purpose: if dynamic { Purpose::Dynamic } else { Purpose::Reserved },
            start_ip,
            end_ip,
            subnet: SubnetId(subnet),
            user: None,
            comment: String::new(),
        }
    }
}

prop_compose! {
    pub(crate) fn scan()(
        rack in system_id(), (id, slow, finished) in any::<(u64, bool, bool)>(),
        networks in prop::collection::vec((any::<u32>(), 0..=32_u8), 0..3),
    ) -> NetworkScan {
        let network = |(bits, len)| Ipv4Net::new(Ipv4Addr::from_bits(bits), len).unwrap();
        NetworkScan {
            rack,
            id,
            networks: networks.into_iter().map(network).collect(),
            slow,
            asked: Timestamp::default(),
            finished: finished.then(Timestamp::default),
        }
    }
}

prop_compose! {
    pub(crate) fn domain()(
        (id, authoritative, ttl, is_default) in any::<(u32, bool, Option<u32>, bool)>(),
        name in text(),
    ) -> Domain {
        Domain { id: DomainId(id), name, authoritative, ttl, is_default }
    }
}

prop_compose! {
    fn record()(
        (id, ttl) in any::<(u32, Option<u32>)>(), rrtype in text(), rrdata in text(),
    ) -> DnsRecord {
        DnsRecord { id: DnsRecordId(id), rrtype, rrdata, ttl }
    }
}

prop_compose! {
    pub(crate) fn dnsresource()(
        (id, domain, address_ttl) in any::<(u32, u32, Option<u32>)>(),
        name in text(),
        ip_addresses in ips(),
        records in prop::collection::vec(record(), 0..3),
    ) -> DnsResource {
        DnsResource {
            id: DnsResourceId(id),
            name,
            domain: DomainId(domain),
            address_ttl,
            ip_addresses,
            records,
        }
    }
}

prop_compose! {
    pub(crate) fn binding()(
        (subnet, vlan) in any::<(u32, u32)>(),
        ip in ip(),
        client in client(),
        hardware in option::of(mac()),
        prefix_length in option::of(1..=128_u8),
        state in prop::sample::select(vec![
            BindingState::Active, BindingState::Released, BindingState::Declined,
        ]),
        hostname in option::of(text()),
        told_until in time(),
        promise_until in time(),
        rack in system_id(),
    ) -> Binding {
        let (subnet, vlan) = (SubnetId(subnet), VlanId(vlan));
        Binding {
            ip,
            subnet,
            vlan,
            client,
            // That of a router with a prefix stays in the region.
            hardware: hardware.filter(|_| prefix_length.is_none()),
            prefix_length,
            state,
            hostname,
            told_until,
            promise_until,
            rack,
        }
    }
}

prop_compose! {
    pub(crate) fn block()(
        ids in any::<(u32, u32, u32, u32, u64, u64)>(),
        first in ip(),
        last in ip(),
        prefix_length in option::of(1..=128_u8),
        rack in option::of(system_id()),
        times in [time(), time(), time()],
    ) -> Block {
        let (id, iprange, subnet, vlan, incarnation, epoch) = ids;
        let [granted_at, valid_until, quarantine_until] = times;
        Block {
            id: BlockId(id),
            iprange: IpRangeId(iprange),
            prefix_length,
            subnet: SubnetId(subnet),
            vlan: VlanId(vlan),
            first,
            last,
            rack,
            incarnation,
            epoch,
            granted_at,
            valid_until,
            quarantine_until,
        }
    }
}

prop_compose! {
    pub(crate) fn service_holder()(
        vlan in any::<u32>(),
        rack in option::of(system_id()),
    ) -> ServiceHolder {
        ServiceHolder { vlan: VlanId(vlan), rack, since: Timestamp::default() }
    }
}

prop_compose! {
    pub(crate) fn prefix_pool()(
        (id, subnet, network) in any::<(u32, u32, u128)>(),
        length in 1..=64_u8,
        delegated_length in 1..=128_u8,
    ) -> PrefixPool {
        PrefixPool {
            id: PrefixPoolId(id),
            prefix: Ipv6Net::new(network.into(), length).expect("a length of IPv6").trunc(),
            delegated_length,
            subnet: SubnetId(subnet),
            comment: String::new(),
        }
    }
}

prop_compose! {
    pub(crate) fn reserved()(
        ip in ip(), subnet in any::<u32>(), mac in option::of(mac()), hostname in text(),
    ) -> ReservedAddress {
        ReservedAddress {
            ip,
            subnet: SubnetId(subnet),
            mac,
            hostname,
            comment: String::new(),
            user: UserId::default(),
            created: Timestamp::default(),
            reserved_ip: None,
        }
    }
}
