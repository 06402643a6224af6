//! Which machines a list or an allocation means: MAAS's constraints, each a name with values.
//!
//! Most constraints compare a word with what is known of a machine; those words are collected
//! once per machine ([`facts`]). `not_…` forms are their opposites.

use std::collections::BTreeMap;

use api::field_errors::FieldErrors;
use model::dns::domain::Domain;
use model::id::SystemId;
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::status::Status;
use model::net::fabric::Fabric;
use model::net::space::Space;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::tag::Tag;
use model::user::User;
use model::zone::AvailabilityZone;

use crate::machine::demands::{self, Demand};
use tables::error::TableError;
use tables::machines::{MACHINE_BY_HOSTNAME, MACHINE_BY_MAC};
use tables::read::Reads;

/// Constraints that compare words: MAAS's name, its opposite, and the fact it is about.
const WORDS: &[(&str, &str, &str)] = &[
    ("id", "not_id", "system_id"),
    ("system_id", "", "system_id"),
    ("name", "", "name"),
    ("hostname", "not_hostname", "name"),
    ("mac_address", "", "mac"),
    ("domain", "not_domain", "domain"),
    ("zone", "not_in_zone", "zone"),
    ("pool", "not_in_pool", "pool"),
    ("agent_name", "not_agent_name", "agent_name"),
    ("arch", "not_arch", "arch"),
    ("fabrics", "not_fabrics", "fabric"),
    ("fabric_classes", "not_fabric_classes", "fabric_class"),
    ("subnets", "not_subnets", "subnet"),
    ("vlans", "not_vlans", "vlan"),
    ("owner", "not_owner", "owner"),
    ("power_state", "not_power_state", "power_state"),
    ("status", "not_status", "status"),
    ("simple_status", "not_simple_status", "simple_status"),
    ("deployment_target", "not_deployment_target", "deployment_target"),
    ("pod", "not_pod", "pod"),
    ("pod_type", "not_pod_type", "pod"),
    ("tags", "not_tags", "tag"),
];

/// Constraints that compare numbers: at least so much.
const NUMBERS: &[&str] = &["cpu_count", "cpu_speed", "mem", "link_speed"];

/// What a machine has to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    /// One of the words is a fact, or all of them for tags; negated: none is.
    Words { fact: &'static str, words: Vec<String>, all: bool, negated: bool },
    /// The number is at least so large.
    AtLeast { fact: &'static str, least: f64 },
    /// Disks, interfaces or devices.
    Demand(Demand),
}

/// The words and numbers that are known of a machine, by kind of fact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    words: BTreeMap<&'static str, Vec<String>>,
    numbers: BTreeMap<&'static str, f64>,
}

impl Filter {
    /// Reads constraints; `ignored` names are not constraints of machines.
    ///
    /// # Errors
    /// Field errors: `No such constraint.` for unknown names, and wrong values.
    pub fn parse<'a>(
        params: impl Iterator<Item = (&'a str, &'a [String])>,
        ignored: &[&str],
    ) -> Result<Self, FieldErrors> {
        let mut filter = Self::default();
        let mut errors = FieldErrors::default();
        for (name, values) in params.filter(|(name, _)| !ignored.contains(name)) {
            match condition(name, values) {
                Ok(condition) => filter.conditions.extend(condition),
                Err(message) => errors.add(name, message),
            }
        }
        errors.finish()?;
        Ok(filter)
    }

    /// Whether it wants all machines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether it asks for PCI or USB devices.
    #[must_use]
    pub fn is_about_devices(&self) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.any(|condition| matches!(condition, Condition::Demand(Demand::Devices(_))))
    }

    /// The machines that it names by id, host name or hardware address, of which only these can meet it; none
    /// when it names none.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn named(&self, reads: &impl Reads) -> Result<Option<Vec<SystemId>>, TableError> {
        for condition in &self.conditions {
            let Condition::Words { fact, words, negated: false, .. } = condition else { continue };
            let mut ids = Vec::new();
            for word in words {
                let found = match *fact {
                    "system_id" => word.parse().ok(),
                    // A full name says its domain, which the facts of the machine are compared with.
                    "name" => {
                        let label = word.split('.').next().unwrap_or_default().to_lowercase();
                        reads.find(&MACHINE_BY_HOSTNAME, &label)?.map(|found| found.system_id)
                    }
                    "mac" => match word.parse::<MacAddress>() {
                        Ok(mac) => reads.find(&MACHINE_BY_MAC, &mac)?.map(|found| found.system_id),
                        Err(_) => None,
                    },
                    _ => break,
                };
                ids.extend(found);
            }
            if matches!(*fact, "system_id" | "name" | "mac") {
                ids.sort();
                ids.dedup();
                return Ok(Some(ids));
            }
        }
        Ok(None)
    }

    /// Tags that it names, to tell unknown ones.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn unknown_tags(&self, reads: &impl Reads) -> Result<Vec<String>, TableError> {
        let mut unknown = Vec::new();
        for condition in &self.conditions {
            let Condition::Words { fact: "tag", words, .. } = condition else { continue };
            for word in words {
                if reads.get::<Tag>(word)?.is_none() {
                    unknown.push(word.clone());
                }
            }
        }
        Ok(unknown)
    }

    /// Whether a machine is meant.
    #[must_use]
    pub fn matches(&self, machine: &Machine, facts: &Facts) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Words { fact, words, all, negated } => {
                let known = facts.words.get(fact).map_or(&[][..], Vec::as_slice);
                let has = |word: &String| known.iter().any(|fact| fact == word);
                let found =
                    if *all && !negated { words.iter().all(has) } else { words.iter().any(has) };
                found != *negated
            }
            Condition::AtLeast { fact, least } => {
                facts.numbers.get(fact).is_some_and(|number| number >= least)
            }
            Condition::Demand(demand) => demands::is_met(demand, machine, facts),
        })
    }
}

