//! What racks are granted and what they may commit (rules S1 to S5), over a store in memory.

mod batches;
mod bindings;
mod blocks;
mod conflicts;
mod external_dhcp;
mod ipv6;
mod prefixes;
mod quarantine;
mod races;
mod registered;
pub(crate) mod site;
