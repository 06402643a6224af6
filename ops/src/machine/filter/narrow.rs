//! Which machines a filter has to be asked about: those that the model in memory finds by what it says.
//!
//! A condition is met only by machines that it names ([`Meeting`]), and the one that names the fewest is enough to find all
//! that are meant. Whether they are, the filter itself says.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::id::{AvailabilityZoneId, FabricId, ResourcePoolId, SystemId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::status::Status;
use model::net::fabric::Fabric;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::machine::filter::facts::{Facts, add_fabric, add_subnet, add_vlan};
use crate::machine::filter::{Condition, Filter};
use tables::error::TableError;
use tables::read::Reads;
use tables::site::{POOL_BY_NAME, USER_BY_NAME, ZONE_BY_NAME};
use tables::views::machines::{MachineKey, Machines};

impl Filter {
    /// The machines that can be meant, in the order of their ids; none when they are not known to be fewer than so many.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn candidates(
        &self,
        reads: &impl Reads,
        fewer_than: usize,
    ) -> Result<Option<Vec<Arc<Machine>>>, TableError> {
        self.candidates_among(reads, reads.state().all_machines(), fewer_than)
    }

    /// The same of some nodes: machines, or devices.
    ///
    /// # Errors
    /// [`TableError`].
    pub(crate) fn candidates_among(
        &self,
        reads: &impl Reads,
        among: &Machines,
        fewer_than: usize,
    ) -> Result<Option<Vec<Arc<Machine>>>, TableError> {
        let (mut count, mut fewest) = (fewer_than, None);
        for condition in &self.conditions {
            for meeting in meetings(reads, condition)? {
                if meeting.count(among) < count {
                    (count, fewest) = (meeting.count(among), Some(meeting));
                }
            }
            if count <= 1 {
                break;
            }
        }
        Ok(fewest.map(|meeting: Meeting| meeting.machines(among)))
    }
}

/// The machines that can meet a condition.
enum Meeting {
    /// Those with one of these ids.
    Ids(BTreeSet<SystemId>),
    /// Those that have one of these keys.
    Keys(BTreeSet<MachineKey>),
}

impl Meeting {
    /// How many they are at most.
    fn count(&self, among: &Machines) -> usize {
        match self {
            Self::Ids(ids) => ids.len(),
            Self::Keys(keys) => keys.iter().map(|key| among.count_with(key)).sum(),
        }
    }

    fn machines(&self, among: &Machines) -> Vec<Arc<Machine>> {
        match self {
            Self::Ids(ids) => ids.iter().filter_map(|id| among.get(id)).cloned().collect(),
            Self::Keys(keys) => among.with(keys).into_iter().cloned().collect(),
        }
    }
}

/// Each of these has all machines that can meet the condition.
fn meetings(reads: &impl Reads, condition: &Condition) -> Result<Vec<Meeting>, TableError> {
    Ok(match condition {
        Condition::Key(key) => vec![Meeting::Keys(BTreeSet::from([key.clone()]))],
        Condition::Words { fact, words, all: true, negated: false, .. } => {
            let each = words.iter().map(|word| meeting(reads, fact, std::slice::from_ref(word)));
            each.filter_map(Result::transpose).collect::<Result<_, _>>()?
        }
        Condition::Words { fact, words, all: false, negated: false, .. } => {
            meeting(reads, fact, words)?.into_iter().collect()
        }
        Condition::Words { negated: true, .. }
        | Condition::AtLeast { .. }
        | Condition::Demand(_) => Vec::new(),
    })
}

