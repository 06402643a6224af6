//! What an allocation demands of disks, interfaces and devices, in MAAS's little languages:
//! `label:size(tag,tag),size` in gigabytes, `label:key=value,key=value;…`, and `key=value`.
//!
//! What meets a label is told in the answer, so that clients know which disk and which interfaces they got.

pub mod disks;

use std::collections::BTreeMap;

use model::id::InterfaceId;
use model::machine::Machine;
use model::machine::interface::Interface;
use model::machine::storage::Drives;
use model::machine::storage::config::{LayoutName, Place};
use model::machine::storage::ids::Counted;

use crate::machine::filter::facts::Facts;
use disks::{DiskDemand, parse_disks, places_for};

/// The kinds of facts that interfaces are compared with.
pub(crate) const FACTS: &[&str] = &["subnet", "fabric", "fabric_class", "space", "vlan", "vid"];

/// What an interface can be asked for; all but `mode`, `type` and `link_speed` also with `not_` before it.
const INTERFACE_KEYS: &[&str] = &[
    "id",
    "fabric",
    "fabric_class",
    "ip",
    "mode",
    "name",
    "hostname",
    "subnet",
    "space",
    "subnet_cidr",
    "type",
    "vlan",
    "vid",
    "tag",
    "link_speed",
];
const ONLY_POSITIVE: &[&str] = &["mode", "type", "link_speed"];

/// What a device can be asked for.
const DEVICE_KEYS: &[&str] =
    &["vendor_id", "product_id", "vendor_name", "product_name", "commissioning_driver"];

/// One demand.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand {
    /// Block devices and partitions; the first one has the root file system.
    Storage(Vec<DiskDemand>),
    /// Interfaces.
    Interfaces(Vec<InterfaceDemand>),
    /// PCI or USB devices, each with what it has to be.
    Devices(Vec<Pairs>),
}

/// Keys with values.
pub type Pairs = Vec<(String, String)>;

/// An interface that is all of this: for each key one of the values, or none of those of a `not_` key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceDemand {
    label: String,
    wanted: BTreeMap<String, Vec<String>>,
}

/// What of a machine met the labels of its constraints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// The block device or partition of each label.
    pub storage: BTreeMap<String, Vec<Place>>,
    /// The interfaces of each label; none where no interface was asked for.
    pub interfaces: Option<BTreeMap<String, Vec<InterfaceId>>>,
}

/// Reads a demand; an outer none when the name is not one of a demand, an inner one when nothing is demanded.
pub fn parse(name: &str, values: &[String]) -> Option<Result<Option<Demand>, String>> {
    let text = values.last().map_or("", String::as_str);
    let demand = match name {
        "storage" => parse_disks(text).map(Demand::Storage),
        "interfaces" => parse_interfaces(text).map(Demand::Interfaces),
        "devices" => {
            let sent = values.iter().filter(|value| !value.is_empty());
            sent.map(|value| parse_devices(value)).collect::<Result<_, _>>().map(Demand::Devices)
        }
        _ => return None,
    };
    Some(demand.map(|demand| Some(demand).filter(|demand| !demand.is_empty())))
}

impl Demand {
    fn is_empty(&self) -> bool {
        match self {
            Self::Storage(wanted) => wanted.is_empty(),
            Self::Interfaces(wanted) => wanted.is_empty(),
            Self::Devices(wanted) => wanted.is_empty(),
        }
    }

    /// Whether a machine has what is demanded.
    #[must_use]
    pub fn is_met(&self, machine: &Machine, facts: &Facts<'_>) -> bool {
        self.met_by(machine, facts).is_some()
    }

    /// What of a machine meets the demand; none when it does not. A disk serves one demand only; an interface may be
    /// what several ask for.
    #[must_use]
    pub fn met_by(&self, machine: &Machine, facts: &Facts<'_>) -> Option<Matches> {
        let mut matches = Matches::default();
        match self {
            Self::Storage(wanted) => {
                matches.storage = places_for(wanted, &laid_out(machine))?;
            }
            Self::Interfaces(wanted) => {
                let mut found = BTreeMap::new();
                for demand in wanted {
                    let ids = interfaces_for(demand, machine, facts);
                    if ids.is_empty() {
                        return None;
                    }
                    found.insert(demand.label.clone(), ids);
                }
                matches.interfaces = Some(found);
            }
            Self::Devices(wanted) => {
                let is_there = |pairs: &Pairs| has_device(machine, pairs);
                wanted.iter().all(is_there).then_some(())?;
            }
        }
        Some(matches)
    }
}

/// The disks of a machine. Where they were never laid out, they are taken for flat.
fn laid_out(machine: &Machine) -> Drives {
    let mut drives = Drives::of(machine);
    if !drives.storage.is_configured() {
        // One that does not fit has no root, and is not found by its disks.
        let _ = drives.apply_default(&mut Counted::default(), LayoutName::Flat, None);
    }
    drives
}

fn interfaces_for(
    demand: &InterfaceDemand,
    machine: &Machine,
    facts: &Facts<'_>,
) -> Vec<InterfaceId> {
    let interfaces = machine.interfaces.iter().enumerate();
    let is_such = |(at, interface): &(usize, &Interface)| {
        demand.wanted.iter().all(|(key, values)| {
            let (key, negated) =
                key.strip_prefix("not_").map_or((key.as_str(), false), |key| (key, true));
            let is = |value: &String| {
                interface_is(interface, key, value)
                    || (key == "hostname" && machine.hostname == *value)
                    || facts.interface_has(*at, key, value)
            };
            values.iter().any(is) != negated
        })
    };
    interfaces.filter(is_such).map(|(_, interface)| interface.id).collect()
}

