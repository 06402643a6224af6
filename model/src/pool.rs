//! A resource pool: a set of machines that belongs to somebody's purpose.

use serde::{Deserialize, Serialize};

use crate::id::ResourcePoolId;

/// A resource pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePool {
    /// Its id; 0 is the default pool, which cannot be deleted.
    pub id: ResourcePoolId,
    /// Its unique name.
    pub name: String,
    /// Free text.
    pub description: String,
}
