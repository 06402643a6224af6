//! Keys as bytes whose order is the order of the values, and that a person can still read.
//!
//! Numbers are fixed-width hexadecimal text, addresses their family and hexadecimal text, strings
//! themselves. Parts of a compound key are separated by `00 01`; a NUL inside a string is written
//! `00 ff`, so a string never contains a separator and sorts before its own extensions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use model::event::EventLevel;
use model::id::{
    AvailabilityZoneId, BlockDeviceId, BlockId, BootResourceId, BootSourceId,
    BootSourceSelectionId, DhcpSnippetId, DnsRecordId, DnsResourceId, DomainId, FabricId, FileId,
    InterfaceId, IpRangeId, NotificationId, OidcProviderId, PackageRepositoryId, PrefixPoolId,
    ReservedIpId, ResourcePoolId, SpaceId, SshKeyId, SslKeyId, StaticRouteId, SubnetId, SystemId,
    UserGroupId, UserId, VlanId, WebhookId,
};
use model::lease::client::ClientId;
use model::mac::MacAddress;

/// What stands between the parts of a compound key.
pub(crate) const SEPARATOR: [u8; 2] = [0x00, 0x01];

/// A value that can be (part of) a key.
pub trait Key: Sized {
    /// Appends the value's bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads the value back; none when the bytes are not what [`Key::encode`] writes.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// The bytes of one key.
pub fn encoded<K: Key>(key: &K) -> Vec<u8> {
    let mut out = Vec::new();
    key.encode(&mut out);
    out
}

impl Key for u16 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{self:04x}").as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() == 4)?;
        Self::from_str_radix(text, 16).ok()
    }
}

impl Key for u32 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{self:08x}").as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() == 8)?;
        Self::from_str_radix(text, 16).ok()
    }
}

impl Key for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{self:016x}").as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() == 16)?;
        Self::from_str_radix(text, 16).ok()
    }
}

impl Key for String {
    fn encode(&self, out: &mut Vec<u8>) {
        for &byte in self.as_bytes() {
            out.push(byte);
            if byte == 0 {
                out.push(0xff);
            }
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut text = Vec::with_capacity(bytes.len());
        let mut rest = bytes.iter();
        while let Some(&byte) = rest.next() {
            if byte == 0 && rest.next() != Some(&0xff) {
                return None;
            }
            text.push(byte);
        }
        Self::from_utf8(text).ok()
    }
}

impl Key for SystemId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_str().as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }
}

/// The number that MAAS has for it.
impl Key for EventLevel {
    fn encode(&self, out: &mut Vec<u8>) {
        let number: u16 = match self {
            Self::Audit => 0,
            Self::Debug => 10,
            Self::Info => 20,
            Self::Warning => 30,
            Self::Error => 40,
            Self::Critical => 50,
        };
        number.encode(out);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(match u16::decode(bytes)? {
            0 => Self::Audit,
            10 => Self::Debug,
            20 => Self::Info,
            30 => Self::Warning,
            40 => Self::Error,
            50 => Self::Critical,
            _ => return None,
        })
    }
}

impl Key for MacAddress {
    fn encode(&self, out: &mut Vec<u8>) {
        for byte in self.0 {
            out.extend_from_slice(format!("{byte:02x}").as_bytes());
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() == 12)?;
        let number = u64::from_str_radix(text, 16).ok()?;
        let [_, _, address @ ..] = number.to_be_bytes();
        Some(Self(address))
    }
}

/// The text of an identifier begins with `id:`, which no hardware address does.
impl Key for ClientId {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hardware(mac) => mac.encode(out),
            Self::Identifier(_) => out.extend_from_slice(self.to_string().as_bytes()),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let hardware = MacAddress::decode(bytes).map(Self::Hardware);
        hardware.or_else(|| std::str::from_utf8(bytes).ok()?.parse().ok())
    }
}

