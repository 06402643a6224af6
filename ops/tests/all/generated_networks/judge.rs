//! What holds for the network of every machine.

use std::collections::{BTreeMap, BTreeSet};

use model::machine::Machine;
use model::machine::interface::version_one::in_version_one;
use serde_json::{Map, Value, json};

/// The interfaces of all sections by their names.
fn interfaces(network: &Value) -> BTreeMap<&str, (&str, &Map<String, Value>)> {
    let sections = network.as_object().into_iter().flatten();
    let sections = sections.filter_map(|(section, all)| Some((section.as_str(), all.as_object()?)));
    let each = sections.flat_map(|(section, all)| {
        all.iter().filter_map(move |(name, one)| Some((name.as_str(), (section, one.as_object()?))))
    });
    each.collect()
}

fn texts<'a>(of: &'a Map<String, Value>, field: &str) -> Vec<&'a str> {
    of.get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// What an interface is made of.
fn below(of: &Map<String, Value>) -> Vec<&str> {
    let link = of.get("link").and_then(Value::as_str);
    texts(of, "interfaces").into_iter().chain(link).collect()
}

/// Everything is made of what is there; what is in a bond or bridge has no addresses and no other master; no packet is
/// larger than what carries it; each address is there once, and one default route of a family.
pub(super) fn check(network: &Value, machine: &Machine) -> Result<(), String> {
    let all = interfaces(network);
    let (mut masters, mut addresses) = (BTreeMap::new(), BTreeSet::new());
    for (name, (section, one)) in &all {
        let enslaves = matches!(*section, "bonds" | "bridges");
        for parent in below(one) {
            let (_, found) = all.get(parent).ok_or_else(|| format!("{name} is on no {parent}"))?;
            let mtu = |of: &Map<String, Value>| of.get("mtu").and_then(Value::as_u64).unwrap_or(0);
            if mtu(found) < mtu(one) {
                return Err(format!("{parent} carries {} bytes of {name}", mtu(found)));
            }
            let addressed = ["addresses", "dhcp4", "dhcp6", "gateway4", "gateway6"];
            if enslaves && addressed.iter().any(|field| found.contains_key(*field)) {
                return Err(format!("{parent} in {name} has addresses"));
            }
            if enslaves && let Some(other) = masters.insert(parent, name) {
                return Err(format!("{parent} is in {other} and {name}"));
            }
        }
        for address in texts(one, "addresses") {
            if !addresses.insert(address) {
                return Err(format!("{address} is there twice"));
            }
        }
    }
    for gateway in ["gateway4", "gateway6"] {
        let count = all.values().filter(|(_, one)| one.contains_key(gateway)).count();
        if count > 1 {
            return Err(format!("there are {count} of {gateway}"));
        }
    }
    check_version_one(network, all.len(), &addresses)?;
    check_links(machine, &all, &addresses)
}

/// In version 1 there are the same interfaces with the same addresses.
fn check_version_one(
    network: &Value,
    count: usize,
    addresses: &BTreeSet<&str>,
) -> Result<(), String> {
    let told = in_version_one(&json!({ "network": network }));
    let config = told["network"]["config"].as_array().cloned().unwrap_or_default();
    let subnets = config.iter().filter_map(|one| one["subnets"].as_array()).flatten();
    let found: BTreeSet<&str> = subnets.filter_map(|one| one["address"].as_str()).collect();
    if config.len() != count || found != *addresses {
        return Err(format!("version 1 says something else: {told:#}"));
    }
    Ok(())
}

/// What links say of a machine that takes part is told.
fn check_links(
    machine: &Machine,
    all: &BTreeMap<&str, (&str, &Map<String, Value>)>,
    addresses: &BTreeSet<&str>,
) -> Result<(), String> {
    for interface in &machine.interfaces {
        if !all.contains_key(interface.name.as_str()) {
            continue;
        }
        for ip in interface.links.iter().filter_map(|link| link.ip_address) {
            let start = format!("{ip}/");
            if !addresses.iter().any(|address| address.starts_with(&start)) {
                return Err(format!("{ip} of {} is not told", interface.name));
            }
        }
    }
    Ok(())
}
