//! What an allocation demands of disks, interfaces and devices, in MAAS's little languages:
//! `label:size(tag,tag),size` in gigabytes, `label:key=value,key=value;…`, and `key=value`.

use model::machine::Machine;
use model::machine::disk::BlockDevice;
use model::machine::interface::Interface;

use crate::machine::filter::facts::Facts;

const GIGABYTE: f64 = 1e9;

/// The kinds of facts that interfaces are compared with.
pub(crate) const FACTS: &[&str] = &["subnet", "fabric", "fabric_class", "space", "vlan", "vid"];

/// One demand.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand {
    /// Disks; the first one is for the root file system.
    Storage(Vec<DiskDemand>),
    /// Interfaces, each with what it has to be.
    Interfaces(Vec<Pairs>),
    /// PCI or USB devices, each with what it has to be.
    Devices(Vec<Pairs>),
}

/// Keys with values.
pub type Pairs = Vec<(String, String)>;

/// A disk of at least a size, with tags.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskDemand {
    bytes: f64,
    tags: Vec<String>,
}

/// Reads a demand; none when the name is not one of a demand.
///
/// # Errors
/// What is wrong with the value.
pub fn parse(name: &str, values: &[String]) -> Result<Option<Demand>, String> {
    let text = values.last().map_or("", String::as_str);
    match name {
        "storage" => parse_disks(text).map(Demand::Storage).map(Some),
        "interfaces" => parse_labelled(text).map(Demand::Interfaces).map(Some),
        "devices" => {
            let devices: Result<Vec<Pairs>, String> =
                values.iter().map(|value| parse_pairs(value)).collect();
            devices.map(Demand::Devices).map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether a machine has what is demanded; one disk or interface serves one demand only.
#[must_use]
pub fn is_met(demand: &Demand, machine: &Machine, facts: &Facts<'_>) -> bool {
    match demand {
        Demand::Storage(wanted) => disks_are_there(wanted, &machine.block_devices),
        Demand::Interfaces(wanted) => {
            let mut left: Vec<&Interface> = machine.interfaces.iter().collect();
            wanted.iter().all(|pairs| {
                let found = left.iter().position(|interface| is_such(interface, pairs, facts));
                found.map(|at| left.remove(at)).is_some()
            })
        }
        Demand::Devices(wanted) => wanted.iter().all(|pairs| {
            machine.hardware.devices.iter().any(|device| {
                pairs.iter().all(|(key, value)| match key.as_str() {
                    "vendor_id" => device.vendor_id.eq_ignore_ascii_case(value),
                    "product_id" => device.product_id.eq_ignore_ascii_case(value),
                    "vendor_name" => device.vendor_name == *value,
                    "product_name" => device.product_name == *value,
                    "commissioning_driver" => device.driver == *value,
                    _ => false,
                })
            })
        }),
    }
}

/// Largest demands choose first, and each takes the smallest disk that will do.
fn disks_are_there(wanted: &[DiskDemand], disks: &[BlockDevice]) -> bool {
    let mut left: Vec<&BlockDevice> = disks.iter().collect();
    left.sort_by_key(|disk| disk.size_bytes);
    let mut wanted: Vec<&DiskDemand> = wanted.iter().collect();
    wanted.sort_by(|a, b| b.bytes.total_cmp(&a.bytes));
    wanted.into_iter().all(|demand| {
        let fits = |disk: &&BlockDevice| {
            let megabytes = u32::try_from(disk.size_bytes / 1_000_000).unwrap_or(u32::MAX);
            f64::from(megabytes) * 1e6 >= demand.bytes
                && demand.tags.iter().all(|tag| disk.tags.contains(tag))
        };
        let found = left.iter().position(fits);
        found.map(|at| left.remove(at)).is_some()
    })
}

/// An interface has its own name and address; where it is connected is known per machine.
fn is_such(interface: &Interface, pairs: &Pairs, facts: &Facts<'_>) -> bool {
    pairs.iter().all(|(key, value)| match key.as_str() {
        "name" => interface.name == *value,
        "mac_address" => interface.mac.to_string() == value.to_lowercase(),
        "subnet" | "subnet_cidr" | "cidr" => facts.has("subnet", value),
        "fabric" => facts.has("fabric", value),
        "fabric_class" => facts.has("fabric_class", value),
        "space" => facts.has("space", value),
        "vlan" => facts.has("vlan", value),
        "vid" => facts.has("vid", value),
        "ip" => interface
            .links
            .iter()
            .any(|link| link.ip_address.is_some_and(|ip| ip.to_string() == *value)),
        "link_speed" => value.parse::<u32>().is_ok_and(|least| interface.link_speed >= least),
        "mode" => true,
        _ => false,
    })
}

fn parse_disks(text: &str) -> Result<Vec<DiskDemand>, String> {
    let invalid = || format!("Malformed storage constraint '{text}'.");
    split_outside_brackets(text)
        .into_iter()
        .map(|part| {
            let part = part.rsplit_once(':').map_or(part, |(_, rest)| rest);
            let (size, tags) = match part.split_once('(') {
                None => (part, ""),
                Some((size, tags)) => (size, tags.strip_suffix(')').ok_or_else(invalid)?),
            };
            let gigabytes: f64 = size.trim().parse().map_err(|_| invalid())?;
            let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
            Ok(DiskDemand { bytes: gigabytes * GIGABYTE, tags: tags.map(str::to_owned).collect() })
        })
        .collect()
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn parse_labelled(text: &str) -> Result<Vec<Pairs>, String> {
    text.split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| parse_pairs(part.split_once(':').map_or(part, |(_, pairs)| pairs)))
        .collect()
}

fn parse_pairs(text: &str) -> Result<Pairs, String> {
    text.split(',')
        .map(|pair| {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("Malformed constraint '{text}': key=value expected."))?;
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::BlockDeviceId;

    fn disk(gigabytes: u64, tags: &[&str]) -> BlockDevice {
        BlockDevice {
            id: BlockDeviceId(1),
            name: "sda".to_owned(),
            id_path: String::new(),
            model: String::new(),
            serial: String::new(),
            size_bytes: gigabytes * 1_000_000_000,
            block_size_bytes: 512,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            boot: true,
        }
    }

    #[track_caller]
    fn check(constraint: &str, disks: &[BlockDevice], met: bool) {
        let demands = parse_disks(constraint).unwrap();
        assert_eq!(disks_are_there(&demands, disks), met, "{constraint}");
    }

    #[test]
    fn every_demand_takes_a_disk_of_its_own() {
        let disks = [disk(10, &["ssd"]), disk(3, &["rotary"])];
        check("root:10", &disks, true);
        check("root:3,data:10(ssd)", &disks, true);
        check("root:3,data:3,more:1", &disks, false);
        check("root:4(rotary)", &disks, false);
    }

    #[test]
    fn malformed_demands_are_refused() {
        for wrong in ["root:x", "root:10(ssd"] {
            assert!(parse_disks(wrong).is_err(), "{wrong}");
        }
        assert!(parse_pairs("vendor_id").is_err());
    }
}
