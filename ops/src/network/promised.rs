//! Addresses that DHCP clients may hold, also from a range that is gone: what they were promised, and
//! everything in blocks from which a rack may still give addresses without asking.

use std::net::IpAddr;

use model::lease::policy::Policy;
use model::time::Timestamp;

use tables::read::Reads;

/// Whether nobody else may get an address now.
pub fn is_promised(reads: &impl Reads, ip: IpAddr, now: Timestamp) -> bool {
    let lasts = |until: Timestamp| {
        until > Timestamp::default() && until.plus_ms(Policy::default().skew_ms) > now
    };
    reads.state().is_promised(ip, lasts)
}
