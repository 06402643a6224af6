//! Small histories, for the tests of checks: they plant what a check has to find.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::continuity::check::Window;
use crate::continuity::history::{Ask, Holding};
use crate::continuity::kind::{Family, Kind};

pub(crate) const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn window(from: u64, to: u64) -> Window {
    Window { from: at(from), to: at(to) }
}

pub(crate) fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 64, 16, last).into()
}

/// A client has an address from a second on, until another one.
pub(crate) fn holding(client: u32, last: u8, from: u64, until: u64) -> Holding {
    Holding {
        client,
        family: Family::V4,
        address: address(last),
        from: at(from),
        until: at(until),
        ended: None,
        attended: true,
    }
}

/// A client asks once at a second and is answered at another one.
pub(crate) fn ask(kind: Kind, client: u32, begun: u64, ended: Option<u64>) -> Ask {
    let is_new = matches!(kind, Kind::New(_));
    Ask {
        kind,
        client,
        begun: at(begun),
        discovers: u32::from(is_new),
        offers: u32::from(is_new && ended.is_some()),
        sent: 1,
        ended: ended.map(at),
        granted: ended.is_some(),
    }
}
