//! Physical network interfaces.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use api::agent::ReportedInterface;
use model::machine::hardware::Device;
use serde::Deserialize;

use super::device::driver_of;
use super::sysfs::{numa_node, virtual_functions_max};
use super::tools::{Tools, read};
use crate::command::Invocation;

/// After switching an interface on, its link needs a moment; the last look is the one that counts.
const LINK_LOOKS: u32 = 6;
const LINK_PAUSE: Duration = Duration::from_millis(500);

/// The interfaces in full: every one is switched on to see its link.
pub(crate) async fn examine(tools: &mut Tools<'_>, devices: &[Device]) -> Vec<ReportedInterface> {
    for name in physical_names() {
        tools.run(&format!("up-{name}"), "ip", &["link", "set", &name, "up"]).await;
        tools.outputs.remove(&format!("up-{name}"));
    }
    wait_for_links().await;
    for name in physical_names() {
        tools.run(&format!("ethtool-{name}"), "ethtool", &[&name]).await;
        tools.run(&format!("ethtool-driver-{name}"), "ethtool", &["-i", &name]).await;
    }
    tools.run("ip-address", "ip", &["-json", "-details", "address"]).await;
    let names = pci_names(devices);
    let mut interfaces = interfaces(&names).await;
    for interface in &mut interfaces {
        let key = format!("ethtool-driver-{}", interface.name);
        interface.firmware_version =
            tools.outputs.get(&key).and_then(|text| firmware_version(text)).unwrap_or_default();
    }
    interfaces
}

/// The interfaces as they are now; `names` gives vendor and product of PCI addresses.
pub async fn interfaces(names: &BTreeMap<String, (String, String)>) -> Vec<ReportedInterface> {
    let output = Invocation::new("ip", ["-json", "address"]).run().await.unwrap_or_default();
    let links = parse_ip(&output);
    physical_names().into_iter().map(|name| reported(name, &links, names)).collect()
}

fn reported(
    name: String,
    links: &[Link],
    names: &BTreeMap<String, (String, String)>,
) -> ReportedInterface {
    let path = Path::new("/sys/class/net").join(&name);
    let link = links.iter().find(|link| link.ifname == name);
    let device = path.join("device").canonicalize().unwrap_or_default();
    let (vendor, product) = pci_address(&device.to_string_lossy())
        .and_then(|address| names.get(address))
        .cloned()
        .unwrap_or_default();
    // A bond or bridge may have changed the address; the permanent one is the machine's.
    let mac =
        link.and_then(|link| link.permaddr.clone()).unwrap_or_else(|| read(path.join("address")));
    ReportedInterface {
        mac: mac.to_ascii_lowercase(),
        link_connected: read(path.join("carrier")) == "1",
        // Virtual interfaces say -1.
        link_speed: read(path.join("speed")).parse().unwrap_or(0),
        vendor,
        product,
        firmware_version: String::new(),
        addresses: link.map(Link::addresses).unwrap_or_default(),
        numa_node: Some(numa_node(&device)),
        virtual_functions_max: Some(virtual_functions_max(&device)),
        name,
    }
}

/// Names of interfaces with hardware behind them, sorted.
fn physical_names() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/sys/class/net") else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| driver_of(&entry.path().join("device")).is_some())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

async fn wait_for_links() {
    for _ in 0..LINK_LOOKS {
        let carrier = |name: &String| read(format!("/sys/class/net/{name}/carrier")) == "1";
        if physical_names().iter().all(carrier) {
            return;
        }
        tokio::time::sleep(LINK_PAUSE).await;
    }
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    ifname: String,
    permaddr: Option<String>,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    local: Option<String>,
    prefixlen: Option<u8>,
    scope: Option<String>,
}

impl Link {
    /// Addresses that mean something beyond the link.
    fn addresses(&self) -> Vec<String> {
        self.addr_info
            .iter()
            .filter(|address| address.scope.as_deref() == Some("global"))
            .filter_map(|address| {
                Some(format!("{}/{}", address.local.as_deref()?, address.prefixlen?))
            })
            .collect()
    }
}

/// Reads the output of `ip -json address`; nothing when it is something else.
fn parse_ip(text: &str) -> Vec<Link> {
    serde_json::from_str(text).unwrap_or_default()
}

/// PCI address to the names of vendor and product.
fn pci_names(devices: &[Device]) -> BTreeMap<String, (String, String)> {
    devices
        .iter()
        .filter(|device| device.bus == "pci")
        .map(|device| {
            (device.address.clone(), (device.vendor_name.clone(), device.product_name.clone()))
        })
        .collect()
}

/// The innermost PCI function of a sysfs path: `…/0000:00:03.0/virtio1` is at `0000:00:03.0`.
fn pci_address(path: &str) -> Option<&str> {
    path.rsplit('/')
        .find(|part| part.len() == 12 && part.as_bytes()[4] == b':' && part.as_bytes()[7] == b':')
}

/// The firmware's version in the output of `ethtool -i`.
fn firmware_version(text: &str) -> Option<String> {
    text.lines().find_map(|line| Some(line.strip_prefix("firmware-version:")?.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{firmware_version, parse_ip, pci_address};

    #[test]
    fn pci_function_behind_an_interface_is_found() {
        let path = "/sys/devices/pci0000:00/0000:00:01.0/0000:02:00.1/virtio1";
        assert_eq!(pci_address(path), Some("0000:02:00.1"));
        assert_eq!(pci_address("/sys/devices/virtual/net/lo"), None);
    }

    #[test]
    fn global_addresses_and_permanent_mac_are_read() {
        let links = parse_ip(
            r#"[{"ifname":"lo","addr_info":[{"local":"127.0.0.1","prefixlen":8,"scope":"host"}]},
            {"ifname":"eno1","permaddr":"52:54:00:00:00:07","addr_info":[
             {"family":"inet","local":"10.0.0.7","prefixlen":24,"scope":"global"},
             {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]"#,
        );
        assert_eq!(links[0].addresses(), Vec::<String>::new());
        assert_eq!(links[1].addresses(), ["10.0.0.7/24"]);
        assert_eq!(links[1].permaddr.as_deref(), Some("52:54:00:00:00:07"));
        assert!(parse_ip("Usage: ip").is_empty());
    }

    #[test]
    fn firmware_version_is_the_drivers() {
        let text = "driver: ixgbe\nversion: 6.1\nfirmware-version: 0x800007a1\nbus-info: x\n";
        assert_eq!(firmware_version(text).as_deref(), Some("0x800007a1"));
    }
}
