//! What each power driver that racks have asks for: which parameters, which values, which defaults. Names, labels,
//! choices and defaults are MAAS's.

use std::net::{IpAddr, SocketAddr};

use crate::machine::power::parameters::PowerParameters;

/// A parameter of a driver.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What MAAS calls it in messages.
    pub label: &'static str,
    /// Whether the driver can do nothing without it.
    pub is_required: bool,
    /// The value that it has when none is given; empty for none.
    pub default: &'static str,
    /// The values that it may have; empty where any will do.
    pub choices: &'static [&'static str],
}

const fn text(name: &'static str, label: &'static str) -> Field {
    Field { name, label, is_required: false, default: "", choices: &[] }
}

const fn choice(
    name: &'static str,
    label: &'static str,
    default: &'static str,
    choices: &'static [&'static str],
) -> Field {
    Field { name, label, is_required: false, default, choices }
}

/// The name of the parameter that says where a BMC is.
const ADDRESS: &str = "power_address";

/// The parameters of IPMI. Of the workarounds, ipmitool needs none.
const IPMI: &[Field] = &[
    choice("power_driver", "Power driver", "LAN_2_0", &["LAN", "LAN_2_0"]),
    choice("power_boot_type", "Power boot type", "auto", &["auto", "legacy", "efi"]),
    Field { is_required: true, ..text(ADDRESS, "IP address") },
    text("power_user", "Power user"),
    text("power_pass", "Power password"),
    text("k_g", "K_g BMC key"),
    choice("cipher_suite_id", "Cipher Suite ID", "3", &["17", "3", "", "8", "12"]),
    choice("privilege_level", "Privilege Level", "OPERATOR", &["USER", "OPERATOR", "ADMIN"]),
    choice("workaround_flags", "Workaround Flags", "opensesspriv", &["opensesspriv", ""]),
    text("mac_address", "Power MAC"),
    choice("power_off_mode", "Power off mode", "", &["", "hard"]),
];

/// The parameters of a driver; none for one that racks do not have.
#[must_use]
pub fn fields(driver: &str) -> Option<&'static [Field]> {
    match driver {
        "ipmi" => Some(IPMI),
        "manual" => Some(&[]),
        _ => None,
    }
}

/// What a driver is given: what was set, over what was there before, over the defaults.
///
/// # Errors
/// What is wrong, a message for each parameter: one that is missing, of another driver, or has a value that the driver
/// does not take.
pub fn completed(
    driver: &str,
    before: &PowerParameters,
    set: &PowerParameters,
) -> Result<PowerParameters, Vec<String>> {
    let Some(fields) = fields(driver) else {
        let messages: Vec<String> = set
            .iter()
            .map(|(name, _)| format!("{name}: there is no power type that takes it."))
            .collect();
        return if messages.is_empty() { Ok(before.clone()) } else { Err(messages) };
    };
    let mut errors = Vec::new();
    let mut all = before.clone();
    for (name, value) in set.iter() {
        let text = value.expose().trim();
        match fields.iter().find(|field| field.name == name) {
            None => errors.push(format!("{name}: power type {driver} has no such parameter.")),
            Some(field) => errors.extend(wrong(field, text)),
        }
        all.insert(name, value.clone());
    }
    for field in fields {
        let is_absent = all.get(field.name).is_none();
        let is_empty = all.get(field.name).is_none_or(|value| value.expose().trim().is_empty());
        if field.is_required && is_empty {
            errors.push(format!("{}: This field is required.", field.label));
        } else if is_absent && !field.default.is_empty() {
            all.insert(field.name, field.default);
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

fn wrong(field: &Field, value: &str) -> Option<String> {
    let label = field.label;
    if !field.choices.is_empty() && !field.choices.contains(&value) {
        let message = "is not one of the available choices.";
        return Some(format!("{label}: Select a valid choice. {value} {message}"));
    }
    if field.name == ADDRESS && !value.is_empty() && !is_address(value) {
        return Some(format!("{label}: Enter a valid IPv4 or IPv6 address, or a host name."));
    }
    None
}

/// An address or a host name, with a port if one is wanted.
fn is_address(text: &str) -> bool {
    let bare = text.trim_matches(['[', ']']);
    if text.parse::<SocketAddr>().is_ok() || bare.parse::<IpAddr>().is_ok() {
        return true;
    }
    let (host, port) = text.split_once(':').unwrap_or((text, "1"));
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let named = !host.is_empty() && !host.starts_with('-') && host.bytes().all(valid);
    named && host.len() <= 253 && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::power::driver::{POWER_DRIVERS, SERVED};

    fn given(pairs: &[(&str, &str)]) -> PowerParameters {
        pairs.iter().copied().collect()
    }

    fn errors_of(driver: &str, pairs: &[(&str, &str)]) -> Vec<String> {
        completed(driver, &PowerParameters::default(), &given(pairs)).err().unwrap_or_default()
    }

    #[test]
    fn what_is_missing_unknown_or_no_choice_is_refused_by_name() {
        assert_eq!(errors_of("ipmi", &[]), ["IP address: This field is required."]);
        assert_eq!(errors_of("ipmi", &[(ADDRESS, " ")]), ["IP address: This field is required."]);
        let address = (ADDRESS, "10.0.0.9");
        for (name, value, expected) in [
            ("power_driver", "LAN_3", "Power driver: Select a valid choice. LAN_3 is not one"),
            ("ghost", "1", "ghost: power type ipmi has no such parameter."),
            ("workaround_flags", "sun20", "Workaround Flags: Select a valid choice."),
            (ADDRESS, "-x", "IP address: Enter a valid"),
            (ADDRESS, "a b", "IP address: Enter a valid"),
        ] {
            let errors = errors_of("ipmi", &[address, (name, value)]);
            assert!(errors.len() == 1 && errors[0].starts_with(expected), "{name}: {errors:?}");
        }
        assert_eq!(errors_of("manual", &[address]).len(), 1);
        assert_eq!(errors_of("", &[address]).len(), 1);
        for right in ["10.0.0.9:623", "[fd00::1]:623", "fd00::1", "bmc-1.example.com", "bmc:623"] {
            assert_eq!(errors_of("ipmi", &[(ADDRESS, right)]), [""; 0], "{right}");
        }
    }

    #[test]
    fn defaults_are_filled_in_and_what_was_set_before_stays() {
        let before = given(&[(ADDRESS, "10.0.0.9"), ("cipher_suite_id", ""), ("old", "x")]);
        let all = completed("ipmi", &before, &given(&[("power_user", "u")])).unwrap();
        let value = |name| all.get(name).map(|value| value.expose().clone());
        for (name, expected) in [
            (ADDRESS, "10.0.0.9"),
            ("power_user", "u"),
            ("power_driver", "LAN_2_0"),
            ("privilege_level", "OPERATOR"),
            ("cipher_suite_id", ""),
            ("old", "x"),
        ] {
            assert_eq!(value(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(value("power_pass"), None);
    }

    #[test]
    fn fields_are_those_of_the_drivers_that_are_served() {
        for driver in POWER_DRIVERS {
            assert_eq!(fields(driver.name).is_some(), SERVED.contains(&driver.name));
            for field in fields(driver.name).into_iter().flatten() {
                let known = driver.public.iter().chain(driver.secret);
                assert!(known.into_iter().any(|name| *name == field.name), "{}", field.name);
                assert!(field.choices.is_empty() || field.choices.contains(&field.default));
            }
        }
    }
}
