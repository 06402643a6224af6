//! What clients say and are told, in either family: DISCOVER and Solicit are one, as are ACK and Reply.

use std::net::IpAddr;
use std::time::Duration;

/// Who a server says it is: its address, or its DUID.
pub type Server = Vec<u8>;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It looks for a server.
    Discover,
    /// It takes what a server offered.
    Request {
        /// What was offered.
        address: IpAddr,
        /// By whom.
        server: Server,
    },
    /// It asks the server that gave its address for more time.
    Renew {
        /// What it has.
        address: IpAddr,
        /// Of whom.
        server: Server,
    },
    /// It asks any server for more time.
    Rebind {
        /// What it has.
        address: IpAddr,
    },
    /// It gives its address back.
    Release {
        /// What it had.
        address: IpAddr,
        /// Of whom.
        server: Server,
    },
}

/// What kind of answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An address is offered.
    Offer,
    /// An address is given, or given for longer.
    Granted,
    /// It cannot have the address that it named.
    Refused,
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What kind it is.
    pub verdict: Verdict,
    /// The transaction that it belongs to.
    pub xid: u32,
    /// The address; none in a refusal.
    pub address: Option<IpAddr>,
    /// Who says it.
    pub server: Server,
    /// How long the address can be used.
    pub lease: Duration,
    /// When its client asks that server for more time, counted like the lease; none when it may choose.
    pub renew: Option<Duration>,
    /// When it asks any server.
    pub rebind: Option<Duration>,
    /// Who resolves names.
    pub resolvers: Vec<IpAddr>,
}
