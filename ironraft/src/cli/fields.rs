//! `FIELD=VALUE` arguments: which of them a command takes, and which ones choose from a list.
//!
//! The API drops names that it does not know, as MAAS does. A person who mistypes a name must hear of it,
//! so the commands know the API's own table of operations.

use rest::operation::{Method, Operation};
use rest::param::Spec;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::resources::{Resource, Shows, Verb};

/// The arguments of a command, by who looks at them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// What the API is sent.
    pub(crate) sent: Vec<(String, String)>,
    /// What the objects of a list have to have; the API does not ask for it.
    pub(crate) filters: Vec<(String, String)>,
}

impl Fields {
    /// Reads the arguments of a verb.
    ///
    /// # Errors
    /// One is not of the form, or the command takes no field of that name.
    pub(crate) fn read<'a>(
        verb: &Verb,
        given: impl Iterator<Item = &'a String>,
    ) -> Result<Self, Failure> {
        let operation = operation(verb);
        let mut fields = Self::default();
        for text in given {
            let wrong = || Failure::Usage(format!("`{text}` is not of the form field=value"));
            let (name, value) = text.split_once('=').ok_or_else(wrong)?;
            let field = (name.to_owned(), value.to_owned());
            if operation.as_ref().is_some_and(|operation| takes(operation, name)) {
                fields.sent.push(field);
            } else if verb.shows == Shows::List {
                fields.filters.push(field);
            } else {
                let known = operation.map_or_else(Vec::new, |operation| names(operation.params));
                return Err(unknown(name, &known));
            }
        }
        Ok(fields)
    }

    /// Leaves the objects of a list that have what is asked for.
    ///
    /// # Errors
    /// No object has a field of that name.
    pub(crate) fn choose(&self, resource: &Resource, rows: &mut Vec<Value>) -> Result<(), Failure> {
        for (name, wanted) in &self.filters {
            let header = |column: &&(&str, &str)| column.0.eq_ignore_ascii_case(name);
            let column = resource.columns.iter().find(header).map(|column| column.1);
            let is_field = rows.iter().any(|row| value_at(row, name).is_some());
            let path = column.filter(|_| !is_field).unwrap_or(name);
            let is_column = resource
                .columns
                .iter()
                .any(|column| column.1 == path || column.1.split('.').next() == Some(path));
            if !is_column && !rows.iter().any(|row| value_at(row, path).is_some()) {
                let mut known: Vec<String> =
                    resource.columns.iter().map(|column| column.1.to_owned()).collect();
                known.extend(
                    rows.iter()
                        .take(1)
                        .filter_map(Value::as_object)
                        .flat_map(|row| row.keys().cloned()),
                );
                known.sort_unstable();
                known.dedup();
                return Err(unknown(name, &known));
            }
            rows.retain(|row| value_at(row, path).is_some_and(|value| is(value, wanted)));
        }
        Ok(())
    }
}

/// The API's operation that a verb calls.
pub(crate) fn operation(verb: &Verb) -> Option<Operation> {
    let is_it = |operation: &Operation| {
        operation.method.name() == verb.method.as_str()
            && operation.op == verb.op
            && has_form(operation.path, verb.path)
            && !operation.is_anonymous()
    };
    rest::operations().into_iter().find(is_it)
}

/// Whether two paths are the same but for the names of their placeholders.
fn has_form(path: &str, other: &str) -> bool {
    let is_placeholder = |part: &str| part.starts_with('{');
    let same = |(a, b): (&str, &str)| a == b || (is_placeholder(a) && is_placeholder(b));
    path.split('/').count() == other.split('/').count()
        && path.split('/').zip(other.split('/')).all(same)
}

/// Whether the API has a use for a parameter, be it to refuse it with the reason.
fn takes(operation: &Operation, name: &str) -> bool {
    // A list drops what it does not know, though it looks at every name.
    let is_any_taken = operation.takes_any_name && operation.method != Method::Get;
    is_any_taken
        || operation.params.iter().any(|spec| spec.is_for(name))
        || operation.refused.iter().any(|refused| refused.names.contains(&name))
}

fn names(specs: &[Spec]) -> Vec<String> {
    specs.iter().map(|spec| spec.name.replace("{param}", "…")).collect()
}

fn unknown(name: &str, known: &[String]) -> Failure {
    let nearest = known.iter().min_by_key(|known| distance(name, known));
    // Half of the letters may be wrong.
    let nearest = nearest.filter(|known| 2 * distance(name, known) <= name.chars().count());
    let hint = match (nearest, known) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, []) => "this command takes none".to_owned(),
        (None, known) => format!("there are {}", known.join(", ")),
    };
    Failure::Usage(format!("there is no field `{name}`: {hint}"))
}

