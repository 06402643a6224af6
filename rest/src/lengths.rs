//! How long a name may be: names are keys of rows, and go to all racks.

use api::field_errors::FieldErrors;

use crate::params::Params;

/// Parameters that name something, and the most characters that MAAS takes of them.
const NAMES: &[&str] = &["name", "hostname", "fqdn", "username"];
const NAME_MAX: usize = 256;

/// Whether all names are short enough.
///
/// # Errors
/// Those that are not, with the text of MAAS.
pub fn check_names(params: &Params) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for name in NAMES {
        let longest = params.all(name).iter().map(|value| value.chars().count()).max();
        if let Some(length) = longest.filter(|length| *length > NAME_MAX) {
            let most = format!("Ensure this value has at most {NAME_MAX} characters");
            errors.add(*name, format!("{most} (it has {length})."));
        }
    }
    errors.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_at_most_256_characters() {
        let checked = |name: &str, length: usize| {
            let mut params = Params::default();
            params.add(name, "ü".repeat(length));
            check_names(&params)
        };
        assert_eq!(checked("name", 256), Ok(()));
        assert_eq!(checked("description", 5_000), Ok(()));
        let mut expected = FieldErrors::default();
        expected.add("name", "Ensure this value has at most 256 characters (it has 257).");
        assert_eq!(checked("name", 257), Err(expected));
    }
}
