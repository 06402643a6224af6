//! A JSON body as the parameters of an operation: `{"name": "a", "tags": ["b", "c"]}`.
//!
//! A list is a parameter that comes more than once, null is an empty one, and the members of an object are parameters
//! whose names begin with its own: `{"power_parameters": {"power_address": "…"}}`.

use bytes::Bytes;
use rest::operation::Operation;
use rest::params::Params;
use serde_json::{Map, Value};

use crate::problem::Problem;

/// Adds the members of a body to parameters.
///
/// # Errors
/// 400 when it is no JSON object, or a member is none of the operation's parameters.
pub fn read(body: &Bytes, operation: &Operation, params: &mut Params) -> Result<(), Problem> {
    if body.is_empty() {
        return Ok(());
    }
    rest::body::check_json(body)?;
    let members: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| Problem::new(400, format!("The body is no JSON object: {error}.")))?;
    read_members(&members, operation, params)
}

/// Adds the members of an object to parameters.
///
/// # Errors
/// 400 when a member is none of the operation's parameters.
pub fn read_members(
    members: &Map<String, Value>,
    operation: &Operation,
    params: &mut Params,
) -> Result<(), Problem> {
    members.iter().try_for_each(|(name, value)| add(name, value, operation, params))
}

fn add(
    name: &str,
    value: &Value,
    operation: &Operation,
    params: &mut Params,
) -> Result<(), Problem> {
    let is_known = operation.params.iter().any(|spec| spec.is_for(name));
    match value {
        Value::Object(members)
            if operation.params.iter().any(|spec| is_part_of(spec.name, name)) =>
        {
            for (member, value) in members {
                add(&format!("{name}_{member}"), value, operation, params)?;
            }
            Ok(())
        }
        // What MAAS takes as the text of a JSON document.
        Value::Object(_) if is_known => {
            params.add(name, value.to_string());
            Ok(())
        }
        Value::Object(_) => Err(Problem::member(name, "It is no object.")),
        Value::Array(items) => items.iter().try_for_each(|item| match item {
            Value::Array(_) | Value::Object(_) => {
                Err(Problem::member(name, "It is a list of texts and numbers."))
            }
            item => {
                params.add(name, crate::item::text_of(item));
                Ok(())
            }
        }),
        Value::Null => {
            params.add(name, "");
            Ok(())
        }
        value => {
            params.add(name, crate::item::text_of(value));
            Ok(())
        }
    }
}

/// A problem of an operation with only one parameter points to that, whatever the operation calls what is wrong: a setting is
/// called by its own name, and stands in the body as `value`.
#[must_use]
pub fn located(mut problem: Problem, operation: &Operation) -> Problem {
    if let [only] = operation.params
        && !only.name.contains('{')
    {
        for pointer in problem.errors.iter_mut().filter_map(|fault| fault.pointer.as_mut()) {
            *pointer = format!("/{}", only.name);
        }
    }
    problem
}

/// Whether a parameter stands for all members of an object of that name: `power_parameters_{param}`.
fn is_part_of(parameter: &str, name: &str) -> bool {
    parameter.strip_suffix("_{param}") == Some(name)
}
