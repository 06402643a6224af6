//! Words in filters that mean nothing: misspelt, they would find nothing, and nobody would know why.

use api::field_errors::FieldErrors;
use model::dns::domain::Domain;
use model::id::DomainId;
use model::mac::MacAddress;
use model::machine::power::PowerState;
use model::machine::status::Status;
use model::tag::Tag;
use tables::error::TableError;
use tables::names::DOMAIN_BY_NAME;
use tables::read::Reads;
use tables::site::{POOL_BY_NAME, ZONE_BY_NAME};

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
                    unknown.push(format!("'{word}'"));
                }
            }
            if !unknown.is_empty() {
                errors.add(*name, format!("No such {fact}(s): {}.", unknown.join(", ")));
            }
        }
        Ok(errors)
    }
}

fn exists(reads: &impl Reads, fact: &str, word: &String) -> Result<bool, TableError> {
    Ok(match fact {
        "tag" => reads.get::<Tag>(word)?.is_some(),
        "zone" => reads.find(&ZONE_BY_NAME, word)?.is_some(),
        "pool" => reads.find(&POOL_BY_NAME, word)?.is_some(),
        "domain" => {
            let by_id = word.parse().ok().map(DomainId);
            let by_id = by_id.map_or(Ok(None), |id| reads.get::<Domain>(&id))?;
            by_id.is_some() || reads.find(&DOMAIN_BY_NAME, &word.to_lowercase())?.is_some()
        }
        _ => true,
    })
}
