//! Operations on many objects.

use model::operation::BulkOperation;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row};

/// Operations by whether they are under way (1) or have ended (0).
pub const OPERATIONS_BY_STATE: Index<BulkOperation> = Index {
    name: "operation.state",
    keys: |operation| vec![encoded(&u16::from(operation.is_open()))],
    since: FIRST,
};

impl Row for BulkOperation {
    type Id = String;
    const TABLE: &'static str = "operation";
    const INDEXES: &'static [Index<Self>] = &[OPERATIONS_BY_STATE];

    fn id(&self) -> String {
        self.id.clone()
    }
}
