//! The list of MAAS's actions (`docs/reference/maas-actions.tsv`): what it says is served is what `describe` has and what is
//! answered, parameter by parameter, and nothing that it says is missing is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use rest::operation::Operation;

use crate::harness::{By, Region};

const HEAD: &str = "method\tpath\top\tparameters\trefused\tstate";
const SERVED: &str = "served";
const OWN: &str = "served, not MAAS's";
const HIDDEN: &str = "served, not described";
const MISSING: &str = "not yet: ";

/// Method, path and `op`.
type Key = (String, String, String);
type Names = BTreeSet<String>;

/// An action of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// What has an effect.
    parameters: Names,
    /// What is refused by name.
    refused: Names,
    state: String,
}

impl Row {
    fn is_missing(&self) -> bool {
        self.state.starts_with(MISSING)
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/maas-actions.tsv")
}

fn names(field: &str) -> Names {
    field.split(' ').filter(|name| *name != "-").map(str::to_owned).collect()
}

fn field(names: &Names) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

/// In the order of the list: by path, `op` and method.
fn listed() -> BTreeMap<Key, Row> {
    let text = std::fs::read_to_string(path()).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEAD));
    let mut rows = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let [method, path, op, parameters, refused, state] = fields[..] else {
            panic!("no six fields: {line}");
        };
        let is_known = [SERVED, OWN, HIDDEN].contains(&state) || state.starts_with(MISSING);
        assert!(is_known, "no such state: {line}");
        let row =
            Row { parameters: names(parameters), refused: names(refused), state: state.to_owned() };
        let key = (path.to_owned(), op.to_owned(), method.to_owned());
        assert_eq!(rows.insert(key, row), None, "twice: {line}");
    }
    rows
}

fn key_of(operation: &Operation) -> Key {
    let op = operation.op.unwrap_or("-");
    (operation.path.to_owned(), op.to_owned(), operation.method.name().to_owned())
}

/// What is served, by the table that the router has.
fn served() -> BTreeMap<Key, Row> {
    let mut rows: BTreeMap<Key, Row> = BTreeMap::new();
    for operation in rest::operations() {
        let params = operation.params.iter().map(|param| param.name.to_owned());
        let refused = operation.refused.iter().flat_map(|refused| refused.names);
        let row = rows.entry(key_of(&operation)).or_insert_with(|| Row {
            parameters: Names::new(),
            refused: Names::new(),
            state: if operation.alias { HIDDEN } else { SERVED }.to_owned(),
        });
        // Users and everybody may have an action of the same name.
        row.parameters.extend(params);
        row.refused.extend(refused.map(|name| (*name).to_owned()));
    }
    for row in rows.values_mut() {
        // What only some may set is described for them.
        row.refused.retain(|name| !row.parameters.contains(name));
    }
    rows
}

/// The list as it has to be: what is served is what the table says, and nothing that MAAS has is left out.
fn expected(listed: &BTreeMap<Key, Row>) -> BTreeMap<Key, Row> {
    let (mut rows, mut left_out) = (served(), Vec::new());
    for (key, old) in listed {
        match rows.get_mut(key) {
            Some(row) => {
                for name in old.parameters.union(&old.refused) {
                    // An alias of a VLAN's path is not described, so its parameters stand at the other.
                    let known = row.parameters.contains(name) || row.refused.contains(name);
                    if !known {
                        left_out.push(format!("{key:?}: {name}"));
                    }
                }
                if old.state == OWN {
                    row.state.clone_from(&old.state);
                }
            }
            None if old.is_missing() => {
                rows.insert(key.clone(), old.clone());
            }
            None => panic!("{key:?} is said to be served and is not"),
        }
    }
    assert!(left_out.is_empty(), "MAAS has, to be served or refused by name: {left_out:#?}");
    for (key, row) in &mut rows {
        if !listed.contains_key(key) {
            OWN.clone_into(&mut row.state);
        }
    }
    rows
}

#[test]
fn the_list_of_actions_says_what_is_served_and_what_is_missing() {
    let listed = listed();
    let expected = expected(&listed);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let mut text = format!("{HEAD}\n");
        for ((path, op, method), row) in &expected {
            let (parameters, refused) = (field(&row.parameters), field(&row.refused));
            let state = &row.state;
            let _ = writeln!(text, "{method}\t{path}\t{op}\t{parameters}\t{refused}\t{state}");
        }
        std::fs::write(path(), text).unwrap();
        return;
    }
    for (key, row) in &expected {
        let hint = "docs/reference/maas-actions.tsv is old; run this test with UPDATE_DOCS=1";
        assert_eq!(listed.get(key), Some(row), "{key:?}: {hint}");
    }
}

#[tokio::test]
async fn describe_has_every_action_and_parameter_of_the_list_and_no_other() {
    let region = Region::start().await;
    let described = region.get(By::Nobody, "describe/").await.assert(200).json();
    let mut found: BTreeMap<Key, Names> = BTreeMap::new();
    for resource in described["resources"].as_array().unwrap() {
        for handler in [&resource["anon"], &resource["auth"]] {
            for action in handler["actions"].as_array().into_iter().flatten() {
                let path = handler["path"].as_str().unwrap().replace("/MAAS/api/2.0/", "");
                let op = action["op"].as_str().unwrap_or("-").to_owned();
                let method = action["method"].as_str().unwrap().to_owned();
                let lines = action["doc"].as_str().unwrap().lines();
                let params = lines.filter_map(|line| line.strip_prefix(":param ")?.split_once(':'));
                let params = params.map(|(name, _)| name.to_owned());
                found.entry((path, op, method)).or_default().extend(params);
            }
        }
    }
    let listed = listed();
    let wanted: BTreeMap<Key, Names> = listed
        .iter()
        .filter(|(_, row)| [SERVED, OWN].contains(&row.state.as_str()))
        // MAAS's CLI sends nothing but what is described, so what is refused by name is described, too.
        .map(|(key, row)| (key.clone(), &row.parameters | &row.refused))
        .collect();
    for key in found.keys().chain(wanted.keys()) {
        assert_eq!(found.get(key), wanted.get(key), "{key:?}");
    }
}

/// Asked with every value that the path of the list has room for, by somebody who may do everything.
#[tokio::test]
async fn what_the_list_says_is_missing_is_not_answered() {
    let region = Region::start().await;
    for ((path, op, method), row) in listed() {
        if !row.is_missing() {
            continue;
        }
        let places = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let mut path = places.collect::<Vec<_>>().join("/");
        if op != "-" {
            path = format!("{path}?op={op}");
        }
        let answer = match method.as_str() {
            "GET" => region.get(By::Admin, &path).await,
            "POST" => region.post(By::Admin, &path, &[]).await,
            "PUT" => region.put(By::Admin, &path, &[("a", "1")]).await,
            _ => region.delete(By::Admin, &path).await,
        };
        let is_refused = match answer.status {
            405 => true,
            404 => answer.text.starts_with("Unknown API endpoint: "),
            400 => answer.text.starts_with("Unrecognised signature: "),
            _ => false,
        };
        assert!(is_refused, "{method} {path}: {} {}", answer.status, answer.text);
    }
}
