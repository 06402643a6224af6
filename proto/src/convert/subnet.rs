//! `Subnet` on the wire. What only the region acts on (description, proxy, discovery) stays there.

use model::id::{SubnetId, VlanId};
use model::net::subnet::{ReverseDns, Subnet};

use super::address::{ip_to_bytes, known_ip, known_ips};
use super::error::{ConvertError, parse_text};
use super::unknown::Unknown;
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

/// The subnet, with what is known of it.
pub(super) fn subnet(
    subnet: rack::Subnet,
    unknown: &mut Vec<Unknown>,
) -> Result<Subnet, ConvertError> {
    let gateway_ip = subnet.gateway_ip.as_deref();
    Ok(Subnet {
        id: SubnetId(subnet.id),
        name: subnet.name,
        description: String::new(),
        vlan: VlanId(subnet.vlan),
        cidr: parse_text(MESSAGE, "cidr", &subnet.cidr)?,
        gateway_ip: gateway_ip.and_then(|bytes| known_ip(MESSAGE, "gateway_ip", bytes, unknown)),
        dns_servers: known_ips(MESSAGE, "dns_servers", &subnet.dns_servers, unknown),
        managed: subnet.managed,
        rdns_mode: match subnet.rdns_mode {
            0 => ReverseDns::Disabled,
            1 => ReverseDns::Enabled,
            2 => ReverseDns::Classless,
            other => {
                unknown.push(Unknown::new(MESSAGE, "rdns_mode", other));
                ReverseDns::Disabled
            }
        },
        allow_dns: subnet.allow_dns,
        allow_proxy: false,
        active_discovery: false,
        disabled_boot_architectures: subnet.disabled_boot_architectures,
    })
}