impl Key for IpAddr {
    fn encode(&self, out: &mut Vec<u8>) {
        let text = match self {
            Self::V4(address) => format!("4/{:08x}", address.to_bits()),
            Self::V6(address) => format!("6/{:032x}", address.to_bits()),
        };
        out.extend_from_slice(text.as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        match text.split_once('/')? {
            ("4", bits) if bits.len() == 8 => {
                Some(Self::V4(Ipv4Addr::from_bits(u32::from_str_radix(bits, 16).ok()?)))
            }
            ("6", bits) if bits.len() == 32 => {
                Some(Self::V6(Ipv6Addr::from_bits(u128::from_str_radix(bits, 16).ok()?)))
            }
            _ => None,
        }
    }
}

impl Key for IpNet {
    fn encode(&self, out: &mut Vec<u8>) {
        self.network().encode(out);
        out.extend_from_slice(format!("/{:03}", self.prefix_len()).as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (address, length) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
        let length = std::str::from_utf8(length).ok()?.strip_prefix('/')?.parse().ok()?;
        Self::new(IpAddr::decode(address)?, length).ok()
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        out.extend_from_slice(&SEPARATOR);
        self.1.encode(out);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let at = bytes.windows(2).position(|pair| pair == SEPARATOR)?;
        Some((A::decode(&bytes[..at])?, B::decode(&bytes[at + 2..])?))
    }
}

macro_rules! numeric_id_keys {
    ($($id:ident),+ $(,)?) => {$(
        impl Key for $id {
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                Key::decode(bytes).map(Self)
            }
        }
    )+};
}

numeric_id_keys!(
    AvailabilityZoneId,
    BlockDeviceId,
    BlockId,
    BootResourceId,
    BootSourceId,
    BootSourceSelectionId,
    DhcpSnippetId,
    DnsRecordId,
    DnsResourceId,
    DomainId,
    FabricId,
    FileId,
    InterfaceId,
    IpRangeId,
    NotificationId,
    OidcProviderId,
    PackageRepositoryId,
    PrefixPoolId,
    ReservedIpId,
    ResourcePoolId,
    SpaceId,
    SshKeyId,
    SslKeyId,
    UserGroupId,
    StaticRouteId,
    SubnetId,
    UserId,
    VlanId,
    WebhookId,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<K: Key + PartialEq + std::fmt::Debug>(ascending: &[K]) {
        for key in ascending {
            assert_eq!(K::decode(&encoded(key)).as_ref(), Some(key));
        }
        for pair in ascending.windows(2) {
            assert!(encoded(&pair[0]) < encoded(&pair[1]), "{:?} < {:?}", pair[0], pair[1]);
        }
    }

    #[test]
    fn keys_sort_as_their_values_and_read_back() {
        check(&[0_u32, 9, 10, 255, 256, u32::MAX]);
        check(&[SubnetId(1), SubnetId(20)]);
        check(&["", "a", "a\0", "a\0b", "ab", "b"].map(str::to_owned));
        check::<IpAddr>(
            &["9.0.0.1", "10.0.0.2", "10.0.0.10", "::1", "fd00::"]
                .map(|text| text.parse().unwrap()),
        );
        check::<IpNet>(
            &["10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "fd00::/64"]
                .map(|text| text.parse().unwrap()),
        );
        check(&[MacAddress([0, 0, 0, 0, 0, 9]), MacAddress([0x52, 0, 0, 0, 0, 1])]);
        let identifier = ClientId::Identifier([255, 0].into());
        check(&[ClientId::Hardware(MacAddress([0x52, 0, 0, 0, 0, 1])), identifier]);
    }

    #[test]
    fn compound_keys_sort_by_their_first_part() {
        check(&[
            ("a".to_owned(), 2_u32),
            ("a\0".to_owned(), 1),
            ("ab".to_owned(), 0),
            ("b".to_owned(), 0),
        ]);
    }
}
