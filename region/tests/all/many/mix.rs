//! Mixes: so many requests of each kind at the same time, and what must hold of their answers.
//!
//! No machine is the aim of two requests of one mix, so what becomes of each request is certain; but
//! an allocation may get a machine that is released in the same moment, or not.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use proptest::prelude::*;
use serde_json::Value;

use crate::many::harness::{Answer, Region, mac};

/// How many requests of each kind.
#[derive(Debug, Clone)]
pub(crate) struct Mix {
    /// Machines to allocate.
    allocate: usize,
    /// Allocated machines to deploy.
    deploy: usize,
    /// Machines of somebody to release.
    release: usize,
    /// Addresses to reserve.
    reserve: usize,
    /// Tags to give to one machine.
    tag: usize,
    /// Pools to make, and zones.
    group: usize,
    /// Machines to make, which are commissioned afterwards.
    create: usize,
}

/// What the strategy draws from.
pub(crate) fn mixes() -> impl Strategy<Value = Vec<Mix>> {
    let mix =
        (0..64_usize, 0..16_usize, 0..16_usize, 0..64_usize, 0..48_usize, 0..32_usize, 0..32_usize);
    let mix = mix.prop_map(|(allocate, deploy, release, reserve, tag, group, create)| Mix {
        allocate,
        deploy,
        release,
        reserve,
        tag,
        group,
        create,
    });
    prop::collection::vec(mix, 2..4)
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Allocate,
    Deploy,
    Release,
    Reserve,
    Tag,
    Pool,
    Zone,
    Create,
}