/// How many letters have to be put in, left out or replaced (Levenshtein's distance).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, letter) in a.chars().enumerate() {
        let mut corner = line;
        row[0] = line + 1;
        for (column, other) in b.iter().enumerate() {
            let replaced = corner + usize::from(letter != *other);
            corner = row[column + 1];
            row[column + 1] = replaced.min(corner + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

/// The value at a path of names such as `vlan.vid`; none when an object has no such field.
pub(crate) fn value_at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |value, name| match value {
        Value::Null => Some(value),
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.iter().find(|item| item["name"] == name),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// Whether a value is what is asked for: an object by what it is named by, a list by one of its items.
pub(crate) fn is(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Null => matches!(wanted, "" | "-"),
        Value::Bool(true) => matches!(wanted, "true" | "yes" | "1"),
        Value::Bool(false) => matches!(wanted, "false" | "no" | "0"),
        Value::Number(number) => number.to_string() == wanted,
        Value::String(text) => text == wanted || (text.is_empty() && wanted == "-"),
        Value::Array(items) if items.is_empty() => matches!(wanted, "" | "-"),
        Value::Array(items) => items.iter().any(|item| is(item, wanted)),
        Value::Object(fields) => NAMED_BY
            .iter()
            .filter_map(|name| fields.get(*name))
            .any(|value| !value.is_object() && is(value, wanted)),
    }
}

/// What objects are named by.
pub(crate) const NAMED_BY: [&str; 6] = ["id", "system_id", "name", "hostname", "fqdn", "cidr"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::resources::find;

    fn read(resource: &str, verb: &str, given: &[&str]) -> Result<Fields, String> {
        let verbs = find(resource).unwrap().verbs;
        let verb = verbs.iter().find(|own| own.name == verb).unwrap();
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        Fields::read(verb, given.iter()).map_err(|failure| match failure {
            Failure::Usage(message) => message,
            other => format!("{other:?}"),
        })
    }

    #[track_caller]
    fn refused(resource: &str, verb: &str, given: &str, message: &str) {
        assert_eq!(read(resource, verb, &[given]), Err(message.to_owned()));
    }

    #[test]
    fn every_command_calls_an_operation_of_the_api() {
        for resource in crate::cli::resources::RESOURCES {
            for verb in resource.verbs {
                assert!(operation(verb).is_some(), "{} {}", resource.name, verb.name);
            }
        }
    }

    #[test]
    fn a_field_that_is_none_is_refused_with_the_nearest_one() {
        let mean = |name, nearest| format!("there is no field `{name}`: did you mean `{nearest}`?");
        refused("dhcp-snippet", "create", "enabledd=false", &mean("enabledd", "enabled"));
        refused("subnet", "create", "gatewayip=10.0.0.1", &mean("gatewayip", "gateway_ip"));
        refused("machine", "update", "power_typ=ipmi", &mean("power_typ", "power_type"));
        refused("fabric", "delete", "x=1", "there is no field `x`: this command takes none");
        let none = read("dhcp-snippet", "create", &["vlan=1"]).unwrap_err();
        assert!(none.starts_with("there is no field `vlan`: there are name, value,"), "{none}");
        refused("fabric", "create", "name", "`name` is not of the form field=value");
        // What MAAS knows goes to the API, which says why it is not done.
        assert!(read("machine", "update", &["power_parameters_power_user=x"]).is_ok());
        assert!(read("machine", "deploy", &["ephemeral_deploy=true"]).is_ok());
    }

    #[test]
    fn what_the_api_does_not_filter_by_is_filtered_here() {
        let fields = read("machine", "list", &["hostname=a", "status_name=Ready"]).unwrap();
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(fields.sent, pair("hostname", "a"));
        assert_eq!(fields.filters, pair("status_name", "Ready"));
        // Of events one page comes, and choosing from that would miss others.
        refused("event", "list", "leve=INFO", "there is no field `leve`: did you mean `level`?");
    }

    #[test]
    fn objects_are_chosen_by_their_columns_and_fields() {
        let range = find("iprange").unwrap();
        let rows = || {
            vec![
                json!({"id": 1, "type": "dynamic", "subnet": {"id": 7, "cidr": "10.0.0.0/24"},
                    "comment": ""}),
                json!({"id": 2, "type": "reserved", "subnet": {"id": 1, "cidr": "10.1.0.0/24"},
                    "comment": "gate"}),
            ]
        };
        let chosen = |field: &str| -> Vec<u64> {
            let mut rows = rows();
            let fields = read("iprange", "list", &[field]).unwrap();
            fields.choose(range, &mut rows).unwrap();
            rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
        };
        assert_eq!(chosen("subnet=1"), [2]);
        assert_eq!(chosen("subnet=10.0.0.0/24"), [1]);
        assert_eq!(chosen("SUBNET=10.0.0.0/24"), [1]);
        assert_eq!(chosen("type=dynamic"), [1]);
        assert_eq!(chosen("comment=gate"), [2]);
        assert_eq!(chosen("comment=-"), [1]);
        assert_eq!(chosen("type=none"), [0; 0]);
        let fields = read("iprange", "list", &["sbnet=1"]).unwrap();
        let Err(Failure::Usage(message)) = fields.choose(range, &mut rows()) else { panic!() };
        assert_eq!(message, "there is no field `sbnet`: did you mean `subnet`?");
    }

    #[test]
    fn values_are_what_people_write() {
        for (value, wanted, so) in [
            (json!(true), "yes", true),
            (json!(true), "false", false),
            (json!(101), "101", true),
            (json!(null), "-", true),
            (json!(null), "0", false),
            (json!(["10.0.0.1", "10.0.0.2"]), "10.0.0.2", true),
            (json!([]), "-", true),
            (json!({"fqdn": "web.maas"}), "web.maas", true),
        ] {
            assert_eq!(is(&value, wanted), so, "{value} {wanted}");
        }
    }
}
