//! The shapes of leases, and of why a client gets what it gets.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use model::lease::standing::Standing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An address that is, or was, bound to a client, or a prefix that is delegated to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lease {
    /// The address, or the first one of the prefix.
    #[schema(value_type = String)]
    pub ip: IpAddr,
    /// `address`, `prefix`, or `registered`: an address that its host made itself.
    #[serde(default = "of_address")]
    pub kind: String,
    /// The length of the prefix; none of an address.
    #[serde(default)]
    pub prefix_length: Option<u8>,
    /// The client: its hardware address, or `id:` and its identifier in hexadecimal.
    pub client: String,
    /// The name of the machine that the client is an interface of; else the one it asked for.
    pub name: Option<String>,
    /// How it stands.
    #[schema(value_type = String)]
    pub state: Standing,
    /// Until when the client was told it may use the address (RFC 3339, UTC).
    pub told_until: String,
    /// Until when nobody else gets the address (RFC 3339, UTC).
    pub promised_until: String,
    /// The rack that asked for the last change.
    pub rack: NamedRack,
    /// The subnet the address was chosen from.
    pub subnet: NamedSubnet,
    /// The link the client is on.
    pub vlan: NamedVlan,
}

impl Lease {
    /// The address, or the prefix.
    #[must_use]
    pub fn what(&self) -> String {
        match self.prefix_length {
            Some(length) => format!("{}/{length}", self.ip),
            None => self.ip.to_string(),
        }
    }
}

/// What regions of the version before do not say.
fn of_address() -> String {
    "address".to_owned()
}

/// Leases in the order of their addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeasePage {
    /// Some of them.
    pub leases: Vec<Lease>,
    /// What `after` has to be for those that follow; none after the last.
    #[schema(value_type = Option<String>)]
    pub next: Option<IpAddr>,
}

/// The value of an option of DHCP, 1 to 255 bytes: as text in hexadecimal, read with or without colons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionBytes(Vec<u8>);

impl OptionBytes {
    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The text is no value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoOptionBytes;

impl fmt::Display for NoOptionBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is 1 to 255 bytes in hexadecimal")
    }
}

impl std::error::Error for NoOptionBytes {}

impl FromStr for OptionBytes {
    type Err = NoOptionBytes;

    fn from_str(text: &str) -> Result<Self, NoOptionBytes> {
        let byte = |digits: &str| {
            let is_byte = (1..=2).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            is_byte.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
        };
        let bytes: Option<Vec<u8>> = if text.contains(':') {
            text.split(':').map(byte).collect()
        } else if text.len().is_multiple_of(2) {
            (0..text.len()).step_by(2).map(|at| byte(text.get(at..at + 2)?)).collect()
        } else {
            None
        };
        let is_value = |bytes: &Vec<u8>| (1..=255).contains(&bytes.len());
        bytes.filter(is_value).map(Self).ok_or(NoOptionBytes)
    }
}

impl fmt::Display for OptionBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A rack by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedRack {
    /// Its id.
    pub system_id: String,
    /// Its host's name; none of a rack that was forgotten.
    pub hostname: Option<String>,
}

/// A subnet by id and prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedSubnet {
    /// Its id.
    pub id: u32,
    /// Its prefix; none of one that was deleted.
    #[schema(value_type = Option<String>)]
    pub cidr: Option<IpNet>,
}

/// A VLAN by id, and by fabric and tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedVlan {
    /// Its id.
    pub id: u32,
    /// The name of its fabric; none of a VLAN that was deleted.
    pub fabric: Option<String>,
    /// Its tag.
    pub vid: Option<u16>,
}

/// What a client is answered, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The client: its hardware address.
    pub client: String,
    /// The link that it is judged on; none when its relay is in no subnet.
    pub link: Option<ExplainedLink>,
    /// The racks of the link, in the order in which they answer this client.
    pub racks: Vec<ExplainedRack>,
    /// What is known of the client there.
    pub known: KnownClient,
    /// What becomes of the address that it asks for.
    pub requested: Option<Outcome>,
    /// What the first rack offers; none when it is silent.
    pub offer: Option<ExplainedOffer>,
    /// Why it is silent, if it is.
    pub silence: Option<Reason>,
    /// What was not asked and is taken from what the region knows.
    pub assumed: Vec<String>,
    /// What only a rack knows.
    pub not_seen: Vec<String>,
}

