//! `rackcontrollers/?op=describe_power_types`: what racks can switch. MAAS's other types are refused by name when a
//! machine is given one, so they are not described.

use std::future::ready;

use api::power_types::{Field, PowerType};
use model::access::{Object, Permission, permits};

use crate::call::Call;
use crate::operation::Operation;
use crate::problem::Problem;
use crate::reply::Reply;

/// The operation.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("RackControllersHandler", "rackcontrollers/", |call| {
        Box::pin(ready(describe(&call)))
    })
    .op("describe_power_types")
    .reserved(Permission::ManageControllers)
    .doc("List the power types that racks have, with their parameters.")];

const DRIVERS: [(&str, &str); 2] = [("LAN", "LAN [IPMI 1.5]"), ("LAN_2_0", "LAN_2_0 [IPMI 2.0]")];
const BOOTS: [(&str, &str); 3] =
    [("auto", "Automatic"), ("legacy", "Legacy boot"), ("efi", "EFI boot")];
const CIPHERS: [(&str, &str); 5] = [
    ("17", "17 - HMAC-SHA256::HMAC_SHA256_128::AES-CBC-128"),
    ("3", "3 - HMAC-SHA1::HMAC-SHA1-96::AES-CBC-128"),
    ("", "freeipmi-tools default"),
    ("8", "8 - HMAC-MD5::HMAC-MD5-128::AES-CBC-128"),
    ("12", "12 - HMAC-MD5::MD5-128::AES-CBC-128"),
];
const PRIVILEGES: [(&str, &str); 3] =
    [("USER", "User"), ("OPERATOR", "Operator"), ("ADMIN", "Administrator")];

fn describe(call: &Call) -> Result<Reply, Problem> {
    permits(&call.actor, Permission::ManageControllers, &Object::Site)?;
    Ok(Reply::json(&[ipmi(), manual()]))
}

fn ipmi() -> PowerType {
    let fields = vec![
        choice("power_driver", "Power driver", &DRIVERS, "LAN_2_0", true),
        choice("power_boot_type", "Power boot type", &BOOTS, "auto", false),
        Field { required: true, ..field("power_address", "IP address", "ip_address") },
        field("power_user", "Power user", "string"),
        secret("power_pass", "Power password"),
        secret("k_g", "K_g BMC key"),
        choice("cipher_suite_id", "Cipher Suite ID", &CIPHERS, "3", false),
        choice("privilege_level", "Privilege Level", &PRIVILEGES, "OPERATOR", false),
        Field { scope: "node".to_owned(), ..field("mac_address", "Power MAC", "mac_address") },
    ];
    PowerType { queryable: true, fields, ..power_type("ipmi", "IPMI") }
}

fn manual() -> PowerType {
    power_type("manual", "Manual")
}

fn power_type(name: &str, description: &str) -> PowerType {
    PowerType {
        driver_type: "power".to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        fields: Vec::new(),
        missing_packages: Vec::new(),
        queryable: false,
        chassis: false,
        can_probe: false,
    }
}

fn field(name: &str, label: &str, kind: &str) -> Field {
    Field {
        name: name.to_owned(),
        label: label.to_owned(),
        required: false,
        field_type: kind.to_owned(),
        choices: Vec::new(),
        default: String::new(),
        scope: "bmc".to_owned(),
        secret: false,
    }
}

fn secret(name: &str, label: &str) -> Field {
    Field { secret: true, ..field(name, label, "password") }
}

fn choice(
    name: &str,
    label: &str,
    choices: &[(&str, &str)],
    default: &str,
    required: bool,
) -> Field {
    let owned = |(value, label): &(&str, &str)| ((*value).to_owned(), (*label).to_owned());
    Field {
        choices: choices.iter().map(owned).collect(),
        default: default.to_owned(),
        required,
        ..field(name, label, "choice")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::machine::power::driver::{POWER_DRIVERS, SERVED};

    use super::*;

    #[test]
    fn what_is_described_is_what_racks_have_and_take() {
        let described = [ipmi(), manual()];
        let names: Vec<&str> = described.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, SERVED);
        for one in &described {
            let driver = POWER_DRIVERS.iter().find(|driver| driver.name == one.name);
            let driver = driver.expect("a driver");
            let taken: BTreeSet<&str> =
                driver.public.iter().chain(driver.secret).copied().collect();
            for field in &one.fields {
                assert!(taken.contains(field.name.as_str()), "{} of {}", field.name, one.name);
                assert_eq!(field.secret, driver.secret.contains(&field.name.as_str()));
                let mut values = field.choices.iter().map(|(value, _)| value);
                assert!(field.choices.is_empty() || values.any(|value| *value == field.default));
            }
        }
    }
}
