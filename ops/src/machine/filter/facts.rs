//! The words and numbers that constraints of machines are compared with.
//!
//! Only the kinds that a filter is about are collected: what a machine is connected to is in other rows, and ten thousand
//! machines have many words.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use model::dns::domain::Domain;
use model::machine::Machine;
use model::machine::status::Status;
use model::net::fabric::Fabric;
use model::net::space::Space;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::user::User;
use model::zone::AvailabilityZone;

use crate::machine::demands;
use tables::error::TableError;
use tables::read::Reads;

/// What is known of a machine, by kind of fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts<'a> {
    kinds: &'a BTreeSet<&'static str>,
    words: BTreeMap<&'static str, Vec<String>>,
    numbers: BTreeMap<&'static str, f64>,
    /// What each interface is connected to, in their order.
    interfaces: Vec<BTreeMap<&'static str, Vec<String>>>,
}

impl<'a> Facts<'a> {
    /// Nothing yet, of these kinds.
    pub(super) fn about(kinds: &'a BTreeSet<&'static str>) -> Self {
        Self { kinds, words: BTreeMap::new(), numbers: BTreeMap::new(), interfaces: Vec::new() }
    }

    /// Whether a word is a fact of that kind.
    #[must_use]
    pub fn has(&self, fact: &str, word: &str) -> bool {
        is_among(self.words_of(fact), word)
    }

    /// Whether an interface is connected to what a word says, `subnet_cidr` or one of `demands::FACTS`.
    #[must_use]
    pub fn interface_has(&self, position: usize, key: &str, word: &str) -> bool {
        let words = |fact| self.interfaces.get(position).and_then(|words| words.get(fact));
        match key {
            "subnet_cidr" => {
                words("subnet").is_some_and(|known| is_among(known, &format!("cidr:{word}")))
            }
            fact => words(fact).is_some_and(|known| is_among(known, word)),
        }
    }

    /// The words that are facts of that kind.
    pub(super) fn words_of(&self, fact: &str) -> &[String] {
        self.words.get(fact).map_or(&[], Vec::as_slice)
    }

    /// The number that is known of that kind.
    pub(super) fn number(&self, fact: &str) -> Option<f64> {
        self.numbers.get(fact).copied()
    }

    fn wants(&self, fact: &str) -> bool {
        self.kinds.contains(fact)
    }

    fn add<W: Into<String>>(&mut self, fact: &'static str, word: impl FnOnce() -> W) {
        if self.wants(fact) {
            self.words.entry(fact).or_default().push(word().into());
        }
    }

    fn set(&mut self, fact: &'static str, number: u32) {
        if self.wants(fact) {
            self.numbers.insert(fact, f64::from(number));
        }
    }
}

/// Whether a word is one of those that are known. An address means the prefix that it lies in.
fn is_among(known: &[String], word: &str) -> bool {
    let Some(address) = word.strip_prefix("ip:") else {
        return known.iter().any(|known| known == word);
    };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let mut prefixes =
        known.iter().filter_map(|known| known.strip_prefix("cidr:")?.parse::<IpNet>().ok());
    prefixes.any(|prefix| prefix.contains(&address))
}

/// What is known of a machine, of some kinds.
///
/// # Errors
/// [`TableError`].
pub(super) fn of<'a>(
    reads: &impl Reads,
    machine: &Machine,
    kinds: &'a BTreeSet<&'static str>,
) -> Result<Facts<'a>, TableError> {
    let mut facts = Facts::about(kinds);
    add_state(machine, &mut facts);
    add_placement(reads, machine, &mut facts)?;
    add_hardware(machine, &mut facts);
    if demands::FACTS.iter().any(|kind| facts.wants(kind)) {
        for interface in &machine.interfaces {
            let mut own = Facts::about(kinds);
            if let Some(vlan) = interface.vlan {
                add_connection(reads, &reads.get::<Vlan>(&vlan)?, &mut own)?;
            }
            for subnet in interface.links.iter().filter_map(|link| link.subnet) {
                if let Some(subnet) = reads.get::<Subnet>(&subnet)? {
                    add_subnet(&subnet, &mut own);
                }
            }
            for (fact, words) in &own.words {
                facts.words.entry(fact).or_default().extend_from_slice(words);
            }
            facts.interfaces.push(own.words);
        }
    }
    Ok(facts)
}

fn add_state(machine: &Machine, facts: &mut Facts<'_>) {
    let status = Status::of(&machine.lifecycle);
    facts.add("system_id", || machine.system_id.as_str());
    facts.add("name", || machine.hostname.as_str());
    facts.add("status", || status.filter_name());
    facts.add("status", || status.code().to_string());
    facts.add("simple_status", || status.simple_name());
    facts.add("power_state", || format!("{:?}", machine.power.state).to_lowercase());
    facts.add("agent_name", || machine.placement.agent_name.as_str());
    let deployed = matches!(status, Status::Deployed | Status::Deploying);
    facts.add("deployment_target", || if deployed { "disk" } else { "" });
    for tag in &machine.placement.tags {
        facts.add("tag", || tag.as_str());
    }
}

