//! What would have to be done for a site to be as a file says: pure, over two sites as files name them.
//!
//! What nothing refers to and is not wanted goes first, then everything is made and changed in the order of the sections, then
//! what serves others is switched on, and at last goes what others referred to.

use std::collections::{BTreeMap, BTreeSet};

use model::secret::HIDDEN;
use serde_json::{Value, json};

use crate::cli::secret;
use crate::cli::site::document::{Document, Entry, is_empty, is_same};
use crate::cli::site::kind::{Field, Fields, Form, Kind, Verb, sections};

/// A field that has another value than is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// The field.
    pub(crate) field: &'static str,
    /// What it is; null for nothing.
    pub(crate) before: Value,
    /// What is wanted.
    pub(crate) after: Value,
}

/// What is done to an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    /// It is made with these fields.
    Create(Fields),
    /// These fields are changed.
    Change(Vec<Difference>),
    /// It is removed; a setting gets its default.
    Delete,
}

/// Something that is done.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The kind of object.
    pub(crate) kind: &'static Kind,
    /// Its name.
    pub(crate) name: String,
    /// What is done to it.
    pub(crate) act: Act,
}

/// Everything that is done, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// The steps.
    pub(crate) steps: Vec<Step>,
    /// Why it cannot be done; nothing is done then.
    pub(crate) problems: Vec<String>,
}

/// The names of what is there, by kind.
pub(crate) type Names<'a> = BTreeSet<(&'a str, &'a str)>;

/// What there is to do for a site to be as is wanted. References are looked for among `there` and in what is wanted, unless
/// nothing is known of what is there.
pub(crate) fn plan(
    wanted: &Document,
    present: &Document,
    there: Option<&Names<'_>>,
    prune: bool,
) -> Plan {
    let mut steps = Steps::default();
    let mut problems = Vec::new();
    for kind in sections() {
        let Some(entries) = wanted.sections.get(kind.name) else { continue };
        let present = present.sections.get(kind.name).map_or(&[][..], Vec::as_slice);
        let by_name: BTreeMap<&str, &Entry> =
            present.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        for entry in entries {
            let now = by_name.get(entry.name.as_str()).copied();
            let what = |message: String| {
                format!("line {}: {} {}: {message}", entry.line, kind.singular(), entry.name)
            };
            problems.extend(missing(kind, entry, wanted, there).into_iter().map(&what));
            match steps.add(kind, entry, now) {
                Ok(()) => {}
                Err(message) => problems.push(what(message)),
            }
        }
        if prune {
            let is_named = |name: &str| entries.iter().any(|entry| entry.name == name);
            let is_replaced = |entry: &Entry| is_default(entry) && entries.iter().any(is_default);
            let gone = present.iter().filter(|entry| !is_named(&entry.name));
            let gone = gone.filter(|entry| !entry.stays || is_replaced(entry));
            // What a file cannot tell because it is secret is not missing in it.
            let gone = gone.filter(|entry| !entry.fields.values().any(secret::is_in));
            steps.remove(kind, gone.map(|entry| entry.name.clone()));
        }
    }
    Plan { steps: steps.in_order(), problems }
}

/// Whether a domain is the default one: it stays until another one is.
fn is_default(entry: &Entry) -> bool {
    entry.fields.get("is_default") == Some(&Value::Bool(true))
}

#[derive(Debug, Default)]
struct Steps {
    leaves_removed: Vec<Step>,
    changed: Vec<Step>,
    late: Vec<Step>,
    removed: Vec<Step>,
}

