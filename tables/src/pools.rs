//! The levels of address pools.

use model::id::SubnetId;
use model::lease::pool::PoolLevel;

use crate::row::Row;

impl Row for PoolLevel {
    type Id = SubnetId;
    const TABLE: &'static str = "pool-level";

    fn id(&self) -> SubnetId {
        self.subnet
    }
}