fn add_hardware(machine: &Machine, facts: &mut Facts<'_>) {
    let hardware = &machine.hardware;
    facts.add("arch", || hardware.architecture.as_str());
    facts.add("arch", || hardware.architecture.split('/').next().unwrap_or_default());
    for interface in &machine.interfaces {
        facts.add("mac", || interface.mac.to_string());
    }
    let speed = machine.interfaces.iter().map(|interface| interface.link_speed).max();
    facts.set("link_speed", speed.unwrap_or_default());
    facts.set("cpu_count", hardware.cpu_count);
    facts.set("cpu_speed", hardware.cpu_speed_mhz);
    facts.set("mem", u32::try_from(hardware.memory_mib).unwrap_or(u32::MAX));
}

fn add_placement(
    reads: &impl Reads,
    machine: &Machine,
    facts: &mut Facts<'_>,
) -> Result<(), TableError> {
    let placement = &machine.placement;
    if (facts.wants("name") || facts.wants("domain"))
        && let Some(domain) = reads.get::<Domain>(&placement.domain)?
    {
        facts.add("name", || format!("{}.{}", machine.hostname, domain.name));
        facts.add("domain", || domain.name);
    }
    facts.add("domain", || placement.domain.to_string());
    if facts.wants("zone")
        && let Some(zone) = reads.get::<AvailabilityZone>(&placement.zone)?
    {
        facts.add("zone", || zone.id.to_string());
        facts.add("zone", || zone.name);
    }
    if facts.wants("pool")
        && let Some(pool) = reads.get::<ResourcePool>(&placement.pool)?
    {
        facts.add("pool", || pool.id.to_string());
        facts.add("pool", || pool.name);
    }
    if facts.wants("owner")
        && let Some(owner) = placement.owner
        && let Some(user) = reads.get::<User>(&owner)?
    {
        facts.add("owner", || user.username);
    }
    Ok(())
}

/// What a VLAN is called, and what it belongs to.
pub(super) fn add_connection(
    reads: &impl Reads,
    vlan: &Option<Vlan>,
    facts: &mut Facts<'_>,
) -> Result<(), TableError> {
    let Some(vlan) = vlan else { return Ok(()) };
    add_vlan(vlan, facts);
    if let Some(fabric) = reads.get::<Fabric>(&vlan.fabric)? {
        add_fabric(&fabric, facts);
    }
    for name in [vlan.id.to_string(), vlan.name.clone()] {
        facts.add("subnet", || format!("vlan:{name}"));
    }
    facts.add("subnet", || format!("vid:{}", vlan.vid));
    let space = vlan.space.map_or(Ok(None), |space| reads.get::<Space>(&space))?;
    let names = space.map_or_else(
        || vec!["undefined".to_owned()],
        |space| vec![space.id.to_string(), space.name],
    );
    for name in names {
        facts.add("subnet", || format!("space:{name}"));
        facts.add("vlan", || format!("space:{name}"));
        facts.add("space", || name);
    }
    Ok(())
}

/// What a VLAN itself is called.
pub(super) fn add_vlan(vlan: &Vlan, facts: &mut Facts<'_>) {
    facts.add("vlan", || vlan.id.to_string());
    facts.add("vlan", || format!("id:{}", vlan.id));
    facts.add("vlan", || vlan.name.as_str());
    facts.add("vlan", || format!("vid:{}", vlan.vid));
    facts.add("vid", || vlan.vid.to_string());
    facts.add("fabric", || vlan.fabric.to_string());
    for fact in ["subnet", "vlan"] {
        facts.add(fact, || format!("fabric:{}", vlan.fabric));
    }
}

/// What a fabric is called.
pub(super) fn add_fabric(fabric: &Fabric, facts: &mut Facts<'_>) {
    facts.add("fabric", || fabric.name.as_str());
    for fact in ["subnet", "vlan"] {
        facts.add(fact, || format!("fabric:{}", fabric.name));
    }
    if let Some(class) = &fabric.class_type {
        facts.add("fabric_class", || class.as_str());
    }
}

/// What a subnet is called.
pub(super) fn add_subnet(subnet: &Subnet, facts: &mut Facts<'_>) {
    facts.add("subnet", || subnet.id.to_string());
    facts.add("subnet", || format!("id:{}", subnet.id));
    facts.add("subnet", || subnet.name.as_str());
    facts.add("subnet", || subnet.cidr.to_string());
    facts.add("subnet", || format!("cidr:{}", subnet.cidr));
    facts.add("subnet", || format!("name:{}", subnet.name));
}
