//! What a request looks up, without a scan, for addresses of either family.
//!
//! A site has thousands of subnets and blocks and tens of thousands of reserved addresses, and each
//! request asks about several of them.

pub mod allowance;
pub mod blocks;
pub mod counted;
pub mod free;
pub mod prefixes;
pub mod recent;
pub mod reserved;