impl Steps {
    fn add(
        &mut self,
        kind: &'static Kind,
        wanted: &Entry,
        now: Option<&Entry>,
    ) -> Result<(), String> {
        let step = |act| Step { kind, name: wanted.name.clone(), act };
        let nothing = Fields::new();
        let differences = differences(kind, wanted, now.map_or(&nothing, |now| &now.fields));
        let is_late = |difference: &Difference| {
            let is_on = !is_empty(&difference.after) && difference.after != Value::Bool(false);
            is_on && kind.field(difference.field).is_some_and(|field| field.is_late)
        };
        let (late, normal): (Vec<Difference>, Vec<Difference>) =
            differences.into_iter().partition(is_late);
        if now.is_some() {
            let is_fixed = |it: &&Difference| kind.field(it.field).is_some_and(Field::is_fixed);
            if let Some(fixed) = normal.iter().find(is_fixed) {
                return Err(format!("{} cannot be changed", fixed.field));
            }
            if !normal.is_empty() {
                self.changed.push(step(Act::Change(normal)));
            }
        } else {
            let is_given = |field: &&Field| wanted.fields.contains_key(field.name);
            let mut needed = kind.fields().iter().filter(|field| field.is_needed);
            if let Some(field) = needed.find(|field| !is_given(field)) {
                return Err(format!("it is not there, and is not made without {}", field.name));
            }
            let mut fields = wanted.fields.clone();
            fields.retain(|name, _| !late.iter().any(|late| late.field == name));
            self.changed.push(step(Act::Create(fields)));
        }
        if !late.is_empty() {
            self.late.push(step(Act::Change(late)));
        }
        Ok(())
    }

    fn remove(&mut self, kind: &'static Kind, names: impl Iterator<Item = String>) {
        let steps = names.map(|name| Step { kind, name, act: Act::Delete });
        let removed = if kind.is_leaf { &mut self.leaves_removed } else { &mut self.removed };
        removed.extend(steps);
    }

    fn in_order(self) -> Vec<Step> {
        let Self { leaves_removed, changed, late, mut removed } = self;
        removed.reverse();
        [leaves_removed, changed, late, removed].concat()
    }
}

/// The fields that are named and have other values.
pub(crate) fn differences(kind: &Kind, wanted: &Entry, now: &Fields) -> Vec<Difference> {
    let fields = kind.fields().iter().filter(|field| !kind.key.contains(&field.name));
    let found = fields.filter_map(|field| {
        let after = wanted.fields.get(field.name)?;
        let before = now.get(field.name).unwrap_or(&Value::Null);
        (!is_as_wanted(field, before, after)).then(|| Difference {
            field: field.name,
            before: before.clone(),
            after: after.clone(),
        })
    });
    found.collect()
}

/// Whether a field is as it is wanted. Of the parameters of a power driver only those that are named are meant: secrets are
/// never told.
pub(crate) fn is_as_wanted(field: &Field, before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after))
            if field.form == Form::Map && field.verb != Some(Verb::Annotations) =>
        {
            let now = |name: &str| before.get(name).unwrap_or(&Value::Null);
            after.iter().all(|(name, value)| is_same(now(name), value))
        }
        _ => is_same(before, after),
    }
}

