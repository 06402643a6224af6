//! Plans: what a request would change, by object and by what it means for machines, addresses and names.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::Response;
use http::StatusCode;
use model::machine::power::PowerState;
use serde::Serialize;
use serde_json::{Value, json};
use tables::read::Reads;
use tables::request::planned::{Planned, PlannedChange};
use utoipa::ToSchema;

use crate::called;
use crate::difference::Difference;
use crate::item::text_of;
use crate::problem::Problem;
use crate::read;
use crate::registry::RESOURCES;
use crate::request::Request;

/// What would become of an object.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ObjectPlan {
    /// The kind of object; null for what is no resource of its own.
    pub resource: Option<String>,
    /// The table that it is stored in.
    pub table: String,
    /// Its id; a new one may get another id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `create`, `update` or `delete`.
    pub change: String,
    /// The members that would differ; empty for one that goes.
    pub differences: Vec<Difference>,
}

/// What would become of a machine besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MachineEffect {
    /// Its id.
    pub system_id: String,
    /// Its name.
    pub hostname: String,
    /// Whether it is switched off or restarted.
    pub loses_power: bool,
    /// Whether what is on its disks is overwritten or erased.
    pub loses_data: bool,
}

/// What a plan means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Effects {
    /// Machines that lose power or data.
    pub machines: Vec<MachineEffect>,
    /// Addresses that somebody would get.
    pub addresses_taken: Vec<String>,
    /// Addresses that would be given back.
    pub addresses_freed: Vec<String>,
    /// Names that would be new in the DNS.
    pub names_added: Vec<String>,
    /// Names that would be gone from the DNS.
    pub names_removed: Vec<String>,
    /// Addresses whose leases would end.
    pub leases_ended: Vec<String>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Plan {
    /// What it rests on: send it as `if_plan` to have done what is shown, or nothing.
    pub plan: String,
    /// The revision that it was made at.
    pub revision: u64,
    /// What would become of which objects.
    pub changes: Vec<ObjectPlan>,
    /// How many more would change.
    pub more: u32,
    /// What that means.
    pub effects: Effects,
}

/// The plan of a request; `at` is what there is without it.
#[must_use]
pub fn plan(planned: &Planned, at: &impl Reads) -> Plan {
    let changes = planned.changes();
    let objects = changes.iter().filter(|change| !is_following(change));
    Plan {
        plan: planned.fingerprint().to_string(),
        revision: planned.revision(),
        effects: effects(&changes, at),
        changes: objects.map(|change| object(change, at)).collect(),
        more: planned.more(),
    }
}

impl Effects {
    /// What both mean.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let Self {
            machines,
            addresses_taken,
            addresses_freed,
            names_added,
            names_removed,
            leases_ended,
        } = other;
        self.machines.extend(machines);
        self.addresses_taken.extend(addresses_taken);
        self.addresses_freed.extend(addresses_freed);
        self.names_added.extend(names_added);
        self.names_removed.extend(names_removed);
        self.leases_ended.extend(leases_ended);
        self
    }
}

/// The same as an answer.
#[must_use]
pub fn answer(request: &Request, planned: &Planned) -> Response {
    let plan = serde_json::to_value(plan(planned, &request.view)).unwrap_or_default();
    read::answer(request, StatusCode::OK, plan)
}

/// Whether a row only follows from another one, whose plan says it.
fn is_following(change: &PlannedChange) -> bool {
    matches!(change.table, "binding" | "block" | "powerjob")
}

fn object(change: &PlannedChange, at: &impl Reads) -> ObjectPlan {
    let resource =
        RESOURCES.iter().find(|known| known.rows.is_some_and(|rows| rows.table == change.table));
    let kind = match (&change.before, &change.after) {
        (None, _) => "create",
        (Some(_), None) => "delete",
        (Some(_), Some(_)) => "update",
    };
    let differences = match &change.after {
        None => Vec::new(),
        Some(after) => called::differing(at, change.before.as_ref().unwrap_or(&Value::Null), after),
    };
    let row = change.after.as_ref().or(change.before.as_ref());
    let name = row.and_then(|row| called::row(at, change.table, row));
    let name = name.or_else(|| called::of_machine(at, &change.id));
    ObjectPlan {
        resource: resource.map(|resource| resource.name.to_owned()),
        table: change.table.to_owned(),
        id: change.id.clone(),
        name: name.unwrap_or_else(|| change.id.clone()),
        change: kind.to_owned(),
        differences,
    }
}

