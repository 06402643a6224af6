//! The ways in which firmware boots from the network, by the names that MAAS has for them.

/// A way to boot: its name, and the code of the processor architecture that asks for it (IANA,
/// option 93; RFC 4578 §2.1), if a code does.
type Method = (&'static str, Option<u16>);

/// iPXE, which says by its user class what it is.
pub const IPXE: &str = "ipxe";

/// MAAS's, and those of architectures that it does not boot.
const METHODS: [Method; 14] = [
    (IPXE, None),
    ("pxe", Some(0)),
    ("uefi_i386_tftp", Some(6)),
    ("uefi_amd64_tftp", Some(7)),
    ("uefi_ebc_tftp", Some(9)),
    ("uefi_arm64_tftp", Some(11)),
    ("open-firmware_ppc64el", Some(12)),
    ("powernv", Some(14)),
    ("uefi_i386_http", Some(15)),
    ("uefi_amd64_http", Some(16)),
    ("uefi_ebc_http", Some(17)),
    ("uefi_arm64_http", Some(19)),
    ("s390x", Some(31)),
    ("s390x_partition", Some(32)),
];

/// The name of the way that an architecture boots; none when it has no name.
#[must_use]
pub fn of_architecture(code: u16) -> Option<&'static str> {
    METHODS.iter().find(|(_, own)| *own == Some(code)).map(|(name, _)| *name)
}

/// The name that a user means: it, or the architecture as `0x07` or `00:07`.
#[must_use]
pub fn named(text: &str) -> Option<&'static str> {
    let code = match (text.strip_prefix("0x"), text.split_once(':')) {
        (Some(digits), _) => u16::from_str_radix(digits, 16).ok(),
        (None, Some((high, low))) if high.len() == 2 && low.len() == 2 => {
            u16::from_str_radix(&format!("{high}{low}"), 16).ok()
        }
        (None, _) => None,
    };
    let by_name = || METHODS.iter().find(|(name, _)| *name == text).map(|(name, _)| *name);
    code.map_or_else(by_name, of_architecture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_named_in_three_ways() {
        for text in ["uefi_amd64_http", "0x10", "00:10"] {
            assert_eq!(named(text), Some("uefi_amd64_http"), "{text}");
        }
        assert_eq!(named("00:0B"), named("0x0b"));
        for text in ["", "PXE", "16", "0x", "0xzz", "00:10:00", "0x99", "é:10", "windows"] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
