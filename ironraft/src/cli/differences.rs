//! `update … --check`: what would change of an object.

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::fields::{is, value_at};
use crate::cli::output::{say, text};

/// Prints the fields that have another value than is wanted.
///
/// # Errors
/// There are some.
pub(crate) fn told(wanted: &[(String, String)], object: &Value, what: &str) -> Result<(), Failure> {
    let mut count = 0_usize;
    for (name, value) in wanted {
        // What is not shown, such as a password, is told as if it were another.
        let now = value_at(object, name);
        if now.is_some_and(|now| is(now, value)) {
            continue;
        }
        count += 1;
        say(format_args!("{name}: {} → {value}", now.map_or_else(|| "?".to_owned(), text)));
    }
    if count == 0 {
        return Ok(());
    }
    Err(Failure::Differs(format!("{what}: {count} of {} fields would change", wanted.len())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_as_it_should_be_is_no_difference() {
        let object = json!({"name": "lab", "zone": {"name": "cellar"}, "mtu": 1500});
        let told = |name: &str, value: &str| {
            told(&[(name.to_owned(), value.to_owned())], &object, "x").map_err(|it| it.told().0)
        };
        for (name, value) in [("name", "lab"), ("zone", "cellar"), ("mtu", "1500")] {
            assert_eq!(told(name, value), Ok(()), "{name}");
        }
        assert_eq!(told("name", "other"), Err(8));
        assert_eq!(told("password", "x"), Err(8));
    }
}
