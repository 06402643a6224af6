//! What is answered to a query from the zones (RFC 1034 §4.3.2, 2308, 4592, 8020, 8482).
//!
//! Pure: zones and question give records and code.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use model::dns::name::push_label;

use crate::dns::zones::{Key, Zone, Zones, key_of, name_of};

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
        match look_up(&zone, &name, kind) {
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
                answer.authority.extend(negative_soa(&zone));
                return Some(answer);
            }
            Found::NoName => {
                answer.code = ResponseCode::NXDomain;
                answer.authority.extend(negative_soa(&zone));
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

fn look_up(zone: &Zone<'_>, name: &Name, kind: RecordType) -> Found {
    let labels: Vec<&[u8]> = name.iter().rev().collect();
    let mut key = Key::new();
    let mut encloser = Key::new();
    for (depth, label) in labels.iter().enumerate() {
        push_label(&mut key, label);
        let depth = depth + 1;
        if depth < zone.labels() {
            continue;
        }
        if depth > zone.labels() && !(kind == RecordType::DS && depth == labels.len()) {
            let servers = name_of(&key).map(|cut| zone.set(&key, RecordType::NS, &cut));
            if let Some(servers) = servers.filter(|servers| !servers.is_empty()) {
                return Found::Referral(servers);
            }
        }
        if !zone.exists(&key) {
            return wildcard(zone, &encloser, name, kind);
        }
        encloser.clone_from(&key);
    }
    choose(zone, &key, name, kind)
}

/// The records of `*` below the closest name that exists (RFC 4592 §3.3.1).
fn wildcard(zone: &Zone<'_>, encloser: &Key, name: &Name, kind: RecordType) -> Found {
    let mut source = encloser.clone();
    push_label(&mut source, b"*");
    if zone.has_records(&source) { choose(zone, &source, name, kind) } else { Found::NoName }
}

/// `name` becomes the owner of what is found: as it was asked for, in its own letters.
fn choose(zone: &Zone<'_>, key: &[u8], name: &Name, kind: RecordType) -> Found {
    // One set answers ANY (RFC 8482 §4.1).
    if kind == RecordType::ANY {
        let mut sets = zone.types(key).map(|kind| zone.set(key, kind, name));
        return sets.find(|set| !set.is_empty()).map_or(Found::NoRecords, Found::Records);
    }
    let records = zone.set(key, kind, name);
    if !records.is_empty() {
        return Found::Records(records);
    }
    if let Some(alias) = zone.set(key, RecordType::CNAME, name).into_iter().next()
        && let RData::CNAME(target) = &alias.data
    {
        let target = target.0.clone();
        return Found::Alias(Box::new(alias), target);
    }
    Found::NoRecords
}

/// The SOA of a negative answer; its TTL says how long the answer may be remembered (RFC 2308 §3).
fn negative_soa(zone: &Zone<'_>) -> Option<Record> {
    let mut soa = zone.soa()?;
    if let RData::SOA(data) = &soa.data {
        soa.ttl = soa.ttl.min(data.minimum);
    }
    Some(soa)
}

fn glue(zones: &Zones, servers: &[Record]) -> Vec<Record> {
    let mut found = Vec::new();
    for server in servers {
        let RData::NS(target) = &server.data else { continue };
        let Some(zone) = zones.find(&target.0) else { continue };
        for kind in [RecordType::A, RecordType::AAAA] {
            found.extend(zone.set(&key_of(&target.0), kind, &target.0));
        }
    }
    found
}

#[cfg(test)]
mod tests;
