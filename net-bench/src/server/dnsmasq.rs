//! dnsmasq, as a DHCP server only.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use testkit::lab::Lab;

use super::body::{Body, printed};
use crate::clients::{self, Family, Pool};

const NODE: &str = "dnsmasq";
/// The last byte of its address in the servers' subnet.
const ON_VLAN: u8 = 2;
/// A lease lasts longer than any run, seconds.
const LEASE_S: u32 = 3600;
/// More than any pool has.
const LEASES_MAX: u32 = 1_100_000;

/// Starts it.
pub(super) async fn start(mut lab: Lab, pool: Pool) -> anyhow::Result<Body> {
    lab.network_mut().add_node(NODE, None, Some(ON_VLAN))?;
    clients::route(&lab, NODE, Family::V4)?;
    let file = lab.folder().join("dnsmasq.conf");
    std::fs::write(&file, config(pool, &lab.folder().join("dnsmasq.leases")))
        .with_context(|| format!("cannot write {}", file.display()))?;
    let mut command = Command::new("dnsmasq");
    command.arg("--keep-in-foreground").arg(format!("--conf-file={}", file.display()));
    let mut process = lab.start_process(NODE, NODE, command)?;
    printed(&mut process, "IP range").await?;
    Ok(Body::Rival { processes: vec![(NODE.to_owned(), process)], lab })
}

fn config(pool: Pool, leases: &Path) -> String {
    let Pool { first, last } = pool;
    let mask = clients::MASK;
    let leases = leases.display();
    format!(
        "port=0\nuser=root\npid-file=\ninterface=prov0\nexcept-interface=lo\nbind-interfaces\n\
         dhcp-range={first},{last},{mask},{LEASE_S}\ndhcp-leasefile={leases}\n\
         dhcp-lease-max={LEASES_MAX}\nno-ping\ndhcp-authoritative\nquiet-dhcp\nlog-facility=-\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_has_the_mask_of_the_relayed_subnet() {
        let config = config(Pool::of(256), Path::new("/f/leases"));
        assert!(config.contains("dhcp-range=10.128.1.0,10.128.1.255,255.224.0.0,3600\n"));
        assert!(config.contains("dhcp-leasefile=/f/leases\n"));
    }
}
