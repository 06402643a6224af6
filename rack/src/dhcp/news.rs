//! What DHCP tells of: for the event log, and for what is kept of links.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use dhcp::external_dhcp::ExternalServers;
use dhcp::leases::declines::DeclinedReservation;
use dhcp::v4::output::Exchange;
use dhcp::v4::probes::Finding;
use dhcp::v4::sightings::HeardTwice;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A client got an address.
    Exchange(Exchange<IpAddr>),
    /// Somebody uses an address without having been given it.
    Conflict(Finding),
    /// A client declined the address that is kept for it.
    DeclinedReservation(DeclinedReservation<IpAddr>),
    /// Two clients use one hardware address.
    HeardTwice(HeardTwice),
    /// DHCP servers on a link that are none of the site's.
    ExternalDhcp(ExternalServers<Ipv4Addr>),
    /// `DHCPv6` servers on a link that are none of the site's.
    ExternalDhcpV6(ExternalServers<Ipv6Addr>),
}

/// Is told of it, at once: it must not wait.
pub type Tell = Arc<dyn Fn(News) + Send + Sync>;
