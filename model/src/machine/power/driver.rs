//! MAAS's power drivers with the names of their parameters, and which of those are secret.

/// A power driver of MAAS, as far as its parameters go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerDriver {
    /// Its name, `ipmi`.
    pub name: &'static str,
    /// The parameters that may be shown.
    pub public: &'static [&'static str],
    /// The parameters that are secret.
    pub secret: &'static [&'static str],
}

const fn driver(
    name: &'static str,
    public: &'static [&'static str],
    secret: &'static [&'static str],
) -> PowerDriver {
    PowerDriver { name, public, secret }
}

/// All drivers, in the order of their names.
pub const POWER_DRIVERS: &[PowerDriver] = &[
    driver("amt", &["power_user", "port", "power_address"], &["power_pass"]),
    driver("apc", &["power_address", "node_outlet", "power_on_delay", "pdu_type"], &[]),
    driver("dli", &["outlet_id", "power_address", "power_user"], &["power_pass"]),
    driver("eaton", &["power_address", "node_outlet", "power_on_delay"], &[]),
    driver("hmc", &["power_address", "power_user", "server_name", "lpar"], &["power_pass"]),
    driver(
        "hmcz",
        &["power_address", "power_user", "power_partition_name", "power_verify_ssl"],
        &["power_pass"],
    ),
    driver(
        "ipmi",
        &[
            "power_driver",
            "power_boot_type",
            "power_address",
            "power_user",
            "cipher_suite_id",
            "privilege_level",
            "workaround_flags",
            "mac_address",
            "power_off_mode",
        ],
        &["power_pass", "k_g"],
    ),
    driver(
        "lxd",
        &["power_address", "instance_name", "project", "certificate"],
        &["password", "key"],
    ),
    driver("manual", &[], &[]),
    driver("moonshot", &["power_address", "power_user", "power_hwaddress"], &["power_pass"]),
    driver("mscm", &["power_address", "power_user", "node_id"], &["power_pass"]),
    driver("msftocs", &["power_address", "power_port", "power_user", "blade_id"], &["power_pass"]),
    driver("nova", &["nova_id", "os_tenantname", "os_username", "os_authurl"], &["os_password"]),
    driver("openbmc", &["power_address", "power_user"], &["power_pass"]),
    driver(
        "proxmox",
        &["power_address", "power_user", "power_token_name", "power_vm_name", "power_verify_ssl"],
        &["power_pass", "power_token_secret"],
    ),
    driver("raritan", &["power_address", "node_outlet", "power_on_delay"], &[]),
    driver("recs_box", &["node_id", "power_address", "power_port", "power_user"], &["power_pass"]),
    driver("redfish", &["power_address", "power_user", "node_id"], &["power_pass"]),
    driver(
        "sm15k",
        &["system_id", "power_address", "power_user", "power_control"],
        &["power_pass"],
    ),
    driver("ucsm", &["uuid", "power_address", "power_user"], &["power_pass"]),
    driver("virsh", &["power_address", "power_id"], &["power_pass"]),
    driver(
        "vmware",
        &[
            "power_vm_name",
            "power_uuid",
            "power_address",
            "power_user",
            "power_port",
            "power_protocol",
        ],
        &["power_pass"],
    ),
    driver(
        "webhook",
        &[
            "power_on_uri",
            "power_off_uri",
            "power_query_uri",
            "power_on_regex",
            "power_off_regex",
            "power_user",
            "power_verify_ssl",
        ],
        &["power_pass", "power_token"],
    ),
    driver("wedge", &["power_address", "power_user"], &["power_pass"]),
];

/// The drivers that racks have, and `manual`, for which somebody walks to the machine.
pub const SERVED: &[&str] = &["ipmi", "manual"];

/// Whether a parameter of this name may be shown: some driver has it, and it is secret in none.
#[must_use]
pub fn is_public(parameter: &str) -> bool {
    POWER_DRIVERS.iter().any(|driver| driver.public.contains(&parameter))
        && !POWER_DRIVERS.iter().any(|driver| driver.secret.contains(&parameter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_every_parameter_is_public_or_secret() {
        assert!(POWER_DRIVERS.is_sorted_by_key(|driver| driver.name));
        for driver in POWER_DRIVERS {
            for name in driver.public {
                assert!(is_public(name), "{name} of {}", driver.name);
            }
            for name in driver.secret {
                assert!(!is_public(name), "{name} of {}", driver.name);
            }
        }
        assert!(!is_public("anything"), "what no driver has may be a password");
    }
}