/// The machines of which one of the words can be a fact; none when the model does not know them by it.
fn meeting(
    reads: &impl Reads,
    fact: &'static str,
    words: &[String],
) -> Result<Option<Meeting>, TableError> {
    let each = |key: &dyn Fn(&String) -> Result<Option<MachineKey>, TableError>| {
        words.iter().filter_map(|word| key(word).transpose()).collect::<Result<_, _>>()
    };
    Ok(Some(Meeting::Keys(match fact {
        "system_id" => {
            return Ok(Some(Meeting::Ids(words.iter().filter_map(|id| id.parse().ok()).collect())));
        }
        // A full name says its domain, which the facts of the machine are compared with.
        "name" => each(&|word| {
            let label = word.split('.').next().unwrap_or_default().to_lowercase();
            Ok(Some(MachineKey::Hostname(label.into())))
        })?,
        "mac" => each(&|word| Ok(word.parse::<MacAddress>().ok().map(MachineKey::Mac)))?,
        "tag" => each(&|word| Ok(Some(MachineKey::Tag(word.as_str().into()))))?,
        "owner" => each(&|word| {
            Ok(reads.find(&USER_BY_NAME, word)?.map(|user| MachineKey::Owner(user.id)))
        })?,
        "zone" => {
            let mut keys = each(&|word| {
                Ok(reads.find(&ZONE_BY_NAME, word)?.map(|zone| MachineKey::Zone(zone.id)))
            })?;
            let ids = words.iter().filter_map(|word| word.parse().ok().map(AvailabilityZoneId));
            keys.extend(ids.map(MachineKey::Zone));
            keys
        }
        "pool" => {
            let mut keys = each(&|word| {
                Ok(reads.find(&POOL_BY_NAME, word)?.map(|pool| MachineKey::Pool(pool.id)))
            })?;
            let ids = words.iter().filter_map(|word| word.parse().ok().map(ResourcePoolId));
            keys.extend(ids.map(MachineKey::Pool));
            keys
        }
        "status" => statuses(words, |status| {
            vec![status.filter_name().to_owned(), status.code().to_string()]
        }),
        "simple_status" => statuses(words, |status| vec![status.simple_name().to_owned()]),
        "vlan" | "subnet" if words.iter().any(|word| is_indirect(fact, word)) => return Ok(None),
        "vlan" => vlans(reads, fact, words)?,
        "fabric" | "fabric_class" => of_fabrics(reads, fact, words)?,
        "subnet" => subnets(reads, fact, words)?,
        _ => return Ok(None),
    })))
}

/// Whether a word says what a VLAN or subnet belongs to: spaces are facts of both, and what is in none is
/// in a space, too. A subnet is meant also by the VLAN of an interface that is not linked to it.
fn is_indirect(fact: &str, word: &str) -> bool {
    let of_both = ["space:", "fabric:"];
    let of_subnets: &[&str] = if fact == "subnet" { &["vlan:", "vid:", "ip:"] } else { &[] };
    of_both.iter().chain(of_subnets).any(|prefix| word.starts_with(prefix))
}

fn statuses(words: &[String], names: impl Fn(&Status) -> Vec<String>) -> BTreeSet<MachineKey> {
    let meant = |status: &&Status| names(status).iter().any(|name| words.contains(name));
    Status::ALL.iter().filter(meant).copied().map(MachineKey::Status).collect()
}

/// What one of the words is a fact of, as far as `known` tells of it.
fn called<'a, T>(
    kinds: &'a BTreeSet<&'static str>,
    words: &[String],
    known: impl Fn(&T, &mut Facts<'a>),
) -> impl Fn(&T) -> bool {
    move |object| {
        let mut facts = Facts::about(kinds);
        known(object, &mut facts);
        kinds.iter().any(|kind| words.iter().any(|word| facts.has(kind, word)))
    }
}

fn vlans(
    reads: &impl Reads,
    fact: &'static str,
    words: &[String],
) -> Result<BTreeSet<MachineKey>, TableError> {
    let kinds = BTreeSet::from([fact]);
    let is_meant = called(&kinds, words, add_vlan);
    let meant = reads.list::<Vlan>()?.into_iter().filter(is_meant);
    Ok(meant.map(|vlan| MachineKey::Vlan(vlan.id)).collect())
}

fn of_fabrics(
    reads: &impl Reads,
    fact: &'static str,
    words: &[String],
) -> Result<BTreeSet<MachineKey>, TableError> {
    let kinds = BTreeSet::from([fact]);
    let is_meant = called(&kinds, words, add_fabric);
    let fabrics = reads.list::<Fabric>()?.into_iter().filter(is_meant);
    let fabrics: BTreeSet<FabricId> = fabrics.map(|fabric| fabric.id).collect();
    let says_so = called(&kinds, words, add_vlan);
    let vlans = reads.list::<Vlan>()?.into_iter();
    let meant = vlans.filter(|vlan| fabrics.contains(&vlan.fabric) || says_so(vlan));
    Ok(meant.map(|vlan| MachineKey::Vlan(vlan.id)).collect())
}

fn subnets(
    reads: &impl Reads,
    fact: &'static str,
    words: &[String],
) -> Result<BTreeSet<MachineKey>, TableError> {
    let kinds = BTreeSet::from([fact]);
    let is_meant = called(&kinds, words, add_subnet);
    let meant = reads.list::<Subnet>()?.into_iter().filter(is_meant);
    Ok(meant.map(|subnet| MachineKey::Subnet(subnet.id)).collect())
}

#[cfg(test)]
mod tests;
