//! The levels of address pools, and of pools of prefixes.

use model::id::SubnetId;
use model::lease::pool::{PoolLevel, PrefixPoolLevel};

use crate::row::Row;

impl Row for PoolLevel {
    type Id = SubnetId;
    const TABLE: &'static str = "pool-level";

    fn id(&self) -> SubnetId {
        self.subnet
    }
}

impl Row for PrefixPoolLevel {
    type Id = SubnetId;
    const TABLE: &'static str = "prefix-pool-level";

    fn id(&self) -> SubnetId {
        self.subnet
    }
}
