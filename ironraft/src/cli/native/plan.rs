//! Plans as people read them: what would become of which objects, and what that means for machines, addresses and names.

use serde_json::Value;

use crate::cli::native::noun::{self, Deed, Kind};
use crate::cli::output::{OutputArguments, say, text};

/// How many targets are told of one by one.
const TOLD_MAX: usize = 20;

/// What a plan costs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// Machines that are switched off or restarted.
    pub(crate) lose_power: Vec<String>,
    /// Machines whose disks are overwritten or erased.
    pub(crate) lose_data: Vec<String>,
    /// How many objects go.
    pub(crate) removed: usize,
    /// Whether it is to be asked for whatever it costs.
    pub(crate) is_asked: bool,
}

impl Weight {
    /// What a plan costs.
    pub(crate) fn of(plan: &Value, deed: &Deed) -> Self {
        let machines =
            || plan.pointer("/effects/machines").and_then(Value::as_array).into_iter().flatten();
        let that = |what: &str| machines().filter(|it| it[what] == true).map(name_of).collect();
        let is_removed =
            |change: &&Value| change["change"] == "delete" && !change["resource"].is_null();
        let removed = changes(plan).filter(is_removed).count();
        Self {
            lose_power: that("loses_power"),
            lose_data: that("loses_data"),
            removed: if deed.kind == Kind::Delete { removed.max(1) } else { removed },
            is_asked: deed.name == "undo",
        }
    }

    /// Whether nobody needs to be asked.
    pub(crate) fn is_nothing(&self) -> bool {
        !self.is_asked
            && self.removed == 0
            && self.lose_power.is_empty()
            && self.lose_data.is_empty()
    }

    /// What it costs, in a line: `2 machines lose power, 1 object goes`.
    pub(crate) fn said(&self) -> String {
        let mut parts = Vec::new();
        for (machines, what) in [(&self.lose_power, "power"), (&self.lose_data, "data")] {
            match machines.len() {
                0 => {}
                1 => parts.push(format!("1 machine loses {what}")),
                count => parts.push(format!("{count} machines lose {what}")),
            }
        }
        match self.removed {
            0 => {}
            1 => parts.push("1 object is removed".to_owned()),
            count => parts.push(format!("{count} objects are removed")),
        }
        parts.join(", ")
    }
}

/// How many objects would change.
pub(crate) fn count(plan: &Value) -> u64 {
    u64::try_from(changes(plan).count()).unwrap_or(u64::MAX) + plan["more"].as_u64().unwrap_or(0)
}

/// Prints a plan.
pub(crate) fn print(plan: &Value, output: &OutputArguments) {
    if !output.is_columns() {
        return output.print_answer(std::slice::from_ref(plan), plan);
    }
    lines(plan).iter().for_each(|line| say(format_args!("{line}")));
    if let Some(word) = plan["plan"].as_str().filter(|_| output.is_shown_to_people()) {
        eprintln!("--if-plan {word} does this, or nothing");
    }
}

/// The lines of a plan.
pub(crate) fn lines(plan: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for change in changes(plan) {
        let said = |name: &str| change[name].as_str().unwrap_or_default();
        let kind = match change["resource"].as_str() {
            Some(resource) => {
                noun::of_resource(resource).map_or(resource, |noun| noun.name.as_str())
            }
            None => said("table"),
        };
        lines.push(format!("{} {kind} {}", said("change"), said("name")));
        lines.extend(differences(change).map(|line| format!("    {line}")));
    }
    let more = plan["more"].as_u64().unwrap_or(0);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    for refused in plan["refused"].as_array().into_iter().flatten() {
        lines.push(format!("refused: {}: {}", text(&refused["name"]), text(&refused["detail"])));
    }
    lines.extend(effects(&plan["effects"]));
    if lines.is_empty() {
        lines.push("nothing would change".to_owned());
    }
    lines
}

/// What differs of an object, a line for each member.
pub(crate) fn differences(change: &Value) -> impl Iterator<Item = String> {
    let all = change["differences"].as_array().into_iter().flatten();
    all.map(|one| {
        let pointer = one["pointer"].as_str().unwrap_or_default().trim_start_matches('/');
        format!("{}: {} → {}", pointer.replace('/', "."), text(&one["before"]), text(&one["after"]))
    })
}

