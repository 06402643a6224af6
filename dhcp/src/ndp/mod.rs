//! Neighbor Discovery (RFC 4861) as far as racks speak it: they advertise what a link's hosts need beside
//! `DHCPv6`, and answer who asks for it.
//!
//! A rack forwards nothing, so its router lifetime is always 0: nobody takes it for a default router.

pub mod advertisement;
pub mod advertiser;
pub mod content;
pub mod neighbor_advertisement;
pub mod solicitation;
