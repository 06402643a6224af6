//! Which machines a list or an allocation means: MAAS's constraints, each a name with values.
//!
//! Most constraints compare a word with what is known of a machine; the words that matter are collected
//! once per machine (`facts.rs`). `not_…` forms are their opposites. Which machines are looked at at all, `narrow.rs` says.

pub(crate) mod facts;
mod narrow;
mod unknown;

use std::collections::{BTreeMap, BTreeSet};

use api::field_errors::FieldErrors;
use model::machine::Machine;
use model::machine::status::Status;

use crate::machine::demands::{self, Demand, Matches};
use crate::machine::filter::facts::Facts;
use tables::error::TableError;
use tables::read::Reads;
use tables::views::machines::{MachineKey, keys_of};

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

/// Constraints that compare numbers: at least so much. With what MAAS says of what is none.
const NUMBERS: &[(&str, &str)] = &[
    ("cpu_count", "Invalid CPU count: number required."),
    ("cpu_speed", "Invalid CPU speed: number required."),
    ("mem", "Invalid memory: number of MiB required."),
    ("link_speed", "Invalid link speed: number required."),
];

/// What a machine has to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    conditions: Vec<Condition>,
    /// Demands in the words of whoever made them.
    demanded: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    /// One of the words is a fact, or all of them for tags and subnets; negated: none is.
    Words { name: &'static str, fact: &'static str, words: Vec<String>, all: bool, negated: bool },
    /// It has this.
    Key(MachineKey),
    /// The number is at least so large.
    AtLeast { fact: &'static str, least: f64 },
    /// Disks, interfaces or devices.
    Demand(Demand),
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
                Ok(condition) => {
                    if let Some(Condition::Demand(_)) = condition {
                        filter.demanded.insert(name.to_owned(), values.join(","));
                    }
                    filter.conditions.extend(condition);
                }
                Err(message) => errors.add(name, message),
            }
        }
        errors.finish()?;
        Ok(filter)
    }

    /// Only machines in a status.
    #[must_use]
    pub fn of_status(status: Status) -> Self {
        Self::default().and(MachineKey::Status(status))
    }

    /// Only machines with one of these ids.
    #[must_use]
    pub fn of_ids(ids: Vec<String>) -> Self {
        let condition = Condition::Words {
            name: "id",
            fact: "system_id",
            words: ids,
            all: false,
            negated: false,
        };
        Self { conditions: vec![condition], ..Self::default() }
    }

    /// Of these only machines that have something, too.
    #[must_use]
    pub fn and(mut self, key: MachineKey) -> Self {
        self.conditions.push(Condition::Key(key));
        self
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

    /// Whether a machine of the model in memory is meant; it is read whole where that matters.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn means(&self, reads: &impl Reads, machine: &Machine) -> Result<bool, TableError> {
        if self.is_empty() {
            return Ok(true);
        }
        let whole = match self.is_about_devices() {
            true => reads.get::<Machine>(&machine.system_id)?,
            false => None,
        };
        let machine = whole.as_ref().unwrap_or(machine);
        Ok(self.matches(machine, &facts::of(reads, machine, &self.kinds())?))
    }

    /// What of a machine meets the labels of its constraints.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn matches_of(&self, reads: &impl Reads, machine: &Machine) -> Result<Matches, TableError> {
        let kinds = self.kinds();
        let facts = facts::of(reads, machine, &kinds)?;
        let mut matches = Matches::default();
        for condition in &self.conditions {
            let Condition::Demand(demand) = condition else { continue };
            let Some(met) = demand.met_by(machine, &facts) else { continue };
            matches.storage.extend(met.storage);
            matches.interfaces = met.interfaces.or(matches.interfaces);
        }
        Ok(matches)
    }

    /// The constraints as MAAS repeats them, `arch=amd64/generic mem=1024.0`.
    #[must_use]
    pub fn described(&self) -> String {
        let mut said: BTreeMap<&str, String> = BTreeMap::new();
        for condition in &self.conditions {
            match condition {
                Condition::Words { name, fact, words, .. } => {
                    let whole = |word: &String| match *fact {
                        "arch" if !word.contains('/') => format!("{word}/generic"),
                        _ => word.clone(),
                    };
                    said.insert(name, words.iter().map(whole).collect::<Vec<_>>().join(","));
                }
                Condition::AtLeast { fact, least } => drop(said.insert(fact, format!("{least:?}"))),
                Condition::Demand(_) | Condition::Key(_) => {}
            }
        }
        for (name, text) in &self.demanded {
            said.insert(name, text.clone());
        }
        let said: Vec<String> =
            said.into_iter().map(|(name, words)| format!("{name}={words}")).collect();
        said.join(" ")
    }

    /// The kinds of facts that it is about.
    fn kinds(&self) -> BTreeSet<&'static str> {
        let kinds = self.conditions.iter().flat_map(|condition| match condition {
            Condition::Words { fact, .. } | Condition::AtLeast { fact, .. } => {
                std::slice::from_ref(fact)
            }
            Condition::Demand(Demand::Interfaces(_)) => demands::FACTS,
            Condition::Demand(Demand::Storage(_) | Demand::Devices(_)) | Condition::Key(_) => &[],
        });
        kinds.copied().collect()
    }

    /// Whether a machine is meant, of which the facts are known that it is about.
    fn matches(&self, machine: &Machine, facts: &Facts<'_>) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Words { fact, words, all, negated, .. } => {
                let has = |word: &String| facts.has(fact, word);
                let found =
                    if *all && !negated { words.iter().all(has) } else { words.iter().any(has) };
                found != *negated
            }
            Condition::AtLeast { fact, least } => {
                facts.number(fact).is_some_and(|number| number >= *least)
            }
            Condition::Key(key) => keys_of(machine).contains(key),
            Condition::Demand(demand) => demand.is_met(machine, facts),
        })
    }
}

