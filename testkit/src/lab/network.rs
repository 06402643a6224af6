//! The lab's wires: a management network, a provisioning VLAN, and who hangs on them.
//!
//! ```text
//!  host ── mgmt 10.99.N.0/24 ──┬── r1 r2 r3   regions
//!                              ├── k1 k2 ──┐  racks
//!                              └── BMCs    │
//!            prov 10.10.0.0/24 ────────────┴── machines (TAPs, or namespaces of simulated ones)
//! ```
//! A lab without IPv4 has `fd00:99:N::/64` and `fd00:10::/64` in their place.
//! Both are bridges in the namespace `fabric`, which is also the provisioning subnet's gateway.
//! The lab's number N keeps the management networks of several labs apart on the host. A lab that the host has no link
//! into has the addresses that the documents use in their examples: 10.0.0.0/24 and 10.1.0.0/24.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::Command;

use anyhow::{Context, ensure};
use ipnet::IpNet;

use super::addresses::{Addresses, Family};
use super::namespace::Namespace;

/// First address of the management network that BMCs get.
const FIRST_BMC: u8 = 101;
/// The fabric's own address on the management network.
const FABRIC: u8 = 254;

/// The bridges, and one namespace for each node.
#[derive(Debug)]
pub struct Network {
    addresses: Addresses,
    /// The host's end of its link, if it has one.
    host: Option<String>,
    fabric: Namespace,
    nodes: BTreeMap<String, Namespace>,
}

impl Network {
    /// Builds the bridges and the host's link into the management network.
    ///
    /// # Errors
    /// When a link or address cannot be made.
    pub fn create(slot: u8, family: Family) -> anyhow::Result<Self> {
        let mut network = Self::build(Addresses::of_lab(family, slot))?;
        network.connect_host(format!("ironraft{slot}"))?;
        Ok(network)
    }

    /// Builds the bridges of a lab that the host does not reach.
    ///
    /// # Errors
    /// When a link or address cannot be made.
    pub fn create_apart() -> anyhow::Result<Self> {
        Self::build(Addresses::of_documents())
    }

    fn build(addresses: Addresses) -> anyhow::Result<Self> {
        let fabric = Namespace::create("fabric").context("cannot make a network namespace")?;
        let nodes = BTreeMap::new();
        let mut network = Self { addresses, host: None, fabric, nodes };
        for link in ["mgmt", "prov"] {
            network.add_link(link)?;
        }
        give(&network.fabric, addresses.management(FABRIC), "mgmt")?;
        give(&network.fabric, addresses.provisioning(1), "prov")?;
        Ok(network)
    }

    /// Its addresses.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The management address with this last byte.
    #[must_use]
    pub fn management(&self, host: u8) -> IpAddr {
        self.addresses.management(host).addr()
    }

    /// The provisioning address with this last byte.
    #[must_use]
    pub fn provisioning(&self, host: u8) -> IpAddr {
        self.addresses.provisioning(host).addr()
    }

    /// The namespace with both bridges: machines' TAPs and BMCs are in it.
    #[must_use]
    pub fn fabric(&self) -> &Namespace {
        &self.fabric
    }

