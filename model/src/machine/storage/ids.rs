//! Where new ids and UUIDs come from: rules draw nothing by themselves.

use crate::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId};

/// Ids that no other object has.
pub trait NewIds {
    /// That of a block device.
    fn block_device(&mut self) -> BlockDeviceId;
    /// That of a partition.
    fn partition(&mut self) -> PartitionId;
    /// That of a RAID, a volume group, a cached device or a datastore.
    fn group(&mut self) -> StorageGroupId;
    /// That of a cache set.
    fn cache_set(&mut self) -> CacheSetId;
    /// A UUID; none where nothing is kept.
    fn uuid(&mut self) -> Option<String>;
}

/// Ids from 1, and no UUIDs: for what is made to be looked at, and kept nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted(u32);

impl Counted {
    fn next(&mut self) -> u32 {
        // Far from those of disks, which are there already.
        const FIRST: u32 = 1 << 31;
        self.0 += 1;
        FIRST + self.0
    }
}

impl NewIds for Counted {
    fn block_device(&mut self) -> BlockDeviceId {
        BlockDeviceId(self.next())
    }

    fn partition(&mut self) -> PartitionId {
        PartitionId(self.next())
    }

    fn group(&mut self) -> StorageGroupId {
        StorageGroupId(self.next())
    }

    fn cache_set(&mut self) -> CacheSetId {
        CacheSetId(self.next())
    }

    fn uuid(&mut self) -> Option<String> {
        None
    }
}
