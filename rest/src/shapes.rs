//! MAAS's JSON shapes of what operations return: objects with what they name.

use api::vlans::UNDEFINED_SPACE;
use model::net::subnet::ReverseDns;
use ops::access::users::UserDetail;
use ops::dns::domains::DomainDetail;
use ops::network::subnets::SubnetDetail;
use ops::network::vlans::VlanDetail;

/// The shape of a VLAN.
#[must_use]
pub fn vlan(detail: &VlanDetail) -> api::vlans::Vlan {
    let VlanDetail { vlan: found, fabric, space, relay, external_dhcp, relayed_by, service_rack } =
        detail;
    api::vlans::Vlan {
        id: found.id.0,
        name: found.name.clone(),
        vid: found.vid,
        fabric: fabric.clone(),
        fabric_id: found.fabric.0,
        mtu: found.mtu,
        primary_rack: found.primary_rack.clone(),
        secondary_rack: found.secondary_rack.clone(),
        further_racks: found.further_racks.clone(),
        dhcp_on: found.dhcp_on,
        external_dhcp: external_dhcp.map(|ip| ip.to_string()),
        relay_vlan: relay.as_ref().map(|relay| Box::new(vlan(relay))),
        router_advertisements: found.router_advertisements,
        relay_agent: found.relay_agent,
        relay_to: found.relay_to.clone(),
        relayed_by: relayed_by.clone(),
        proxy_dhcp: found.proxy_dhcp,
        service_addresses: found.service_addresses.clone(),
        service_rack: service_rack.clone(),
        space: space.clone().unwrap_or_else(|| UNDEFINED_SPACE.to_owned()),
        description: found.description.clone(),
        resource_uri: format!("/MAAS/api/2.0/vlans/{}/", found.id),
    }
}

/// The shape of a subnet.
#[must_use]
pub fn subnet(detail: &SubnetDetail) -> api::subnets::Subnet {
    let found = &detail.subnet;
    let vlan = vlan(&detail.vlan);
    api::subnets::Subnet {
        id: found.id.0,
        name: found.name.clone(),
        description: found.description.clone(),
        space: vlan.space.clone(),
        vlan,
        cidr: found.cidr,
        gateway_ip: found.gateway_ip,
        dns_servers: found.dns_servers.clone(),
        rdns_mode: match found.rdns_mode {
            ReverseDns::Disabled => 0,
            ReverseDns::Enabled => 1,
            ReverseDns::Classless => 2,
        },
        active_discovery: found.active_discovery,
        allow_dns: found.allow_dns,
        allow_proxy: found.allow_proxy,
        managed: found.managed,
        disabled_boot_architectures: found.disabled_boot_architectures.clone(),
        resource_uri: format!("/MAAS/api/2.0/subnets/{}/", found.id),
    }
}

/// The shape of a domain.
#[must_use]
pub fn domain(detail: &DomainDetail) -> api::domains::Domain {
    let found = &detail.domain;
    api::domains::Domain {
        id: found.id.0,
        name: found.name.clone(),
        ttl: found.ttl,
        authoritative: found.authoritative,
        resource_record_count: detail.record_count,
        is_default: found.is_default,
        resource_uri: format!("/MAAS/api/2.0/domains/{}/", found.id),
    }
}

/// The shape of a user.
#[must_use]
pub fn user(detail: &UserDetail) -> api::users::User {
    let found = &detail.user;
    api::users::User {
        username: found.username.clone(),
        email: found.email.clone(),
        is_local: detail.is_local,
        is_superuser: found.is_superuser,
        resource_uri: format!("/MAAS/api/2.0/users/{}/", found.username),
    }
}