    /// A node's namespace.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn node(&self, name: &str) -> anyhow::Result<&Namespace> {
        self.nodes.get(name).with_context(|| format!("the lab has no node {name}"))
    }

    /// Adds a node; the last bytes are those of its addresses, `None` for no link.
    ///
    /// # Errors
    /// When a link or address cannot be made.
    pub fn add_node(
        &mut self,
        name: &str,
        management: Option<u8>,
        provisioning: Option<u8>,
    ) -> anyhow::Result<()> {
        let node = Namespace::create(name).context("cannot make a network namespace")?;
        if let Some(host) = management {
            self.plug(&node, "mgmt", "mgmt0")?;
            give(&node, self.addresses.management(host), "mgmt0")?;
        }
        if let Some(host) = provisioning {
            self.plug(&node, "prov", "prov0")?;
            give(&node, self.addresses.provisioning(host), "prov0")?;
        }
        self.nodes.insert(name.to_owned(), node);
        Ok(())
    }

    /// Adds a node that is a simulated machine: a BMC on the management network, and an interface
    /// without an address on the provisioning VLAN.
    ///
    /// # Errors
    /// When a link or address cannot be made.
    pub fn add_simulated(&mut self, name: &str, bmc: u8, mac: &str) -> anyhow::Result<IpAddr> {
        let node = Namespace::create(name).context("cannot make a network namespace")?;
        self.plug(&node, "mgmt", "bmc0")?;
        let address = self.addresses.management(FIRST_BMC + bmc);
        give(&node, address, "bmc0")?;
        self.plug(&node, "prov", "eth0")?;
        node.ip(&["link", "set", "eth0", "address", mac])?;
        self.nodes.insert(name.to_owned(), node);
        Ok(address.addr())
    }

    /// Adds TAPs on the provisioning VLAN for the cards of a virtual machine, and an address for its BMC.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn add_virtual(&self, number: u8, cards: u8) -> anyhow::Result<(Vec<String>, IpAddr)> {
        let taps: Vec<String> = (0..cards).map(|card| format!("tap{number}-{card}")).collect();
        for tap in &taps {
            self.fabric.ip(&["tuntap", "add", "dev", tap, "mode", "tap"])?;
            self.fabric.ip(&["link", "set", tap, "master", "prov", "up"])?;
        }
        let address = self.addresses.management(FIRST_BMC + number);
        give(&self.fabric, address, "mgmt")?;
        Ok((taps, address.addr()))
    }

    /// Adds a link that nobody hangs on yet: a bridge of this name.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn add_link(&mut self, name: &str) -> anyhow::Result<()> {
        self.fabric.ip(&["link", "add", name, "type", "bridge", "forward_delay", "0"])?;
        self.fabric.ip(&["link", "set", name, "up"])?;
        Ok(())
    }

    /// Connects a node at one more interface to a link: `mgmt`, `prov`, or one that was added.
    ///
    /// # Errors
    /// When there is no such node or link, or the interface cannot be made.
    pub fn connect(&self, node: &str, link: &str, interface: &str) -> anyhow::Result<()> {
        self.plug(self.node(node)?, link, interface)
    }

    /// Connects `node` by a virtual cable to a bridge.
    fn plug(&self, node: &Namespace, bridge: &str, interface: &str) -> anyhow::Result<()> {
        let port = format!("{bridge}-{}", node.name());
        ensure!(port.len() < 16, "interface name {port} is too long");
        let peer = ["peer", "name", interface, "netns", &node.path()];
        let add = ["link", "add", &port, "type", "veth"];
        self.fabric.ip(&[add.as_slice(), &peer].concat())?;
        self.fabric.ip(&["link", "set", &port, "master", bridge, "up"])?;
        node.ip(&["link", "set", interface, "up"])?;
        // The kernel leaves checksums of virtual cables unfinished; raw sockets would see that.
        node.run("ethtool", &["-K", interface, "tx", "off"])?;
        Ok(())
    }

    /// Gives the host an address on the management network, so that its tools reach the regions.
    fn connect_host(&mut self, interface: String) -> anyhow::Result<()> {
        let address = self.addresses.management(1);
        // A lab that was killed may have taken its time to go.
        host_ip(&["link", "delete", &interface]).ok();
        let peer = ["peer", "name", "mgmt-host", "netns", &self.fabric.path()];
        host_ip(&[["link", "add", &interface, "type", "veth"].as_slice(), &peer].concat())?;
        add_address(&address, &interface, host_ip)?;
        host_ip(&["link", "set", &interface, "up"])?;
        self.host = Some(interface);
        self.fabric.ip(&["link", "set", "mgmt-host", "master", "mgmt", "up"])?;
        Ok(())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The kernel would do it too, but later, when it cleans up the namespaces.
        if let Some(interface) = &self.host {
            host_ip(&["link", "delete", interface]).ok();
        }
    }
}

/// Gives an interface of a node an address.
fn give(node: &Namespace, address: IpNet, interface: &str) -> anyhow::Result<()> {
    add_address(&address, interface, |arguments| Ok(node.ip(arguments)?))
}

/// Adds an address that can be used at once: over IPv6 nobody asks before whether another host has it.
fn add_address(
    address: &IpNet,
    interface: &str,
    ip: impl FnOnce(&[&str]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let text = address.to_string();
    let add = ["address", "add", &text, "dev", interface];
    match address {
        IpNet::V4(_) => ip(&add),
        IpNet::V6(_) => ip(&[add.as_slice(), &["nodad"]].concat()),
    }
}

fn host_ip(arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new("ip").args(arguments).output().context("cannot start ip")?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {message}", arguments.join(" "));
    Ok(())
}
