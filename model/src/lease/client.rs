//! Who holds a binding.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::mac::{MacAddress, ParseMacError};

/// What comes before an identifier in text.
const IDENTIFIER: &str = "id:";

/// A client of DHCP on its link: what says that two messages come from the same one.
///
/// As text, and so in rows, it is a hardware address (`52:54:00:12:34:56`), or `id:` and the bytes of
/// an identifier in hexadecimal (`id:ff000000020001…`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ClientId {
    /// The address of its interface. Option 61 changes along one boot, so it does not say who a
    /// client with such an address is.
    Hardware(MacAddress),
    /// What the client calls itself, where messages carry no hardware address: option 61 on
    /// InfiniBand (RFC 4390 §2.1). Not empty.
    Identifier(Arc<[u8]>),
}

/// Begins the identifier of a client as one that registers addresses which it made itself (RFC 9686). Those of associations
/// begin with other bytes (RFC 4361 §6.1).
const REGISTERS: u8 = 253;

impl ClientId {
    /// A client of `DHCPv6` as one that registers addresses, by its DUID.
    #[must_use]
    pub fn registering(duid: &[u8]) -> Self {
        Self::Identifier([&[REGISTERS][..], duid].concat().into())
    }

    /// Whether it is one that registers addresses.
    #[must_use]
    pub fn registers(&self) -> bool {
        matches!(self, Self::Identifier(identifier) if identifier.first() == Some(&REGISTERS))
    }

    /// The hardware address, if that is who it is.
    #[must_use]
    pub const fn mac(&self) -> Option<MacAddress> {
        match self {
            Self::Hardware(mac) => Some(*mac),
            Self::Identifier(_) => None,
        }
    }

    /// What tells clients apart, as bytes: to spread them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Hardware(mac) => &mac.0,
            Self::Identifier(identifier) => identifier,
        }
    }
}

impl From<MacAddress> for ClientId {
    fn from(mac: MacAddress) -> Self {
        Self::Hardware(mac)
    }
}

/// The text names no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseClientError {
    /// Neither does it begin with `id:`.
    #[error(transparent)]
    Mac(#[from] ParseMacError),
    /// What follows `id:` is not one or more bytes in hexadecimal.
    #[error("`{0}` is not a client identifier")]
    Identifier(String),
}

impl FromStr for ClientId {
    type Err = ParseClientError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(digits) = text.strip_prefix(IDENTIFIER) else {
            return Ok(Self::Hardware(text.parse()?));
        };
        let bytes = digits.as_bytes().chunks(2).map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        });
        let identifier = bytes.collect::<Option<Arc<[u8]>>>().filter(|bytes| !bytes.is_empty());
        let refused = || ParseClientError::Identifier(text.to_owned());
        Ok(Self::Identifier(identifier.ok_or_else(refused)?))
    }
}

fn digit(hexadecimal: u8) -> Option<u8> {
    u8::try_from(char::from(hexadecimal).to_digit(16)?).ok()
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hardware(mac) => mac.fmt(f),
            Self::Identifier(identifier) => {
                f.write_str(IDENTIFIER)?;
                identifier.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for ClientId {
    type Error = ParseClientError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ClientId> for String {
    fn from(client: ClientId) -> Self {
        client.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_read_as_it_is_written() {
        for text in ["52:54:00:12:34:56", "id:ff00000002"] {
            assert_eq!(text.parse::<ClientId>().unwrap().to_string(), text);
        }
        for text in ["id:", "id:f", "id:0g", "ff00000002"] {
            assert!(text.parse::<ClientId>().is_err(), "{text}");
        }
    }

    /// Rows of before knew hardware addresses only.
    #[test]
    fn a_row_with_a_hardware_address_is_a_row_with_a_client() {
        let mac = MacAddress([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
        let row = serde_json::to_string(&mac).unwrap();
        assert_eq!(serde_json::from_str::<ClientId>(&row).unwrap(), ClientId::Hardware(mac));
        assert_eq!(serde_json::to_string(&ClientId::Hardware(mac)).unwrap(), row);
    }
}