/// What an object refers to that is neither there nor wanted.
fn missing(
    kind: &Kind,
    entry: &Entry,
    wanted: &Document,
    there: Option<&Names<'_>>,
) -> Vec<String> {
    let Some(there) = there else { return Vec::new() };
    let mut told = Vec::new();
    for field in kind.fields().iter().filter(|field| !field.refers.is_empty()) {
        let names: Vec<&str> = match entry.fields.get(field.name) {
            Some(Value::String(name)) if !name.is_empty() => vec![name.as_str()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        for name in names {
            let is_wanted = |kind: &&str| {
                let entries = wanted.sections.get(*kind).into_iter().flatten();
                entries.into_iter().any(|entry| entry.name == name)
            };
            let is_there = |kind: &&str| there.contains(&(*kind, name));
            if !field.refers.iter().any(|kind| is_wanted(kind) || is_there(kind)) {
                told.push(format!("{}: there is no {name}, here or on the site", field.name));
            }
        }
    }
    told
}

impl Step {
    /// What is done, to what: `change subnet 10.0.0.0/24`.
    pub(crate) fn title(&self) -> String {
        let name = secret::without_passwords(&self.name);
        format!("{} {} {name}", self.word(), self.kind.singular())
    }

    fn word(&self) -> &'static str {
        match self.act {
            Act::Create(_) if self.kind.is_map() => "set",
            Act::Create(_) => "create",
            Act::Change(_) if self.kind.is_map() => "set",
            Act::Change(_) => "change",
            Act::Delete if self.kind.is_map() => "reset",
            Act::Delete => "delete",
        }
    }

    /// The same for people: a line with a sign, and a line for each field.
    pub(crate) fn lines(&self) -> Vec<String> {
        let sign = match self.act {
            Act::Create(_) => '+',
            Act::Change(_) => '~',
            Act::Delete => '-',
        };
        let mut lines = vec![format!("{sign} {}", self.title())];
        match &self.act {
            Act::Create(fields) => {
                let told = fields.iter().filter(|(name, value)| {
                    !self.kind.key.contains(&name.as_str()) && !is_empty(value)
                });
                lines.extend(told.map(|(name, value)| format!("    {name}: {}", shown(value))));
            }
            Act::Change(differences) => lines.extend(differences.iter().map(|it| {
                format!("    {}: {} → {}", it.field, shown(&it.before), shown(&it.after))
            })),
            Act::Delete => {}
        }
        lines
    }

    /// The same for programs.
    pub(crate) fn as_json(&self) -> Value {
        let fields = match &self.act {
            Act::Create(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), json!({ "after": hidden(value) })))
                .collect(),
            Act::Change(differences) => differences
                .iter()
                .map(|it| {
                    let (before, after) = (hidden(&it.before), hidden(&it.after));
                    (it.field.to_owned(), json!({ "before": before, "after": after }))
                })
                .collect(),
            Act::Delete => serde_json::Map::new(),
        };
        let name = secret::without_passwords(&self.name);
        json!({ "change": self.word(), "kind": self.kind.name, "name": name, "fields": fields })
    }
}

impl Plan {
    /// How much there is to do, in a line.
    pub(crate) fn summary(&self) -> String {
        let count = |is: fn(&Act) -> bool| self.steps.iter().filter(|step| is(&step.act)).count();
        let create = count(|act| matches!(act, Act::Create(_)));
        let change = count(|act| matches!(act, Act::Change(_)));
        let delete = count(|act| matches!(act, Act::Delete));
        format!("{create} to create, {change} to change, {delete} to delete")
    }
}

fn hidden(value: &Value) -> Value {
    if secret::is_in(value) { HIDDEN.into() } else { value.clone() }
}

