//! Words in filters that mean nothing: misspelt, they would find nothing, and nobody would know why.

use std::collections::BTreeSet;

use api::field_errors::FieldErrors;
use model::dns::domain::Domain;
use model::id::{AvailabilityZoneId, DomainId, ResourcePoolId};
use model::mac::MacAddress;
use model::machine::architecture::{ARCHITECTURES, is_architecture};
use model::machine::power::PowerState;
use model::machine::status::Status;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::tag::Tag;
use model::zone::AvailabilityZone;
use tables::error::TableError;
use tables::names::DOMAIN_BY_NAME;
use tables::read::Reads;
use tables::site::{POOL_BY_NAME, USER_BY_NAME, ZONE_BY_NAME};

use super::facts::{Facts, add_connection, add_subnet};
use super::{Condition, Filter};

/// Power states in the words of the filter.
const POWER_STATES: [PowerState; 4] =
    [PowerState::On, PowerState::Off, PowerState::Unknown, PowerState::Error];

/// What is wrong with the words that constraint `name` gives for a fact, if that can be told without
/// looking at the site.
pub(super) fn check_words(name: &str, fact: &str, words: &[String]) -> Result<(), String> {
    for word in words {
        let is_known = match fact {
            "status" => Status::ALL
                .iter()
                .any(|status| *word == status.filter_name() || *word == status.code().to_string()),
            "simple_status" => Status::ALL.iter().any(|status| *word == status.simple_name()),
            "power_state" => {
                POWER_STATES.iter().any(|state| *word == format!("{state:?}").to_lowercase())
            }
            "mac" => word.parse::<MacAddress>().is_ok(),
            "arch" if !ARCHITECTURES.contains(&word.as_str()) && !is_architecture(word) => {
                return Err("Architecture not recognised.".to_owned());
            }
            _ => true,
        };
        if !is_known {
            return Err(format!("Invalid {name}: '{word}' is none."));
        }
    }
    Ok(())
}

impl Filter {
    /// What it names that there is not, by constraint.
    ///
    /// # Errors
    /// [`TableError`].
    pub(crate) fn names_unknown(&self, reads: &impl Reads) -> Result<FieldErrors, TableError> {
        let mut errors = FieldErrors::default();
        for condition in &self.conditions {
            let Condition::Words { name, fact, words, .. } = condition else { continue };
            let mut unknown = Vec::new();
            for word in words {
                if !exists(reads, fact, word)? {
                    unknown.push(word.as_str());
                }
            }
            let is_all = unknown.len() == words.len();
            if let Some(message) = message_of(fact, &unknown, is_all) {
                errors.add(*name, message);
            }
        }
        Ok(errors)
    }
}

/// What MAAS says of words that there are not. It takes VLANs and subnets as long as one is there.
fn message_of(fact: &str, unknown: &[&str], is_all: bool) -> Option<String> {
    let first = unknown.first()?;
    let quoted = || format!("'{}'", unknown.join("', '"));
    Some(match fact {
        "zone" | "pool" => format!("No such {fact}(s): {}.", unknown.join(", ")),
        "owner" => format!("No such owner: '{first}'."),
        "subnet" | "vlan" if !is_all => return None,
        "subnet" => "No matching subnets found.".to_owned(),
        "vlan" => "No matching VLANs found.".to_owned(),
        _ => format!("No such {fact}(s): {}.", quoted()),
    })
}

/// Whether a subnet or VLAN is called so, or belongs to what is.
fn is_network(reads: &impl Reads, fact: &'static str, word: &str) -> Result<bool, TableError> {
    let kinds = BTreeSet::from([fact]);
    for vlan in reads.list::<Vlan>()? {
        let mut facts = Facts::about(&kinds);
        add_connection(reads, &Some(vlan), &mut facts)?;
        if facts.has(fact, word) {
            return Ok(true);
        }
    }
    for subnet in reads.list::<Subnet>()?.iter().filter(|_| fact == "subnet") {
        let mut facts = Facts::about(&kinds);
        add_subnet(subnet, &mut facts);
        if facts.has(fact, word) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn exists(reads: &impl Reads, fact: &'static str, word: &String) -> Result<bool, TableError> {
    Ok(match fact {
        "tag" => reads.get::<Tag>(word)?.is_some(),
        "zone" => {
            let by_id = word.parse().ok().map(AvailabilityZoneId);
            let by_id = by_id.map_or(Ok(None), |id| reads.get::<AvailabilityZone>(&id))?;
            by_id.is_some() || reads.find(&ZONE_BY_NAME, word)?.is_some()
        }
        "pool" => {
            let by_id = word.parse().ok().map(ResourcePoolId);
            let by_id = by_id.map_or(Ok(None), |id| reads.get::<ResourcePool>(&id))?;
            by_id.is_some() || reads.find(&POOL_BY_NAME, word)?.is_some()
        }
        "owner" => reads.find(&USER_BY_NAME, word)?.is_some(),
        "subnet" | "vlan" => is_network(reads, fact, word)?,
        "domain" => {
            let by_id = word.parse().ok().map(DomainId);
            let by_id = by_id.map_or(Ok(None), |id| reads.get::<Domain>(&id))?;
            by_id.is_some() || reads.find(&DOMAIN_BY_NAME, &word.to_lowercase())?.is_some()
        }
        _ => true,
    })
}