/// A reason: a word for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The word.
    pub word: String,
    /// The sentence.
    pub text: String,
}

/// What becomes of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// The address.
    #[schema(value_type = String)]
    pub ip: IpAddr,
    /// What becomes of it.
    pub outcome: Reason,
}

/// A link, and why it is that one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedLink {
    /// The VLAN.
    pub vlan: NamedVlan,
    /// What says so: `interface`, `giaddr` or `link-selection`.
    pub by: Reason,
    /// The VLAN whose racks serve it through relays, if they do.
    pub relayed_to: Option<NamedVlan>,
    /// The subnets that addresses come from.
    pub subnets: Vec<NamedSubnet>,
}

/// A rack, and when it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedRack {
    /// The rack.
    pub rack: NamedRack,
    /// Whether a region has a session with it.
    pub connected: bool,
    /// Whether it has an address in a subnet of the VLAN that its packets come in at.
    #[serde(default = "known_to_be")]
    pub on_link: bool,
    /// Which transmission of the client it answers, from 1 on; none when the others do not wait for it.
    pub transmission: Option<usize>,
}

/// What is known of a client on a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KnownClient {
    /// The machine that it is an interface of.
    pub machine: Option<NamedMachine>,
    /// The addresses that are kept for it.
    #[schema(value_type = Vec<String>)]
    pub reserved: Vec<IpAddr>,
    /// Its leases, the one with the latest promise first.
    pub leases: Vec<Lease>,
}

/// A machine by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedMachine {
    /// Its id.
    pub system_id: String,
    /// Its name.
    pub hostname: String,
}

/// What a client is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedOffer {
    /// The address.
    #[schema(value_type = String)]
    pub ip: IpAddr,
    /// Why that one.
    pub why: Reason,
    /// The subnet it lies in.
    pub subnet: Option<NamedSubnet>,
    /// The range that it lies in, and what part of it is the rack's.
    pub range: Option<Span>,
    /// The rack's block that it lies in.
    pub block: Option<Span>,
    /// For how many seconds the client may use it.
    pub lease_seconds: u32,
    /// The rack's address that it is told.
    #[schema(value_type = String)]
    pub server: IpAddr,
    /// What it is told to boot.
    pub boot: ExplainedBoot,
    /// The options, if it asks for all there are.
    pub options: Vec<ExplainedOption>,
    /// The options that do not fit into the answer.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// An option that a client is not told, because the answer has no room for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// Its code.
    pub code: u8,
    /// Its name.
    pub name: String,
}

/// What regions of the version before do not say.
const fn known_to_be() -> bool {
    true
}

/// Addresses in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// The id of what they are.
    pub id: u32,
    /// The first one.
    #[schema(value_type = String)]
    pub first: IpAddr,
    /// The last one.
    #[schema(value_type = String)]
    pub last: IpAddr,
}

/// What a client is told to boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedBoot {
    /// The file's name or URL; none when nothing is booted.
    pub file: Option<String>,
    /// Where it comes from by TFTP, if it does.
    #[schema(value_type = Option<String>)]
    pub next_server: Option<IpAddr>,
    /// Why.
    pub why: String,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedOption {
    /// Its code.
    pub code: u8,
    /// Its name.
    pub name: String,
    /// Its value as people write it.
    pub value: String,
    /// Where it comes from.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_an_option_is_read_with_and_without_colons() {
        let read = |text: &str| text.parse().map(OptionBytes::into_bytes);
        for text in ["ff000a", "FF:00:0a", "ff:0:a"] {
            assert_eq!(read(text), Ok(vec![255, 0, 10]), "{text}");
        }
        assert_eq!(
            "ff:0:a".parse::<OptionBytes>().map(|it| it.to_string()),
            Ok("ff000a".to_owned())
        );
        let (long, longer) = ("00".repeat(255), "00".repeat(256));
        assert_eq!(read(&long).map(|bytes| bytes.len()), Ok(255));
        for text in ["", "f", "fff", "0g", "+1", "01:", "012:3", "äö", &longer] {
            assert_eq!(read(text), Err(NoOptionBytes), "{text}");
        }
    }
}
