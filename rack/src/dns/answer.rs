//! What is answered to a query from the zones (RFC 1034 §4.3.2, 2308, 4592, 8020, 8482).
//!
//! Pure: zones and question give records and code.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::dns::zones::{Key, ServedZone, Zones, key_of, push_label};

/// The longest chain of aliases that is followed.
const ALIASES_MAX: usize = 8;

/// An answer with authority, or a referral.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The code; that of the last name of a chain of aliases.
    pub code: ResponseCode,
    /// Whether it is authoritative; a referral is not.
    pub authoritative: bool,
    /// The records that answer.
    pub answers: Vec<Record>,
    /// SOA of a negative answer, or NS of a referral.
    pub authority: Vec<Record>,
    /// Addresses of the servers in a referral.
    pub additional: Vec<Record>,
}

/// The answer, or none when the name is in no zone of ours.
#[must_use]
pub fn answer(zones: &Zones, name: &Name, kind: RecordType) -> Option<Answer> {
    let mut answer = Answer { authoritative: true, ..Answer::default() };
    let mut name = name.clone();
    let mut zone = zones.find(&name)?;
    for _ in 0..=ALIASES_MAX {
        match look_up(zone, &name, kind) {
            Found::Records(records) => {
                answer.answers.extend(records);
                return Some(answer);
            }
            Found::Alias(record, target) => {
                answer.answers.push(*record);
                let seen = answer.answers.iter().any(|record| record.name == target);
                let Some(next) = zones.find(&target).filter(|_| !seen) else {
                    return Some(answer);
                };
                (zone, name) = (next, target);
            }
            Found::Referral(servers) => {
                answer.authoritative = !answer.answers.is_empty();
                answer.additional = glue(zones, &servers);
                answer.authority = servers;
                return Some(answer);
            }
            Found::NoRecords => {
                answer.authority.push(negative_soa(zone));
                return Some(answer);
            }
            Found::NoName => {
                answer.code = ResponseCode::NXDomain;
                answer.authority.push(negative_soa(zone));
                return Some(answer);
            }
        }
    }
    Some(answer)
}

enum Found {
    Records(Vec<Record>),
    Alias(Box<Record>, Name),
    Referral(Vec<Record>),
    NoRecords,
    NoName,
}

fn look_up(zone: &ServedZone, name: &Name, kind: RecordType) -> Found {
    let labels: Vec<&[u8]> = name.iter().rev().collect();
    let mut key = Key::new();
    let mut encloser = Key::new();
    for (depth, label) in labels.iter().enumerate() {
        push_label(&mut key, label);
        let depth = depth + 1;
        if depth < zone.labels {
            continue;
        }
        if depth > zone.labels
            && let Some(servers) = zone.at(&key).and_then(|sets| sets.get(&RecordType::NS))
            && !(kind == RecordType::DS && depth == labels.len())
        {
            return Found::Referral(servers.clone());
        }
        if !zone.exists(&key) {
            return wildcard(zone, &encloser, name, kind);
        }
        encloser.clone_from(&key);
    }
    match zone.at(&key) {
        Some(sets) => choose(sets, name, kind),
        None => Found::NoRecords,
    }
}

/// The records of `*` below the closest name that exists (RFC 4592 §3.3.1).
fn wildcard(zone: &ServedZone, encloser: &Key, name: &Name, kind: RecordType) -> Found {
    let mut source = encloser.clone();
    push_label(&mut source, b"*");
    match zone.at(&source) {
        Some(sets) => choose(sets, name, kind),
        None => Found::NoName,
    }
}

/// `name` becomes the owner of what is found: as it was asked for, in its own letters.
fn choose(
    sets: &std::collections::BTreeMap<RecordType, Vec<Record>>,
    name: &Name,
    kind: RecordType,
) -> Found {
    let owned = |records: &Vec<Record>| -> Vec<Record> {
        let rename = |record: &Record| renamed(record, name);
        records.iter().map(rename).collect()
    };
    if let Some(records) = sets.get(&kind) {
        return Found::Records(owned(records));
    }
    if let Some(alias) = sets.get(&RecordType::CNAME).and_then(|records| records.first())
        && kind != RecordType::ANY
        && let RData::CNAME(target) = &alias.data
    {
        return Found::Alias(Box::new(renamed(alias, name)), target.0.clone());
    }
    // One set answers ANY (RFC 8482 §4.1).
    match sets.values().next().filter(|_| kind == RecordType::ANY) {
        Some(records) => Found::Records(owned(records)),
        None => Found::NoRecords,
    }
}

fn renamed(record: &Record, name: &Name) -> Record {
    let mut record = record.clone();
    record.name = name.clone();
    record
}

/// The SOA of a negative answer; its TTL says how long the answer may be remembered (RFC 2308 §3).
fn negative_soa(zone: &ServedZone) -> Record {
    let mut soa = zone.soa.clone();
    if let RData::SOA(data) = &soa.data {
        soa.ttl = soa.ttl.min(data.minimum);
    }
    soa
}

fn glue(zones: &Zones, servers: &[Record]) -> Vec<Record> {
    let mut found = Vec::new();
    for server in servers {
        let RData::NS(target) = &server.data else { continue };
        let Some(sets) = zones.find(&target.0).and_then(|zone| zone.at(&key_of(&target.0))) else {
            continue;
        };
        for kind in [RecordType::A, RecordType::AAAA] {
            found.extend(sets.get(&kind).into_iter().flatten().cloned());
        }
    }
    found
}

#[cfg(test)]
mod tests;
