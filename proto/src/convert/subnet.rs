//! `Subnet` on the wire. What only the region acts on (description, proxy, discovery) stays there.

use model::id::{SubnetId, VlanId};
use model::net::subnet::{ReverseDns, Subnet};

use super::address::{ip_from_bytes, ip_to_bytes, ips_from_bytes};
use super::error::{ConvertError, parse_text};
use crate::rack;

const MESSAGE: &str = "Subnet";

impl From<&Subnet> for rack::Subnet {
    fn from(subnet: &Subnet) -> Self {
        let Subnet {
            id,
            name,
            description: _,
            vlan,
            cidr,
            gateway_ip,
            dns_servers,
            managed,
            rdns_mode,
            allow_dns,
            allow_proxy: _,
            active_discovery: _,
            disabled_boot_architectures,
        } = subnet;
        Self {
            id: id.0,
            name: name.clone(),
            vlan: vlan.0,
            cidr: cidr.to_string(),
            gateway_ip: gateway_ip.map(ip_to_bytes),
            dns_servers: dns_servers.iter().map(|&ip| ip_to_bytes(ip)).collect(),
            managed: *managed,
            rdns_mode: match rdns_mode {
                ReverseDns::Disabled => 0,
                ReverseDns::Enabled => 1,
                ReverseDns::Classless => 2,
            },
            allow_dns: *allow_dns,
            disabled_boot_architectures: disabled_boot_architectures.clone(),
        }
    }
}

impl TryFrom<rack::Subnet> for Subnet {
    type Error = ConvertError;

    fn try_from(subnet: rack::Subnet) -> Result<Self, Self::Error> {
        let gateway_ip = subnet.gateway_ip.as_deref();
        Ok(Self {
            id: SubnetId(subnet.id),
            name: subnet.name,
            description: String::new(),
            vlan: VlanId(subnet.vlan),
            cidr: parse_text(MESSAGE, "cidr", &subnet.cidr)?,
            gateway_ip: gateway_ip
                .map(|bytes| ip_from_bytes(MESSAGE, "gateway_ip", bytes))
                .transpose()?,
            dns_servers: ips_from_bytes(MESSAGE, "dns_servers", &subnet.dns_servers)?,
            managed: subnet.managed,
            rdns_mode: reverse_dns(subnet.rdns_mode)?,
            allow_dns: subnet.allow_dns,
            allow_proxy: false,
            active_discovery: false,
            disabled_boot_architectures: subnet.disabled_boot_architectures,
        })
    }
}

fn reverse_dns(mode: u32) -> Result<ReverseDns, ConvertError> {
    match mode {
        0 => Ok(ReverseDns::Disabled),
        1 => Ok(ReverseDns::Enabled),
        2 => Ok(ReverseDns::Classless),
        other => Err(ConvertError::invalid(MESSAGE, "rdns_mode")(&other)),
    }
}
