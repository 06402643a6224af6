//! Fields that a newer program wrote and this one does not know survive its change of the row.
//!
//! A row is read into a type, which drops what the type does not have. So before a changed row is written, what was
//! stored is compared with what this program would have written for it; what is left over goes along.

use bytes::Bytes;
use serde_json::Value;

/// The new form of a row with the fields of the stored one that this program does not know. `was` is what
/// this program makes of the stored one without any change.
///
/// # Errors
/// Where an unknown field is that cannot be carried: inside a list, whose items may have moved.
pub(crate) fn carry(stored: &Bytes, was: &Bytes, new: Bytes) -> Result<Bytes, String> {
    if stored == was || stored.first() != was.first() {
        return Ok(new);
    }
    let json = |bytes: &Bytes| serde_json::from_slice::<Value>(bytes.get(1..).unwrap_or_default());
    let (Ok(stored), Ok(was), Ok(mut value)) = (json(stored), json(was), json(&new)) else {
        return Ok(new);
    };
    if !carry_fields(&stored, &was, &mut value, &mut String::new())? {
        return Ok(new);
    }
    let mut out = new[..1].to_vec();
    out.extend(value.to_string().into_bytes());
    Ok(out.into())
}

/// Whether anything was carried.
fn carry_fields(
    stored: &Value,
    was: &Value,
    new: &mut Value,
    path: &mut String,
) -> Result<bool, String> {
    match (stored, was) {
        (Value::Object(stored), Value::Object(was)) => {
            let Value::Object(new) = new else { return Ok(false) };
            let mut carried = false;
            for (name, value) in stored {
                let length = path.len();
                path.push('.');
                path.push_str(name);
                match (was.get(name), new.get_mut(name)) {
                    (None, None) => {
                        new.insert(name.clone(), value.clone());
                        carried = true;
                    }
                    (Some(was), Some(new)) => carried |= carry_fields(value, was, new, path)?,
                    (None, Some(_)) | (Some(_), None) => {}
                }
                path.truncate(length);
            }
            Ok(carried)
        }
        (Value::Array(stored), Value::Array(was)) if stored.len() == was.len() => {
            for (stored, was) in stored.iter().zip(was) {
                let mut scratch = was.clone();
                if carry_fields(stored, was, &mut scratch, path)? {
                    return Err(format!("a field in {}", path.trim_start_matches('.')));
                }
            }
            Ok(false)
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stored: &str, was: &str, new: &str, expected: Result<&str, &str>) {
        let row = |json: &str| Bytes::from(format!("\u{1}{json}"));
        let carried = carry(&row(stored), &row(was), row(new));
        assert_eq!(carried, expected.map(row).map_err(str::to_owned));
    }

    #[test]
    fn unknown_fields_go_along_at_any_depth() {
        check(r#"{"a":1,"b":2}"#, r#"{"a":1}"#, r#"{"a":3}"#, Ok(r#"{"a":3,"b":2}"#));
        check(
            r#"{"a":{"b":2,"x":[1]}}"#,
            r#"{"a":{"b":2}}"#,
            r#"{"a":{"b":5}}"#,
            Ok(r#"{"a":{"b":5,"x":[1]}}"#),
        );
    }

    #[test]
    fn what_is_known_is_changed_and_removed_as_before() {
        check(r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":3}"#, Ok(r#"{"a":3}"#));
        check(r#"{"a":1,"l":[1,2]}"#, r#"{"a":1,"l":[1,2]}"#, r#"{"l":[]}"#, Ok(r#"{"l":[]}"#));
    }

    #[test]
    fn unknown_fields_in_lists_are_refused_by_name() {
        check(r#"{"l":[{"a":1,"x":2}]}"#, r#"{"l":[{"a":1}]}"#, r#"{"l":[]}"#, Err("a field in l"));
    }
}
