//! Typed ids: a subnet's id cannot be passed where a VLAN's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! numeric_ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

numeric_ids! {
    /// A fabric (MAAS: a set of VLANs that can reach each other).
    FabricId
    /// A VLAN's database id, not its 802.1Q tag.
    VlanId
    /// A space.
    SpaceId
    /// A subnet.
    SubnetId
    /// An IP range of a subnet.
    IpRangeId
    /// A pool of prefixes that are delegated.
    PrefixPoolId
    /// A DNS domain.
    DomainId
    /// A DNS resource (a name with addresses).
    DnsResourceId
    /// A DNS record that is not an address.
    DnsRecordId
    /// An availability zone.
    AvailabilityZoneId
    /// A resource pool.
    ResourcePoolId
    /// A user.
    UserId
    /// An SSH key of a user.
    SshKeyId
    /// A boot resource (an image with its versions).
    BootResourceId
    /// An interface of a machine; unique in the cluster.
    InterfaceId
    /// A block device of a machine; unique in the cluster.
    BlockDeviceId
    /// A partition of a block device; unique in the cluster.
    PartitionId
    /// A RAID, a volume group, a cached device or a datastore of a machine; unique in the cluster.
    StorageGroupId
    /// A cache set of a machine; unique in the cluster.
    CacheSetId
    /// An address block that is granted to a rack.
    BlockId
    /// A snippet of DHCP configuration.
    DhcpSnippetId
    /// A static route between subnets.
    StaticRouteId
    /// A file of a user.
    FileId
    /// A message to users.
    NotificationId
    /// An address that is kept for a client.
    ReservedIpId
    /// A boot source.
    BootSourceId
    /// A selection of a boot source.
    BootSourceSelectionId
    /// A package repository.
    PackageRepositoryId
    /// A certificate of a user.
    SslKeyId
    /// A group of users.
    UserGroupId
    /// A provider that users log in at.
    OidcProviderId
    /// A webhook.
    WebhookId
}

/// The id of a machine or controller: six characters, as MAAS prints them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SystemId(String);

/// The text is not six lower-case letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a system id")]
pub struct ParseSystemIdError(String);

impl SystemId {
    /// The characters a system id is made of; look-alikes are left out, as in MAAS.
    pub const ALPHABET: &'static [u8; 24] = b"3478abcdefghkmnpqrstwxyz";

    /// The `number`th system id, counted in base 24 from `333333`.
    ///
    /// Ids come from a replicated counter or a random number drawn by the caller.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        let mut rest = number;
        let mut text = [0_u8; 6];
        for character in text.iter_mut().rev() {
            let digit = usize::try_from(rest % 24).unwrap_or_default();
            *character = Self::ALPHABET[digit];
            rest /= 24;
        }
        Self(text.iter().map(|&byte| char::from(byte)).collect())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SystemId {
    type Err = ParseSystemIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = text.len() == 6
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if valid { Ok(Self(text.to_owned())) } else { Err(ParseSystemIdError(text.to_owned())) }
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SystemId {
    type Error = ParseSystemIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SystemId> for String {
    fn from(id: SystemId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_give_distinct_parsable_ids() {
        assert_eq!(SystemId::from_number(0).as_str(), "333333");
        assert_eq!(SystemId::from_number(25).as_str(), "333344");
        let id = SystemId::from_number(123_456_789);
        assert_eq!(id.as_str().parse(), Ok(id));
    }

    #[test]
    fn other_text_is_refused() {
        assert!("abc".parse::<SystemId>().is_err());
        assert!("ABCDEF".parse::<SystemId>().is_err());
    }
}