fn condition(name: &str, values: &[String]) -> Result<Option<Condition>, String> {
    if let Some(demand) = demands::parse(name, values) {
        return Ok(demand?.map(Condition::Demand));
    }
    if let Some((fact, message)) = NUMBERS.iter().find(|(known, _)| *known == name) {
        return least(values, message)
            .map(|least| least.map(|least| Condition::AtLeast { fact, least }));
    }
    let found = WORDS.iter().find(|(plain, not, _)| *plain == name || *not == name);
    let Some((plain, not, fact)) = found else {
        return Err("No such constraint.".to_owned());
    };
    let words = words_of(fact, values);
    if words.is_empty() {
        return Ok(None);
    }
    unknown::check_words(name, fact, &words)?;
    let negated = *plain != name;
    let name = if negated { *not } else { *plain };
    let all = matches!(*fact, "tag" | "subnet");
    Ok(Some(Condition::Words { name, fact, words, all, negated }))
}

/// The least of the numbers that are not empty, as MAAS reads them.
fn least(values: &[String], message: &str) -> Result<Option<f64>, String> {
    let mut least: Option<f64> = None;
    for text in values.iter().filter(|text| !text.is_empty()) {
        let number: f64 = text.parse().map_err(|_| message.to_owned())?;
        if !number.is_finite() || number < 0.0 {
            return Err(message.to_owned());
        }
        least = Some(least.map_or(number, |least| least.min(number)));
    }
    Ok(least)
}

/// Lists may be repeated parameters or separated by commas, and by blanks where a word has none; MAC
/// addresses are compared in their usual form.
fn words_of(fact: &str, values: &[String]) -> Vec<String> {
    let has_blanks = matches!(fact, "zone" | "pool" | "status" | "simple_status");
    let separates = |found: char| found == ',' || (found == ' ' && !has_blanks);
    let items = values.iter().flat_map(|value| value.split(separates));
    items
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| match fact {
            "mac" => item.to_lowercase().replace('-', ":"),
            "status" => status_word(item),
            "simple_status" => item.to_lowercase().replace(' ', "_"),
            "power_state" => item.to_lowercase(),
            // What juju calls all of them.
            "arch" if item == "arm" => "armhf".to_owned(),
            _ => item.to_owned(),
        })
        .collect()
}

/// A status in the filter's own word, also when it is called as in MAAS's answers.
fn status_word(text: &str) -> String {
    let is_name = |status: &&Status| status.name().eq_ignore_ascii_case(text);
    let named = Status::ALL.iter().find(is_name).map(|status| status.filter_name().to_owned());
    named.unwrap_or_else(|| text.to_lowercase().replace(' ', "_"))
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
        for wrong in ["NaN", "inf", "1e400", "-1"] {
            assert!(parse(&[("mem", wrong)]).unwrap_err().has("mem"), "{wrong}");
        }
    }

    #[test]
    fn words_that_mean_nothing_are_refused_by_name() {
        let errors = parse(&[("arch", "z80")]).unwrap_err();
        assert_eq!(errors, FieldErrors::one("arch", "Architecture not recognised."));
        for (name, wrong) in [
            ("status", "bogus"),
            ("not_status", "ready,bogus"),
            ("simple_status", "bogus"),
            ("power_state", "bogus"),
            ("mac_address", "zz"),
        ] {
            assert!(parse(&[(name, wrong)]).unwrap_err().has(name), "{name}={wrong}");
        }
        for (name, right) in [
            ("status", "Releasing failed,4,ready"),
            ("simple_status", "failed"),
            ("power_state", "On,unknown"),
            ("mac_address", "52-54-00-AA-bb-01"),
        ] {
            assert!(!parse(&[(name, right)]).unwrap().is_empty(), "{name}={right}");
        }
    }

    #[test]
    fn constraints_are_repeated_as_maas_does() {
        let filter = parse(&[
            ("mem", "8192"),
            ("arch", "amd64"),
            ("storage", "root:8(ssd)"),
            ("tags", "b a"),
            ("not_in_zone", "z"),
        ]);
        let said = "arch=amd64/generic mem=8192.0 not_in_zone=z storage=root:8(ssd) tags=b,a";
        assert_eq!(filter.unwrap().described(), said);
        assert_eq!(parse(&[("storage", ""), ("arch", "")]).unwrap(), Filter::default());
    }

    #[test]
    fn names_keep_their_blanks_and_lists_of_words_are_split_at_them() {
        let words = |fact, value: &str| words_of(fact, &[value.to_owned()]);
        assert_eq!(words("zone", "Z One, other"), ["Z One", "other"]);
        assert_eq!(words("status", "Failed commissioning"), ["failed_commissioning"]);
        assert_eq!(words("status", "Releasing failed,READY"), ["failed_releasing", "ready"]);
        assert_eq!(words("tag", "a b,c"), ["a", "b", "c"]);
    }
}