fn effects(changes: &[PlannedChange], at: &impl Reads) -> Effects {
    let mut effects = Effects::default();
    let mut machines: BTreeMap<String, MachineEffect> = BTreeMap::new();
    let (mut had, mut has) = (BTreeSet::new(), BTreeSet::new());
    for change in changes {
        let sides = [(&change.before, &mut had), (&change.after, &mut has)];
        for (row, addresses) in sides {
            if let Some(row) = row.as_ref().filter(|_| change.table != "binding") {
                addresses.extend(addresses_in(row));
            }
        }
        names(change, &mut effects);
        match change.table {
            "machine" => note_machine(change, &mut machines),
            "powerjob" => note_power(change, at, &mut machines),
            "binding" if change.after.is_none() => effects.leases_ended.push(change.id.clone()),
            _ => {}
        }
    }
    effects.addresses_taken = has.difference(&had).cloned().collect();
    effects.addresses_freed = had.difference(&has).cloned().collect();
    effects.machines =
        machines.into_values().filter(|found| found.loses_power || found.loses_data).collect();
    effects
}

/// The addresses that a row holds for somebody.
fn addresses_in(row: &Value) -> Vec<String> {
    let of_links = row.get("interfaces").and_then(Value::as_array).into_iter().flatten();
    let links = of_links.filter_map(|found| found.get("links")?.as_array()).flatten();
    let linked = links.filter_map(|link| link.get("ip_address")?.as_str());
    let own = ["ip", "ip_addresses", "addresses"].iter().filter_map(|name| row.get(*name));
    let own = own.flat_map(|value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect::<Vec<_>>(),
    });
    linked.chain(own).map(str::to_owned).collect()
}

fn names(change: &PlannedChange, effects: &mut Effects) {
    if !matches!(change.table, "machine" | "device" | "dnsresource" | "domain") {
        return;
    }
    let name =
        |row: &Value| ["hostname", "name"].iter().find_map(|field| Some(text_of(row.get(*field)?)));
    let had = change.before.as_ref().and_then(name);
    let has = change.after.as_ref().and_then(name);
    if had != has {
        effects.names_removed.extend(had);
        effects.names_added.extend(has);
    }
}

fn machine<'a>(
    id: &str,
    machines: &'a mut BTreeMap<String, MachineEffect>,
) -> &'a mut MachineEffect {
    machines.entry(id.to_owned()).or_insert_with(|| MachineEffect {
        system_id: id.to_owned(),
        hostname: String::new(),
        loses_power: false,
        loses_data: false,
    })
}

/// Phases in which the disks of a machine are written or erased.
const OVERWRITING: &[&str] = &["Deploying", "DiskErasing"];

fn note_machine(change: &PlannedChange, machines: &mut BTreeMap<String, MachineEffect>) {
    let found = machine(&change.id, machines);
    found.hostname.clone_from(&change.name);
    let phase = |row: &Option<Value>| {
        let phase = row.as_ref().and_then(|row| row.pointer("/lifecycle/phase").cloned());
        phase.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (before, after) = (phase(&change.before), phase(&change.after));
    found.loses_data |= before != after && OVERWRITING.contains(&after.as_str());
}

/// A machine that is on, or of which nobody knows whether it is, loses power when it is switched off, and when it boots
/// from the network, which restarts it.
fn note_power(
    change: &PlannedChange,
    at: &impl Reads,
    machines: &mut BTreeMap<String, MachineEffect>,
) {
    let action = change.after.as_ref().and_then(|job| job.get("action"));
    let action = action.map(text_of).unwrap_or_default();
    let known = change.id.parse().ok().and_then(|id| at.state().machine(&id));
    let is_off = known.is_some_and(|machine| machine.power.state == PowerState::Off);
    let found = machine(&change.id, machines);
    found.loses_power |= matches!(&*action, "Off" | "NetworkBoot") && !is_off;
    if let Some(known) = known {
        found.hostname.clone_from(&known.hostname);
    }
}

/// What is said of a plan that does not hold any more.
#[must_use]
pub fn moved(problem: Problem, keys: &[String]) -> Problem {
    problem.with("moved", json!(keys))
}