/// A request that is to be sent.
struct Ask {
    kind: Kind,
    path: String,
    form: Vec<(&'static str, String)>,
}

/// Runs mixes one after the other; returns what is wrong.
pub(crate) async fn run(region: &Region, mixes: &[Mix]) -> Vec<String> {
    let mut findings = Vec::new();
    for mix in mixes {
        findings.extend(one(region, mix).await);
    }
    findings
}

async fn one(region: &Region, mix: &Mix) -> Vec<String> {
    let before = Machines::read(region).await;
    let first = before.count;
    for number in 0..mix.tag {
        let tag = format!("t{number}");
        region.send("POST", "tags/", &[("name", tag.as_str())]).await;
    }
    let asks = asks(region, mix, &before);
    let sent = asks.iter().map(|ask| async {
        let form: Vec<(&str, &str)> =
            ask.form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        (ask.kind, region.send("POST", &ask.path, &form).await)
    });
    let answers: Vec<(Kind, Answer)> = join_all(sent).await;
    let after = Machines::read(region).await;
    let mut findings = refusals(&answers, mix, &before);
    findings.extend(given_twice(&answers));
    findings.extend(after.shared_addresses(&answers));
    findings.extend(tags_missing(mix, &before, &after));
    // Those that the next mix can have.
    let commissioned = (first..first + mix.create).map(|number| region.commission(number));
    for answer in join_all(commissioned).await {
        if matches!(answer.status, 409 | 500..) {
            findings.push(format!("agent: {} {}", answer.status, answer.text));
        }
    }
    findings
}

fn asks(region: &Region, mix: &Mix, before: &Machines) -> Vec<Ask> {
    let ask = |kind, path: &str, form: &[(&'static str, String)]| Ask {
        kind,
        path: path.to_owned(),
        form: form.to_vec(),
    };
    let subnet = region.subnet.to_string();
    let unique = before.revision;
    let mut asks = Vec::new();
    asks.extend((0..mix.allocate).map(|_| ask(Kind::Allocate, "machines/?op=allocate", &[])));
    for id in before.allocated.iter().take(mix.deploy) {
        let form = [("osystem", "debian".to_owned()), ("distro_series", "bookworm".to_owned())];
        asks.push(ask(Kind::Deploy, &format!("machines/{id}/?op=deploy"), &form));
    }
    for id in before.to_release(mix) {
        asks.push(ask(Kind::Release, &format!("machines/{id}/?op=release"), &[]));
    }
    let wanted = [("subnet", subnet)];
    asks.extend((0..mix.reserve).map(|_| ask(Kind::Reserve, "ipaddresses/?op=reserve", &wanted)));
    if let Some(id) = before.all.first() {
        let add = [("add", id.clone())];
        let path = |number| format!("tags/t{number}/?op=update_nodes");
        asks.extend((0..mix.tag).map(|number| ask(Kind::Tag, &path(number), &add)));
    }
    for number in 0..mix.group {
        let name = [("name", format!("g{unique}-{number}"))];
        asks.push(ask(Kind::Pool, "resourcepools/", &name));
        asks.push(ask(Kind::Zone, "zones/", &name));
    }
    for number in before.count..before.count + mix.create {
        let form = [
            ("architecture", "amd64/generic".to_owned()),
            ("mac_addresses", mac(number)),
            ("power_type", "manual".to_owned()),
        ];
        asks.push(ask(Kind::Create, "machines/", &form));
    }
    // Kinds beside each other, not one after the other.
    let kinds = asks.len().max(1);
    let mut shuffled: Vec<(usize, Ask)> =
        asks.into_iter().enumerate().map(|(at, ask)| (at * 7919 % kinds, ask)).collect();
    shuffled.sort_by_key(|(at, _)| *at);
    shuffled.into_iter().map(|(_, ask)| ask).collect()
}

/// Answers that the caller did not cause, and too few or too many successes.
fn refusals(answers: &[(Kind, Answer)], mix: &Mix, before: &Machines) -> Vec<String> {
    let mut findings: BTreeMap<String, usize> = BTreeMap::new();
    let is_caused = |kind: Kind, answer: &Answer| {
        kind == Kind::Allocate && answer.status == 409 && answer.text == "No machine available."
    };
    for (kind, answer) in answers {
        if !answer.is_success() && !is_caused(*kind, answer) {
            let said = format!("{kind:?}: {} {}", answer.status, answer.text.trim());
            *findings.entry(said).or_default() += 1;
        }
    }
    let mut findings: Vec<String> =
        findings.into_iter().map(|(said, times)| format!("{times} x {said}")).collect();
    let given = successes(answers, Kind::Allocate).count();
    let least = mix.allocate.min(before.ready.len());
    let most = mix.allocate.min(before.ready.len() + before.to_release(mix).len());
    if !(least..=most).contains(&given) {
        findings.push(format!("{given} machines were allocated, not {least} to {most}"));
    }
    findings
}

fn successes(answers: &[(Kind, Answer)], kind: Kind) -> impl Iterator<Item = Value> {
    answers
        .iter()
        .filter(move |(of, answer)| *of == kind && answer.is_success())
        .map(|(_, answer)| answer.json())
}

/// What two answers gave to two callers.
fn given_twice(answers: &[(Kind, Answer)]) -> Vec<String> {
    let kinds = [
        (Kind::Allocate, "system_id"),
        (Kind::Create, "system_id"),
        (Kind::Create, "hostname"),
        (Kind::Reserve, "ip"),
        (Kind::Pool, "id"),
        (Kind::Zone, "id"),
    ];
    let mut findings = Vec::new();
    for (kind, name) in kinds {
        let mut seen = BTreeSet::new();
        for value in successes(answers, kind) {
            let value = value[name].to_string();
            if !seen.insert(value.clone()) {
                findings.push(format!("{kind:?}: {name} {value} was given twice"));
            }
        }
    }
    findings
}

fn tags_missing(mix: &Mix, before: &Machines, after: &Machines) -> Vec<String> {
    let Some(id) = before.all.first() else { return Vec::new() };
    let carried = &after.tags[id];
    let missing = (0..mix.tag).filter(|number| !carried.contains(&format!("t{number}"))).count();
    if missing == 0 { Vec::new() } else { vec![format!("{missing} tags are not carried")] }
}

/// All machines at one moment.
struct Machines {
    count: usize,
    /// Different for every mix.
    revision: usize,
    all: Vec<String>,
    ready: Vec<String>,
    allocated: Vec<String>,
    deploying: Vec<String>,
    tags: BTreeMap<String, BTreeSet<String>>,
    addresses: Vec<String>,
}

impl Machines {
    async fn read(region: &Region) -> Self {
        let pools = region.send("GET", "resourcepools/", &[]).await.success().json();
        let listed = region.send("GET", "machines/", &[]).await.success().json();
        let listed = listed.as_array().unwrap();
        let id = |machine: &Value| machine["system_id"].as_str().unwrap().to_owned();
        let of = |status: &str| -> Vec<String> {
            listed.iter().filter(|machine| machine["status_name"] == status).map(id).collect()
        };
        let texts = |list: &Value| -> Vec<String> {
            let texts = list.as_array().into_iter().flatten();
            texts.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            count: listed.len(),
            revision: listed.len() * 1000 + pools.as_array().unwrap().len(),
            all: listed.iter().map(id).collect(),
            ready: of("Ready"),
            allocated: of("Allocated"),
            deploying: of("Deploying"),
            tags: listed
                .iter()
                .map(|machine| (id(machine), texts(&machine["tag_names"]).into_iter().collect()))
                .collect(),
            addresses: listed.iter().flat_map(|machine| texts(&machine["ip_addresses"])).collect(),
        }
    }

    /// Machines of somebody that nobody deploys in the same mix.
    fn to_release(&self, mix: &Mix) -> Vec<String> {
        let left = self.allocated.iter().skip(mix.deploy);
        self.deploying.iter().chain(left).take(mix.release).cloned().collect()
    }

    /// Addresses that two machines have, or a machine and a user.
    fn shared_addresses(&self, answers: &[(Kind, Answer)]) -> Vec<String> {
        let reserved = successes(answers, Kind::Reserve);
        let reserved = reserved.filter_map(|reserved| Some(reserved["ip"].as_str()?.to_owned()));
        let mut seen = BTreeSet::new();
        let all = self.addresses.iter().cloned().chain(reserved);
        let twice = all.filter(|address| !seen.insert(address.clone()));
        twice.map(|address| format!("address {address} was given twice")).collect()
    }
}
