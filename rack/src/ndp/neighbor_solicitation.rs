//! Neighbor solicitations (RFC 4861 §4.3): a host asks a link who has an address.

use std::net::Ipv6Addr;

use model::mac::MacAddress;

/// The `ICMPv6` type.
const NEIGHBOR_SOLICITATION: u8 = 135;
/// The option with the sender's link-layer address, one unit of eight bytes long.
const SOURCE_LINK_ADDRESS: [u8; 2] = [1, 1];

/// The message that asks who has an address, from a host with a hardware address. The checksum is the kernel's to make.
pub(crate) fn solicitation(ip: Ipv6Addr, own: MacAddress) -> Vec<u8> {
    let head = [NEIGHBOR_SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
    [&head[..], &ip.octets(), &SOURCE_LINK_ADDRESS, &own.0].concat()
}

/// The group that the host with an address listens at (RFC 4291 §2.7.1).
pub(crate) fn asked_at(ip: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = ip.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | high & 0xff, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solicitation_names_the_address_and_its_sender() {
        let ip = "fd00::5".parse().unwrap();
        let message = solicitation(ip, MacAddress([2, 0, 0, 0, 0, 1]));
        assert_eq!(message.len(), 32);
        assert_eq!(message[..8], [135, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(message[8..24], ip.octets());
        assert_eq!(message[24..], [1, 1, 2, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn the_group_has_the_last_three_bytes_of_the_address() {
        let ip = "fd00::1:2345:6789".parse().unwrap();
        assert_eq!(asked_at(ip), "ff02::1:ff45:6789".parse::<Ipv6Addr>().unwrap());
    }
}
