//! Who made an interface, by the first half of its hardware address: from Debian's package `ieee-data`, on
//! regions that have it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use model::mac::MacAddress;

/// Where the package puts the register of IEEE.
const FILE: &str = "/usr/share/ieee-data/oui.txt";

/// What stands between the first half of an address and the name.
const SEPARATOR: &str = "(hex)";

/// The bit of an address that was not given by IEEE.
const LOCAL: u8 = 2;

type Register = BTreeMap<[u8; 3], Box<str>>;

/// Read once, by who asks first; without the package there is none.
static REGISTER: LazyLock<Register> = LazyLock::new(|| {
    fs::read(FILE).map(|text| parse(&String::from_utf8_lossy(&text))).unwrap_or_default()
});

/// The maker of an interface, if that is known. The first call reads a file of some megabytes.
pub(crate) fn of(mac: MacAddress) -> Option<&'static str> {
    maker(&REGISTER, mac)
}

fn maker(register: &Register, mac: MacAddress) -> Option<&str> {
    let [first, second, third, ..] = mac.0;
    let is_given = first & LOCAL == 0;
    register.get(&[first, second, third]).filter(|_| is_given).map(|name| &**name)
}

/// Of each entry the line `00-22-72   (hex)  Name`.
fn parse(text: &str) -> Register {
    text.lines().filter_map(entry).collect()
}

fn entry(line: &str) -> Option<([u8; 3], Box<str>)> {
    let (half, name) = line.split_once(SEPARATOR)?;
    let mut bytes = half.trim().split('-').map(|byte| u8::from_str_radix(byte, 16).ok());
    let bytes = [bytes.next()??, bytes.next()??, bytes.next()??];
    let name = name.trim();
    (!name.is_empty()).then(|| (bytes, name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_found_by_what_ieee_gave_them() {
        let text = "OUI/MA-L      Organization\n\
                    00-22-72   (hex)\t\tAmerican Micro-Fuel Device Corp.\r\n\
                    002272     (base 16)\t\tAmerican Micro-Fuel Device Corp.\r\n\
                    02-22-72   (hex)\t\tNobody\n00-22   (hex)\tShort\n00-22-73   (hex)\t\n";
        let register = parse(text);
        let of = |text: &str| maker(&register, text.parse().unwrap());
        assert_eq!(of("00:22:72:01:02:03"), Some("American Micro-Fuel Device Corp."));
        assert_eq!(of("00:22:73:01:02:03"), None);
        assert_eq!(of("02:22:72:01:02:03"), None, "an address of one's own making");
    }
}
