//! Everything that the API shows of what was made, and whether it still is so.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use serde_json::Value;

use crate::regions::Regions;

/// What is read. Regions show their own version, and are not compared.
const PATHS: &[&str] = &[
    "account/?op=list_authorisation_tokens",
    "boot-files/",
    "boot-resources/",
    "boot-resources/1/",
    "dnsresourcerecords/",
    "dnsresources/",
    "domains/",
    "events/?op=query&limit=1000",
    "fabrics/",
    "ipaddresses/?all=true",
    "ipranges/",
    "maas/?op=get_config&name=upstream_dns",
    "machines/",
    "machines/?op=power_parameters",
    "rackcontrollers/",
    "resourcepools/",
    "spaces/",
    "subnets/",
    "tags/",
    "tags/gpu/?op=machines",
    "users/",
    "zones/",
];

/// What a previous version told without knowing it, and so is told otherwise on purpose: names showed
/// their addresses as made in the moment in which they were read, and racks the architecture
/// of most and services that nobody had asked. And what is not told any more: the secrets of keys.
const GUESSED: &[(&str, &[&str])] = &[
    ("dnsresources/", &["ip_addresses", "created"]),
    ("rackcontrollers/", &["architecture"]),
    ("rackcontrollers/", &["service_set"]),
    ("account/?op=list_authorisation_tokens", &["token"]),
];

/// What a field of a machine is, that only its owner's system may read.
const TOKEN: &str = "?op=get_token";

/// What one region shows.
#[derive(Debug)]
pub(super) struct Look {
    kinds: BTreeMap<String, Value>,
}

impl Look {
    pub(super) async fn at(regions: &Regions, number: usize) -> anyhow::Result<Self> {
        let rest = regions.rest(number)?;
        let mut kinds = BTreeMap::new();
        for path in PATHS {
            let mut shown = rest.get(path).await?.success()?.json();
            for (_, field) in GUESSED.iter().filter(|(of, _)| of == path) {
                forget(&mut shown, field);
            }
            kinds.insert((*path).to_owned(), shown);
        }
        let details = [("machines/", "system_id", TOKEN), ("subnets/", "id", "?op=ip_addresses")];
        for (list, id, op) in details {
            for one in kinds[list].as_array().cloned().unwrap_or_default() {
                let id = one[id].to_string();
                let path = format!("{list}{}/{op}", id.trim_matches('"'));
                let shown = rest.get(&path).await?.success()?.json();
                kinds.insert(path, shown);
            }
        }
        Ok(Self { kinds })
    }

    pub(super) fn kinds(&self) -> usize {
        PATHS.len()
    }

    pub(super) fn objects(&self) -> usize {
        self.kinds.values().map(|value| value.as_array().map_or(1, Vec::len)).sum()
    }

    /// What is read and shows nothing: the drill would prove nothing of it.
    pub(super) fn empty_kinds(&self) -> Vec<&str> {
        let empty = |path: &&&str| match &self.kinds[**path] {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        PATHS.iter().filter(empty).copied().collect()
    }

    /// Whether all of this is in what is shown now. More may be there, also more fields.
    pub(super) fn compare(&self, now: &Self) -> anyhow::Result<()> {
        for (path, was) in &self.kinds {
            let Some(is) = now.kinds.get(path) else { bail!("{path} is gone") };
            let (was, is) = (events_of(was), events_of(is));
            match (was, is) {
                (Value::Array(was), Value::Array(is)) => {
                    for one in was {
                        ensure!(
                            is.iter().any(|other| contains(other, one)),
                            "{path}: {one} is not in {}",
                            Value::from(is.clone())
                        );
                    }
                }
                _ => ensure!(contains(is, was), "{path}: was {was}, is {is}"),
            }
        }
        Ok(())
    }
}

/// Empties a field, however many lists are on the way to it.
fn forget(shown: &mut Value, field: &[&str]) {
    match (shown, field) {
        (Value::Array(list), _) => list.iter_mut().for_each(|one| forget(one, field)),
        (Value::Object(fields), [name]) => drop(fields.insert((*name).to_owned(), Value::Null)),
        (Value::Object(fields), [name, rest @ ..]) => {
            fields.get_mut(*name).into_iter().for_each(|one| forget(one, rest));
        }
        _ => {}
    }
}

/// The events of a page of them; its links change when there are more.
fn events_of(value: &Value) -> &Value {
    value.get("events").unwrap_or(value)
}

/// Whether a value has all fields of another.
fn contains(is: &Value, was: &Value) -> bool {
    match (is, was) {
        (Value::Object(is), Value::Object(was)) => {
            was.iter().all(|(name, was)| is.get(name).is_some_and(|is| contains(is, was)))
        }
        (Value::Array(is), Value::Array(was)) => {
            is.len() == was.len() && is.iter().zip(was).all(|(is, was)| contains(is, was))
        }
        _ => is == was,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Look, contains, forget};

    #[test]
    fn new_fields_and_objects_pass_and_changed_ones_do_not() {
        let look = |value| Look { kinds: [("zones/".to_owned(), value)].into() };
        let before = look(json!([{ "id": 1, "name": "a" }]));
        let more = look(json!([{ "id": 2 }, { "id": 1, "name": "a", "new": true }]));
        assert!(before.compare(&more).is_ok());
        assert!(before.compare(&look(json!([{ "id": 1, "name": "b" }]))).is_err());
        assert!(before.compare(&look(json!([]))).is_err());
        assert!(!contains(&json!([1]), &json!([1, 2])));
    }

    #[test]
    fn field_is_emptied_in_all_that_a_list_shows() {
        let mut shown = json!([{ "id": 1, "list": [{ "a": 1, "b": 2 }, { "b": 3 }] }, { "id": 2 }]);
        forget(&mut shown, &["list", "a"]);
        let emptied = json!([{ "a": null, "b": 2 }, { "a": null, "b": 3 }]);
        assert_eq!(shown, json!([{ "id": 1, "list": emptied }, { "id": 2 }]));
    }
}