impl Facts {
    /// Whether a word is a fact of that kind.
    #[must_use]
    pub fn has(&self, fact: &str, word: &str) -> bool {
        self.words.get(fact).is_some_and(|words| words.iter().any(|known| known == word))
    }

    fn add(&mut self, fact: &'static str, word: impl Into<String>) {
        self.words.entry(fact).or_default().push(word.into());
    }
}

/// What is known of a machine.
///
/// # Errors
/// [`TableError`].
pub fn facts(reads: &impl Reads, machine: &Machine) -> Result<Facts, TableError> {
    let mut facts = Facts::default();
    state_facts(machine, &mut facts);
    placement_facts(reads, machine, &mut facts)?;
    for interface in &machine.interfaces {
        facts.add("mac", interface.mac.to_string());
        if let Some(vlan) = interface.vlan {
            vlan_facts(reads, &reads.get::<Vlan>(&vlan)?, &mut facts)?;
        }
        for subnet in interface.links.iter().filter_map(|link| link.subnet) {
            subnet_facts(&reads.get::<Subnet>(&subnet)?, &mut facts);
        }
    }
    let speed = machine.interfaces.iter().map(|interface| interface.link_speed).max();
    facts.numbers.insert("link_speed", f64::from(speed.unwrap_or_default()));
    Ok(facts)
}

fn state_facts(machine: &Machine, facts: &mut Facts) {
    let status = Status::of(&machine.lifecycle);
    facts.add("system_id", machine.system_id.as_str());
    facts.add("name", machine.hostname.as_str());
    facts.add("status", status.filter_name());
    facts.add("status", status.code().to_string());
    facts.add("simple_status", status.simple_name());
    facts.add("power_state", format!("{:?}", machine.power.state).to_lowercase());
    facts.add("agent_name", machine.placement.agent_name.as_str());
    let deployed = matches!(status, Status::Deployed | Status::Deploying);
    facts.add("deployment_target", if deployed { "disk" } else { "" });
    let architecture = &machine.hardware.architecture;
    facts.add("arch", architecture.as_str());
    facts.add("arch", architecture.split('/').next().unwrap_or_default());
    for tag in &machine.placement.tags {
        facts.add("tag", tag.as_str());
    }
    facts.numbers.insert("cpu_count", f64::from(machine.hardware.cpu_count));
    facts.numbers.insert("cpu_speed", f64::from(machine.hardware.cpu_speed_mhz));
    let memory = u32::try_from(machine.hardware.memory_mib).unwrap_or(u32::MAX);
    facts.numbers.insert("mem", f64::from(memory));
}

