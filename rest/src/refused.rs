//! Parameters of MAAS that ask for what is not done here: they are refused by name, with the way to
//! go on, unless their value asks for nothing.
//!
//! They stand beside the parameters of their operation and are described as refused. A name that neither
//! knows is no parameter of MAAS either; it is dropped, as MAAS drops it.

use api::field_errors::FieldErrors;

use crate::param::Spec;
use crate::params::{Params, parse_boolean};

/// Parameters that are refused for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Their names.
    pub names: &'static [&'static str],
    /// Why, and what to do instead.
    pub reason: &'static str,
    /// The value besides an empty one that asks for nothing; any false one by default.
    neutral: Option<&'static str>,
}

impl Refused {
    /// Parameters that ask for nothing when they are empty or false.
    #[must_use]
    pub const fn new(names: &'static [&'static str], reason: &'static str) -> Self {
        Self { names, reason, neutral: None }
    }

    /// The same, which asks for nothing with this value instead of a false one.
    #[must_use]
    pub const fn unless(mut self, neutral: &'static str) -> Self {
        self.neutral = Some(neutral);
        self
    }

    fn asks_for_something(&self, value: &str) -> bool {
        let value = value.trim();
        let is_neutral = match self.neutral {
            None => parse_boolean(value) == Some(false),
            Some(neutral) => match (parse_boolean(neutral), parse_boolean(value)) {
                (Some(wanted), Some(given)) => wanted == given,
                _ => value == neutral,
            },
        };
        !value.is_empty() && !is_neutral
    }
}

/// Takes parameters that ask for nothing away.
///
/// # Errors
/// The others, by name.
pub fn refuse(refused: &[Refused], params: &mut Params) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for one in refused {
        for name in one.names {
            let mut values = params.all(name).iter();
            if values.any(|value| one.asks_for_something(value)) || params.has_file(name) {
                errors.add(*name, one.reason);
            }
        }
    }
    params.keep(|name| !refused.iter().any(|one| one.names.contains(&name)));
    errors.finish()
}

/// Refuses the names that no parameter of an operation has.
///
/// # Errors
/// They, with those that there are.
pub fn refuse_unknown(known: &[Spec], params: &Params) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    let names: Vec<&str> = known.iter().map(|param| param.name).collect();
    for (name, _) in params.iter() {
        // The key of a request is no parameter of its operation.
        let is_key = name.starts_with("oauth_");
        if !is_key && !known.iter().any(|param| param.is_for(name)) {
            let names = names.join(", ");
            errors.add(name, format!("There is no such parameter; there are {names}."));
        }
    }
    errors.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGES: Refused = Refused::new(&["bridge_all", "bridge_fd"], "No bridges are made.");
    const PROXY: Refused = Refused::new(&["allow_proxy"], "No proxy runs here.").unless("true");
    const TESTS: Refused = Refused::new(&["scripts"], "No tests are run.").unless("none");

    #[track_caller]
    fn check(name: &str, value: &str, refused: bool) {
        let mut params = Params::default();
        params.add(name, value);
        params.add("other", "1");
        let result = refuse(&[BRIDGES, PROXY, TESTS], &mut params);
        assert_eq!(result.is_err(), refused, "{name}={value}");
        assert_eq!((params.get(name), params.get("other")), (None, Some("1")));
    }

    #[test]
    fn what_asks_for_nothing_is_taken_away_and_the_rest_refused_by_name() {
        for nothing in ["", "0", "false", "no"] {
            check("bridge_fd", nothing, false);
        }
        check("bridge_all", "true", true);
        check("bridge_fd", "15", true);
        for nothing in ["", "1", "true"] {
            check("allow_proxy", nothing, false);
        }
        check("allow_proxy", "false", true);
        check("scripts", "none", false);
        check("scripts", "memtester", true);
        let mut params = Params::default();
        params.add("bridge_all", "1");
        let expected = FieldErrors::one("bridge_all", "No bridges are made.");
        assert_eq!(refuse(&[BRIDGES], &mut params), Err(expected));
    }
}
