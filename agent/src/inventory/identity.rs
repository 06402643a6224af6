//! Who the machine is: architecture, firmware, SMBIOS identity.

use std::collections::BTreeMap;
use std::path::Path;

use model::machine::hardware::Firmware;

use super::tools::read;

/// The firmware's variable that says whether Secure Boot is on (UEFI 2.10 §3.3).
const SECURE_BOOT: &str =
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// The kernel's files for SMBIOS strings, and MAAS's names for them.
const DMI: [(&str, &str); 17] = [
    ("sys_vendor", "system_vendor"),
    ("product_name", "system_product"),
    ("product_version", "system_version"),
    ("product_serial", "system_serial"),
    ("product_sku", "system_sku"),
    ("product_family", "system_family"),
    ("board_vendor", "mainboard_vendor"),
    ("board_name", "mainboard_product"),
    ("board_serial", "mainboard_serial"),
    ("board_version", "mainboard_version"),
    ("bios_vendor", "mainboard_firmware_vendor"),
    ("bios_version", "mainboard_firmware_version"),
    ("bios_date", "mainboard_firmware_date"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_type", "chassis_type"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_version", "chassis_version"),
];

/// MAAS's name of the architecture this agent was built for.
#[must_use]
pub fn architecture() -> String {
    let name = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{name}/generic")
}

/// How the machine was booted.
#[must_use]
pub fn firmware() -> Firmware {
    if Path::new("/sys/firmware/efi").exists() { Firmware::Uefi } else { Firmware::Bios }
}

/// The same, as the contract names it.
#[must_use]
pub fn firmware_name() -> &'static str {
    match firmware() {
        Firmware::Bios => "bios",
        Firmware::Uefi => "uefi",
    }
}

/// Whether the firmware has Secure Boot on; none of a BIOS. Without the variable it has no Secure Boot.
#[must_use]
pub fn secure_boot() -> Option<bool> {
    match firmware() {
        Firmware::Bios => None,
        Firmware::Uefi => Some(std::fs::read(SECURE_BOOT).is_ok_and(|variable| is_on(&variable))),
    }
}

/// Linux puts four bytes of attributes before the value of a variable.
fn is_on(variable: &[u8]) -> bool {
    matches!(variable, [_, _, _, _, 1])
}

/// The SMBIOS UUID in lower case, empty when there is none.
#[must_use]
pub fn uuid() -> String {
    known_uuid(&read("/sys/class/dmi/id/product_uuid"))
}

/// SMBIOS strings by MAAS's names; absent and meaningless ones are left out.
#[must_use]
pub fn dmi() -> BTreeMap<String, String> {
    DMI.iter()
        .map(|(file, name)| ((*name).to_owned(), read(format!("/sys/class/dmi/id/{file}"))))
        .filter(|(_, value)| !value.is_empty() && value != "Not Specified")
        .collect()
}

/// Vendors fill the field with zeros or ones when they do not care.
fn known_uuid(text: &str) -> String {
    let uuid = text.to_ascii_lowercase();
    let known = uuid.chars().any(|c| !matches!(c, '0' | '-'))
        && uuid.chars().any(|c| !matches!(c, 'f' | '-'));
    if known { uuid } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::{is_on, known_uuid};

    #[test]
    fn secure_boot_is_on_where_its_variable_says_so() {
        assert!(is_on(&[6, 0, 0, 0, 1]));
        assert!(!is_on(&[6, 0, 0, 0, 0]));
        assert!(!is_on(&[6, 0, 0, 0]));
    }

    #[test]
    fn uuids_of_careless_vendors_are_none() {
        assert_eq!(known_uuid("00000000-0000-0000-0000-000000000000"), "");
        assert_eq!(known_uuid("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"), "");
        assert_eq!(known_uuid(""), "");
        assert_eq!(known_uuid("4C4C4544-0032-3610"), "4c4c4544-0032-3610");
    }
}