fn placement_facts(
    reads: &impl Reads,
    machine: &Machine,
    facts: &mut Facts,
) -> Result<(), TableError> {
    let placement = &machine.placement;
    if let Some(domain) = reads.get::<Domain>(&placement.domain)? {
        facts.add("name", format!("{}.{}", machine.hostname, domain.name));
        facts.add("domain", domain.name);
    }
    facts.add("domain", placement.domain.to_string());
    if let Some(zone) = reads.get::<AvailabilityZone>(&placement.zone)? {
        facts.add("zone", zone.name);
    }
    if let Some(pool) = reads.get::<ResourcePool>(&placement.pool)? {
        facts.add("pool", pool.name);
    }
    if let Some(owner) = placement.owner
        && let Some(user) = reads.get::<User>(&owner)?
    {
        facts.add("owner", user.username);
    }
    Ok(())
}

fn vlan_facts(
    reads: &impl Reads,
    vlan: &Option<Vlan>,
    facts: &mut Facts,
) -> Result<(), TableError> {
    let Some(vlan) = vlan else { return Ok(()) };
    facts.add("vlan", vlan.id.to_string());
    facts.add("vlan", vlan.name.as_str());
    facts.add("vlan", format!("vid:{}", vlan.vid));
    facts.add("vid", vlan.vid.to_string());
    facts.add("fabric", vlan.fabric.to_string());
    if let Some(fabric) = reads.get::<Fabric>(&vlan.fabric)? {
        facts.add("fabric", fabric.name);
        if let Some(class) = fabric.class_type {
            facts.add("fabric_class", class);
        }
    }
    let space = vlan.space.map_or(Ok(None), |space| reads.get::<Space>(&space))?;
    let space = space.map_or_else(|| "undefined".to_owned(), |space| space.name);
    facts.add("subnet", format!("space:{space}"));
    facts.add("vlan", format!("space:{space}"));
    facts.add("space", space);
    Ok(())
}

fn subnet_facts(subnet: &Option<Subnet>, facts: &mut Facts) {
    let Some(subnet) = subnet else { return };
    facts.add("subnet", subnet.id.to_string());
    facts.add("subnet", subnet.name.as_str());
    facts.add("subnet", subnet.cidr.to_string());
    facts.add("subnet", format!("cidr:{}", subnet.cidr));
    facts.add("subnet", format!("name:{}", subnet.name));
}

fn condition(name: &str, values: &[String]) -> Result<Option<Condition>, String> {
    if let Some(demand) = demands::parse(name, values)? {
        return Ok(Some(Condition::Demand(demand)));
    }
    if let Some(fact) = NUMBERS.iter().find(|known| **known == name) {
        let text = values.last().map_or("", String::as_str);
        if text.is_empty() {
            return Ok(None);
        }
        let least = text.parse().map_err(|_| format!("Invalid {name}: number required."))?;
        return Ok(Some(Condition::AtLeast { fact, least }));
    }
    let found = WORDS.iter().find(|(plain, not, _)| *plain == name || *not == name);
    let Some((plain, _, fact)) = found else {
        return Err("No such constraint.".to_owned());
    };
    let words = words_of(fact, values);
    if words.is_empty() {
        return Ok(None);
    }
    Ok(Some(Condition::Words { fact, words, all: *fact == "tag", negated: *plain != name }))
}

/// Lists may be repeated parameters or separated by commas or blanks; MAC addresses are compared
/// in their usual form.
fn words_of(fact: &str, values: &[String]) -> Vec<String> {
    let items = values.iter().flat_map(|value| value.split([',', ' ']));
    items
        .filter(|item| !item.is_empty())
        .map(|item| match fact {
            "mac" => item.to_lowercase().replace('-', ":"),
            "status" | "simple_status" | "power_state" => item.to_lowercase(),
            _ => item.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Filter, FieldErrors> {
        let owned: Vec<(&str, Vec<String>)> =
            pairs.iter().map(|(name, value)| (*name, vec![(*value).to_owned()])).collect();
        Filter::parse(owned.iter().map(|(name, values)| (*name, values.as_slice())), &["op"])
    }

    #[test]
    fn unknown_names_are_refused_as_maas_does() {
        let errors = parse(&[("bogus", "1")]).unwrap_err();
        assert_eq!(errors, FieldErrors::one("bogus", "No such constraint."));
        assert!(parse(&[("op", "x")]).unwrap().is_empty());
    }

    #[test]
    fn wrong_numbers_are_refused_by_name() {
        assert!(parse(&[("mem", "much")]).unwrap_err().has("mem"));
        assert!(parse(&[("mem", "")]).unwrap().is_empty());
    }
}