fn shown(value: &Value) -> String {
    match hidden(value) {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) if !text.contains(['\n', '"']) => text,
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::site::read;

    fn site(body: &str) -> Document {
        let text = format!("apiVersion: ironraft/v1\n{body}");
        read::document(&text).unwrap_or_else(|wrong| panic!("{wrong:?}"))
    }

    #[track_caller]
    fn steps(wanted: &str, present: &str, prune: bool) -> Vec<String> {
        let plan = plan(&site(wanted), &site(present), None, prune);
        assert_eq!(plan.problems, Vec::<String>::new());
        plan.steps.iter().flat_map(Step::lines).collect()
    }

    const NETWORK: &str = "\
fabrics:
  - name: lab
vlans:
  - {fabric: lab, vid: 5, dhcp_on: true, primary_rack: r1, mtu: 1500}
subnets:
  - {cidr: 10.0.0.0/24, vlan: lab/5}
ip-ranges:
  - {start_ip: 10.0.0.10, end_ip: 10.0.0.20, type: dynamic}
";

    #[test]
    fn a_site_is_made_in_the_order_of_dependence_and_switched_on_at_last() {
        let made = [
            "+ create fabric lab",
            "+ create vlan lab/5",
            "    mtu: 1500",
            "+ create subnet 10.0.0.0/24",
            "    vlan: lab/5",
            "+ create ip-range 10.0.0.10",
            "    end_ip: 10.0.0.20",
            "    type: dynamic",
            "~ change vlan lab/5",
            "    dhcp_on: - → true",
            "    primary_rack: - → r1",
        ];
        assert_eq!(steps(NETWORK, "", false), made);
        assert_eq!(steps(NETWORK, NETWORK, true), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_named_is_left_alone_unless_it_is_to_be_pruned() {
        let wanted = "fabrics: []\nvlans: []\nsubnets: []\nip-ranges: []\n";
        assert_eq!(steps(wanted, NETWORK, false), Vec::<String>::new());
        assert_eq!(steps("", NETWORK, true), Vec::<String>::new());
        let removed = [
            "- delete ip-range 10.0.0.10",
            "- delete subnet 10.0.0.0/24",
            "- delete vlan lab/5",
            "- delete fabric lab",
        ];
        assert_eq!(steps(wanted, NETWORK, true), removed);
    }

    #[test]
    fn fields_are_told_one_by_one_and_dhcp_goes_off_before_what_it_needs() {
        let wanted = "\
vlans:
  - {fabric: lab, vid: 5, dhcp_on: false, primary_rack: null}
subnets:
  - {cidr: 10.0.0.0/24, description: \"a\\nb\", dns_servers: [10.0.0.1, 10.0.0.2]}
";
        let changed = [
            "~ change vlan lab/5",
            "    dhcp_on: true → false",
            "    primary_rack: r1 → -",
            "~ change subnet 10.0.0.0/24",
            "    description: - → \"a\\nb\"",
            "    dns_servers: - → 10.0.0.1, 10.0.0.2",
        ];
        assert_eq!(steps(wanted, NETWORK, false), changed);
    }

    #[test]
    fn what_stays_and_what_is_secret_is_not_pruned_and_not_told() {
        let mut present = site("zones:\n  - name: default\n  - name: old\n");
        present.sections.get_mut("zones").unwrap()[0].stays = true;
        let pruned = plan(&site("zones: []\n"), &present, None, true);
        assert_eq!(pruned.steps.len(), 1);
        let proxy = "settings:\n  http_proxy: http://u:hidden@p:1/\n  maas_name: x\n";
        assert_eq!(steps("settings: {}\n", proxy, true), ["- reset setting maas_name"]);
        let told = plan(&site(proxy), &site(""), None, false);
        let told =
            told.steps.iter().map(|step| step.lines().join("") + &step.as_json().to_string());
        let told: String = told.collect();
        assert!(told.contains(HIDDEN) && !told.contains("hidden"), "{told}");
    }

    #[test]
    fn what_cannot_be_done_is_told_with_its_line() {
        let there = Names::from([("zones", "attic")]);
        let problems = |wanted: &str, present: &str| {
            plan(&site(wanted), &site(present), Some(&there), false).problems
        };
        let device =
            "devices:\n  - {hostname: a, mac_addresses: [\"x\"], zone: attic, domain: d}\n";
        let none = "line 3: device a: domain: there is no d, here or on the site";
        assert_eq!(problems(device, ""), [none]);
        assert_eq!(problems(&format!("domains:\n  - name: d\n{device}"), ""), Vec::<String>::new());
        let other = "devices:\n  - {hostname: a, mac_addresses: [\"y\"]}\n";
        let fixed = "line 3: device a: mac_addresses cannot be changed";
        assert_eq!(problems(other, device), [fixed]);
        let needed = "line 3: dhcp-snippet s: it is not there, and is not made without value";
        assert_eq!(problems("dhcp-snippets:\n  - name: s\n", ""), [needed]);
    }

    #[test]
    fn of_power_parameters_only_those_that_are_named_are_meant() {
        let now = "machines:\n  - {hostname: a, power_parameters: {power_address: x, power_user: u}, annotations: {a: b}}\n";
        let wanted =
            "machines:\n  - {hostname: a, power_parameters: {power_user: u}, annotations: {}}\n";
        let told = ["~ change machine a", "    annotations: {\"a\":\"b\"} → {}"];
        assert_eq!(steps(wanted, now, false), told);
    }
}
