//! Unsolicited neighbor advertisements (RFC 4861 §7.2.6): a host says that it has an address now.

use std::net::Ipv6Addr;

use model::mac::MacAddress;

/// The `ICMPv6` type.
pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;

/// Others are to replace what they know (flag O).
const OVERRIDE: u8 = 0x20;
const TARGET_AT: usize = 8;
const LENGTH_MIN: usize = 24;
/// The option with the sender's link-layer address, one unit of eight bytes long.
const TARGET_LINK_ADDRESS: [u8; 2] = [2, 1];

/// The message that says that the host with a hardware address has an address now. The checksum is the kernel's to make.
#[must_use]
pub fn announcement(ip: Ipv6Addr, mac: MacAddress) -> Vec<u8> {
    let head = [NEIGHBOR_ADVERTISEMENT, 0, 0, 0, OVERRIDE, 0, 0, 0];
    [&head[..], &ip.octets(), &TARGET_LINK_ADDRESS, &mac.0].concat()
}

/// The address that the sender of a message says to have. `hop_limit` is that of its packet: one from another link is not
/// believed (§7.1.2).
#[must_use]
pub fn announced(message: &[u8], hop_limit: u8) -> Option<Ipv6Addr> {
    let is_valid = hop_limit == 255 && message.get(..2)? == [NEIGHBOR_ADVERTISEMENT, 0];
    let target: [u8; 16] = message.get(TARGET_AT..LENGTH_MIN)?.try_into().ok()?;
    let target = Ipv6Addr::from(target);
    (is_valid && !target.is_multicast()).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_overrides_and_names_the_hardware_address() {
        let (ip, mac) = ("fd00::5".parse().unwrap(), MacAddress([2, 0, 0, 0, 0, 1]));
        let message = announcement(ip, mac);
        assert_eq!(message.len(), 32);
        assert_eq!(message[..8], [136, 0, 0, 0, 0x20, 0, 0, 0], "unsolicited, no router, override");
        assert_eq!(message[24..], [2, 1, 2, 0, 0, 0, 0, 1]);
        assert_eq!(announced(&message, 255), Some(ip));
    }

    #[test]
    fn what_is_cut_comes_from_afar_or_is_another_message_says_nothing() {
        let message = announcement("fd00::5".parse().unwrap(), MacAddress([2, 0, 0, 0, 0, 1]));
        assert_eq!(announced(&message, 254), None);
        assert!((0..24).all(|len| announced(&message[..len], 255).is_none()));
        let mut other = message;
        other[0] = 135;
        assert_eq!(announced(&other, 255), None);
        let group = announcement("ff02::1".parse().unwrap(), MacAddress([2, 0, 0, 0, 0, 1]));
        assert_eq!(announced(&group, 255), None);
    }
}
