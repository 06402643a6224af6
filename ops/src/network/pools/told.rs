//! What operators are told of how full something is that a subnet has.

use model::id::SubnetId;
use model::lease::pool::{Level, PoolUse};
use model::time::Timestamp;

use crate::site::events::NewEvent;
use tables::error::TableError;
use tables::read::View;
use tables::row::Row;

/// How many ranges, or pools of prefixes, are named.
pub(super) const NAMED_MAX: usize = 4;

/// What levels are told of: what a subnet has of one kind.
pub(super) trait Told: Sized + Send + 'static {
    /// What was told last of a subnet.
    type Row: Row<Id = SubnetId>;

    /// All that there is.
    fn read(view: &View, now: Timestamp) -> Result<Vec<Self>, TableError>;

    /// The subnet.
    fn subnet(&self) -> SubnetId;

    /// How full it is.
    fn used(&self) -> &PoolUse;

    /// What is kept of a level that was told.
    fn row(subnet: SubnetId, level: Level) -> Self::Row;

    /// The level that was told.
    fn level(row: &Self::Row) -> Level;

    /// What is told of a level, after another one.
    fn event(&self, told: Level, level: Level) -> NewEvent;
}
