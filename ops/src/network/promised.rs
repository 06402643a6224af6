//! Addresses that DHCP clients may hold, also from a range that is gone: what they were promised, and
//! everything in blocks from which a rack may still give addresses without asking.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::lease::block::Block;
use model::lease::policy::Policy;
use model::net::subnet::Subnet;
use model::time::Timestamp;

use crate::network::leases::block_span;
use tables::error::TableError;
use tables::leases::{BINDINGS_OF_SUBNET, BLOCKS_OF_VLAN};
use tables::read::Reads;
use tables::tx::Tx;

/// The addresses of a subnet that nobody else may get now.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn addresses(tx: &Tx, subnet: &Subnet) -> Result<BTreeSet<IpAddr>, TableError> {
    let lasts = |until: Timestamp| {
        until > Timestamp::default() && until.plus_ms(Policy::default().skew_ms) > tx.now()
    };
    let bindings = tx.list_by(&BINDINGS_OF_SUBNET, &subnet.id)?;
    let promised = bindings.iter().filter(|binding| lasts(binding.promise_until));
    let mut addresses: BTreeSet<IpAddr> = promised.map(|binding| binding.ip).collect();
    let blocks = tx.list_by(&BLOCKS_OF_VLAN, &subnet.vlan)?;
    let granted = |block: &&Block| lasts(block.valid_until) || lasts(block.quarantine_until);
    let spans = blocks.iter().filter(granted).filter_map(block_span);
    addresses.extend(spans.flat_map(|span| span.addresses()).map(IpAddr::V4));
    Ok(addresses)
}