/// What a plan means, as lines.
fn effects(effects: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let machines = effects["machines"].as_array().into_iter().flatten();
    for machine in machines {
        let loses: Vec<&str> = [("loses_power", "power"), ("loses_data", "data")]
            .iter()
            .filter(|(member, _)| machine[*member] == true)
            .map(|(_, word)| *word)
            .collect();
        lines.push(format!("machine {} loses {}", name_of(machine), loses.join(" and ")));
    }
    for (member, what) in [
        ("addresses_taken", "addresses taken"),
        ("addresses_freed", "addresses freed"),
        ("names_added", "names added"),
        ("names_removed", "names removed"),
        ("leases_ended", "leases ended"),
    ] {
        let items = effects[member].as_array().map_or(&[][..], Vec::as_slice);
        if !items.is_empty() {
            lines.push(format!("{what}: {}", listed(&items.iter().map(text).collect::<Vec<_>>())));
        }
    }
    lines
}

/// Names with commas; of very many, how many more there are.
pub(crate) fn listed(names: &[String]) -> String {
    let shown = names.iter().take(TOLD_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(TOLD_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn changes(plan: &Value) -> impl Iterator<Item = &Value> {
    plan["changes"].as_array().into_iter().flatten().filter(is_one)
}

/// Whether anything of an object would differ but when it was changed.
fn is_one(change: &&Value) -> bool {
    let mut all = change["differences"].as_array().into_iter().flatten();
    change["change"] != "update" || all.any(|one| one["pointer"] != "/updated")
}

fn name_of(machine: &Value) -> String {
    let named = ["hostname", "system_id"].iter().map(|name| text(&machine[*name]));
    named.into_iter().find(|name| name != "-").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan() -> Value {
        json!({
            "plan": "abc", "revision": 7, "targets": 2, "more": 3,
            "refused": [{"id": "d", "name": "db-01", "status": 409, "detail": "It is locked."}],
            "changes": [
                {"resource": "machines", "table": "machine", "id": "a", "name": "web-01", "change": "update",
                 "differences": [{"pointer": "/placement/pool", "before": "default", "after": "lab"},
                                 {"pointer": "/owner", "before": "anna", "after": null}]},
                {"resource": null, "table": "token", "id": "t", "name": "t", "change": "delete", "differences": []},
                {"resource": "reserved-ips", "table": "reservedip", "id": "1", "name": "10.0.0.9", "change": "delete",
                 "differences": []},
            ],
            "effects": {
                "machines": [{"system_id": "a", "hostname": "web-01", "loses_power": true, "loses_data": true}],
                "addresses_taken": [], "addresses_freed": ["10.0.0.17"], "names_added": [],
                "names_removed": ["web-01"], "leases_ended": ["10.0.0.17"],
            },
        })
    }

    #[test]
    fn a_plan_says_what_becomes_of_what_and_what_that_means() {
        insta::assert_snapshot!(lines(&plan()).join("\n"));
        assert_eq!(count(&plan()), 6);
        assert_eq!(lines(&json!({"changes": []})), ["nothing would change"]);
        let touched = json!({"change": "update", "differences": [{"pointer": "/updated", "before": 1, "after": 2}]});
        assert_eq!(count(&json!({"changes": [touched]})), 0, "it is as it was");
    }

    #[test]
    fn what_costs_something_is_asked_for() {
        let deed = |noun: &str, name: &str| noun::find(noun).unwrap().deed(name).unwrap();
        let weight = Weight::of(&plan(), deed("machine", "release"));
        assert_eq!(
            weight.said(),
            "1 machine loses power, 1 machine loses data, 1 object is removed"
        );
        let none = json!({"changes": [], "effects": {}});
        assert!(Weight::of(&none, deed("machine", "lock")).is_nothing());
        assert!(!Weight::of(&none, deed("fabric", "delete")).is_nothing());
        assert!(!Weight::of(&none, deed("revision", "undo")).is_nothing());
    }
}
