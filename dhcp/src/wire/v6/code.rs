//! The option codes that are read or written, and the codes of statuses (IANA `DHCPv6` parameters).

/// Client identifier (RFC 9915 §21.2).
pub const CLIENT_ID: u16 = 1;
/// Server identifier (RFC 9915 §21.3).
pub const SERVER_ID: u16 = 2;
/// Identity association for addresses (RFC 9915 §21.4).
pub const IA_NA: u16 = 3;
/// Identity association for temporary addresses, which RFC 9915 does not have any more.
pub const IA_TA: u16 = 4;
/// An address of an association (RFC 9915 §21.6).
pub const IA_ADDRESS: u16 = 5;
/// The options that a client asks for (RFC 9915 §21.7).
pub const OPTION_REQUEST: u16 = 6;
/// How much a server wants to be chosen (RFC 9915 §21.8).
pub const PREFERENCE: u16 = 7;
/// How long a client has tried (RFC 9915 §21.9).
pub const ELAPSED_TIME: u16 = 8;
/// The message that a relay passes on (RFC 9915 §21.10).
pub const RELAY_MESSAGE: u16 = 9;
/// A status (RFC 9915 §21.13).
pub const STATUS: u16 = 13;
/// Rapid commit (RFC 9915 §21.14).
pub const RAPID_COMMIT: u16 = 14;
/// User classes (RFC 9915 §21.15).
pub const USER_CLASS: u16 = 15;
/// Vendor classes (RFC 9915 §21.16).
pub const VENDOR_CLASS: u16 = 16;
/// A relay's interface (RFC 9915 §21.18).
pub const INTERFACE_ID: u16 = 18;
/// The client would take a Reconfigure message (RFC 9915 §21.20).
pub const RECONFIGURE_ACCEPT: u16 = 20;
/// DNS servers (RFC 3646 §3).
pub const DNS_SERVERS: u16 = 23;
/// Domain search list (RFC 3646 §4).
pub const DOMAIN_LIST: u16 = 24;
/// Identity association for delegated prefixes (RFC 9915 §21.21).
pub const IA_PD: u16 = 25;
/// A prefix of an association (RFC 9915 §21.22).
pub const IA_PREFIX: u16 = 26;
/// SNTP servers (RFC 4075).
pub const SNTP_SERVERS: u16 = 31;
/// When a client asks for information anew (RFC 9915 §21.23).
pub const INFORMATION_REFRESH_TIME: u16 = 32;
/// The far end of a relay's circuit (RFC 4649).
pub const REMOTE_ID: u16 = 37;
/// A relay's subscriber (RFC 4580).
pub const SUBSCRIBER_ID: u16 = 38;
/// The client's name (RFC 4704).
pub const CLIENT_FQDN: u16 = 39;
/// NTP servers (RFC 5908).
pub const NTP_SERVER: u16 = 56;
/// The URL of the boot file (RFC 5970 §3.1).
pub const BOOT_FILE_URL: u16 = 59;
/// The client's architectures (RFC 5970 §3.3).
pub const CLIENT_ARCHITECTURE: u16 = 61;
/// The client's link-layer address, from its relay (RFC 6939).
pub const CLIENT_LINK_LAYER_ADDRESS: u16 = 79;
/// The longest time between two Solicit messages (RFC 9915 §21.24).
pub const SOL_MAX_RT: u16 = 82;
/// The longest time between two Information-request messages (RFC 9915 §21.25).
pub const INF_MAX_RT: u16 = 83;
/// The port that a relay sent from (RFC 8357).
pub const RELAY_SOURCE_PORT: u16 = 135;

/// Addresses that clients made themselves can be registered (RFC 9686 §4.1).
pub const ADDR_REG_ENABLE: u16 = 148;

/// What a server says of a message or an association (RFC 9915 §21.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All is well.
    Success,
    /// It is not done, for a reason that has no status of its own.
    UnspecFail,
    /// The server has no address for the association.
    NoAddrsAvail,
    /// The association is not known.
    NoBinding,
    /// The address is not one of the client's link.
    NotOnLink,
    /// The server has no prefix for the association.
    NoPrefixAvail,
}

impl Status {
    /// Its number.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Success => 0,
            Self::UnspecFail => 1,
            Self::NoAddrsAvail => 2,
            Self::NoBinding => 3,
            Self::NotOnLink => 4,
            Self::NoPrefixAvail => 6,
        }
    }
}
