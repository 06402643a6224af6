//! Who a client is on the link: everything follows from its family and its number.

use std::net::Ipv6Addr;

use crate::continuity::history::ClientNumber;
use crate::continuity::kind::Family;

/// A hardware address.
pub type Mac = [u8; 6];

/// The first byte of the hardware addresses of clients: one host, administered locally.
const LOCAL: u8 = 0x06;

/// A client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its family.
    pub family: Family,
    /// Its number.
    pub number: ClientNumber,
}

impl Identity {
    /// The client of that number.
    #[must_use]
    pub const fn new(family: Family, number: ClientNumber) -> Self {
        Self { family, number }
    }

    /// Its hardware address.
    #[must_use]
    pub const fn mac(&self) -> Mac {
        let family = match self.family {
            Family::V4 => 4,
            Family::V6 => 6,
        };
        let [a, b, c, d] = self.number.to_be_bytes();
        [LOCAL, family, a, b, c, d]
    }

    /// The client with a hardware address.
    #[must_use]
    pub const fn of_mac(mac: Mac) -> Option<Self> {
        let [LOCAL, family, a, b, c, d] = mac else { return None };
        let number = u32::from_be_bytes([a, b, c, d]);
        match family {
            4 => Some(Self::new(Family::V4, number)),
            6 => Some(Self::new(Family::V6, number)),
            _ => None,
        }
    }

    /// Its hardware address as text.
    #[must_use]
    pub fn mac_text(&self) -> String {
        self.mac().map(|byte| format!("{byte:02x}")).join(":")
    }

    /// Its address on the link (RFC 4291, appendix A).
    #[must_use]
    pub const fn link_local(&self) -> Ipv6Addr {
        let [a, b, c, d, e, f] = self.mac();
        Ipv6Addr::new(0xfe80, 0, 0, 0, pair(a ^ 2, b), pair(c, 0xff), pair(0xfe, d), pair(e, f))
    }

    /// The client with an address on the link.
    #[must_use]
    pub fn of_link_local(address: Ipv6Addr) -> Option<Self> {
        let [0xfe, 0x80, 0, 0, 0, 0, 0, 0, a, b, c, 0xff, 0xfe, d, e, f] = address.octets() else {
            return None;
        };
        Self::of_mac([a ^ 2, b, c, d, e, f])
    }

    /// Its identifier in `DHCPv6` (DUID-LL, RFC 9915 §11.4).
    #[must_use]
    pub fn duid(&self) -> Vec<u8> {
        [&[0, 3, 0, 1][..], &self.mac()].concat()
    }

    /// The client with an identifier.
    #[must_use]
    pub fn of_duid(duid: &[u8]) -> Option<Self> {
        let [0, 3, 0, 1, mac @ ..] = duid else { return None };
        Self::of_mac(mac.try_into().ok()?)
    }

    /// The name that it asks for.
    #[must_use]
    pub fn hostname(&self) -> String {
        let letter = match self.family {
            Family::V4 => 'c',
            Family::V6 => 's',
        };
        format!("{letter}{}", self.number)
    }

    /// Whether the API calls a client so: by its hardware address, or by an identifier that ends with it.
    #[must_use]
    pub fn is_called(&self, client: &str) -> bool {
        let mac = self.mac_text();
        client == mac || client.ends_with(&mac.replace(':', ""))
    }
}

const fn pair(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests {
    use super::Identity;
    use crate::continuity::kind::Family;

    #[test]
    fn every_name_of_a_client_leads_back_to_it() {
        for family in Family::ALL {
            let client = Identity::new(family, 0x0102_0304);
            assert_eq!(Identity::of_mac(client.mac()), Some(client));
            assert_eq!(Identity::of_link_local(client.link_local()), Some(client));
            assert_eq!(Identity::of_duid(&client.duid()), Some(client));
            assert!(client.is_called(&client.mac_text()));
            let hex = client.mac_text().replace(':', "");
            assert!(client.is_called(&format!("id:0000000100030001{hex}")));
        }
        assert_eq!(Identity::of_mac([2, 4, 0, 0, 0, 1]), None);
    }

    #[test]
    fn clients_of_two_families_with_one_number_are_two() {
        let [first, second] = Family::ALL.map(|family| Identity::new(family, 7));
        assert!(!first.is_called(&second.mac_text()));
        assert_ne!(first.hostname(), second.hostname());
    }
}