/// What an interface is by itself; what it is connected to, the facts say.
fn interface_is(interface: &Interface, key: &str, value: &str) -> bool {
    let mut links = interface.links.iter();
    match key {
        "id" => interface.id.to_string() == value,
        "name" => interface.name == value,
        "ip" => links.any(|link| link.ip_address.is_some_and(|ip| ip.to_string() == value)),
        "mode" => links.all(|link| link.ip_address.is_none()),
        "type" => value == interface.kind.word(),
        // One value may name several tags, of which it wants all.
        "tag" => value.split("&&").all(|tag| interface.tags.iter().any(|known| known == tag)),
        "link_speed" => value.parse::<u32>().is_ok_and(|least| interface.link_speed >= least),
        _ => false,
    }
}

fn has_device(machine: &Machine, pairs: &Pairs) -> bool {
    machine.hardware.devices.iter().any(|device| {
        pairs.iter().all(|(key, value)| {
            let known = match key.as_str() {
                "vendor_id" => &device.vendor_id,
                "product_id" => &device.product_id,
                "vendor_name" => &device.vendor_name,
                "product_name" => &device.product_name,
                _ => &device.driver,
            };
            known.eq_ignore_ascii_case(value)
        })
    })
}

fn parse_interfaces(text: &str) -> Result<Vec<InterfaceDemand>, String> {
    // MAAS's reader takes a single letter for nothing, too.
    if text.trim().chars().count() <= 1 {
        return Ok(Vec::new());
    }
    let mut demands: Vec<InterfaceDemand> = Vec::new();
    for part in text.split(';') {
        let Some((label, pairs)) = part.split_once(':') else {
            return Err(format!(
                "Malformed constraint: '{part}' (required format: \
                 '<label>:<key>=<value>[,<key2>=<value2>[,...]]')"
            ));
        };
        check_label(label)?;
        if demands.iter().any(|known| known.label == label) {
            return Err(format!("Constraint label defined more than once: '{label}'"));
        }
        let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in pairs.split(',') {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("Malformed key/value pair in constraint: '{pair}'"))?;
            check_interface(key, value)?;
            wanted.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        demands.push(InterfaceDemand { label: label.to_owned(), wanted });
    }
    Ok(demands)
}

fn check_label(label: &str) -> Result<(), String> {
    let is_in_label = |found: char| found.is_ascii_alphanumeric() || matches!(found, '_' | '-');
    if label.starts_with(|first: char| first.is_ascii_alphanumeric())
        && label.chars().all(is_in_label)
    {
        return Ok(());
    }
    Err(format!(
        "Invalid label name: '{label}' (Must begin with an alphanumeric character, and include only \
         alphanumeric characters, dashes, and underscores.)"
    ))
}

fn check_interface(key: &str, value: &str) -> Result<(), String> {
    let positive = key.strip_prefix("not_").filter(|key| !ONLY_POSITIVE.contains(key));
    if !INTERFACE_KEYS.contains(&positive.unwrap_or(key)) {
        return Err(format!("Unknown interfaces constraint: '{key}"));
    }
    if key == "mode" && value.trim().to_lowercase() != "unconfigured" {
        return Err("The only valid value for 'mode' is 'unconfigured'.".to_owned());
    }
    if key == "link_speed" && value.parse::<u32>().is_err() {
        return Err("Invalid link speed: number required.".to_owned());
    }
    Ok(())
}

fn parse_devices(text: &str) -> Result<Pairs, String> {
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if DEVICE_KEYS.contains(&key) && !value.is_empty() {
            return Ok((key.to_owned(), value.to_owned()));
        }
        Err(format!("Unknown devices constraint: '{key}"))
    };
    text.split(',').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_demands_are_refused_in_the_words_of_maas() {
        for (wrong, message) in [
            (
                "space=x",
                "Malformed constraint: 'space=x' (required format: \
                 '<label>:<key>=<value>[,<key2>=<value2>[,...]]')",
            ),
            ("a:space", "Malformed key/value pair in constraint: 'space'"),
            ("a:spaces=x", "Unknown interfaces constraint: 'spaces"),
            ("a:not_type=x", "Unknown interfaces constraint: 'not_type"),
            ("a:space=x;a:space=y", "Constraint label defined more than once: 'a'"),
            ("a:mode=dhcp", "The only valid value for 'mode' is 'unconfigured'."),
        ] {
            assert_eq!(parse_interfaces(wrong), Err(message.to_owned()), "{wrong}");
        }
        assert!(
            parse_interfaces("-a:space=x").unwrap_err().starts_with("Invalid label name: '-a'")
        );
        assert_eq!(parse_devices("vendor"), Err("Unknown devices constraint: 'vendor".to_owned()));
        assert!(parse_devices("vendor_id").is_err());
    }

    #[test]
    fn nothing_is_demanded_by_an_empty_value() {
        for name in ["storage", "interfaces", "devices"] {
            assert_eq!(parse(name, &[String::new()]), Some(Ok(None)), "{name}");
        }
        assert_eq!(parse("mem", &[]), None);
    }
}
