//! Ids for what is made of disks: numbers of the cluster's counters, and random UUIDs. What a commissioning script told of
//! them is read here, too.

use model::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId, SystemId};
use model::machine::output::ToolOutput;
use model::machine::storage::ids::NewIds;
use serde_json::Value;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;

/// The output under which the layout is kept that a commissioning script told.
pub(crate) const STORAGE_EXTRA: &str = "storage-extra";

/// Ids that a transaction takes. What goes wrong with it is told at the end.
pub(crate) struct Taken<'a> {
    tx: &'a mut Tx,
    failed: Option<TableError>,
}

impl<'a> Taken<'a> {
    pub(crate) fn from(tx: &'a mut Tx) -> Self {
        Self { tx, failed: None }
    }

    fn next(&mut self, counter: &str) -> u32 {
        match self.tx.any_number(counter) {
            Ok(number) => u32::try_from(number).unwrap_or(u32::MAX),
            Err(error) => {
                self.failed = Some(error);
                0
            }
        }
    }

    /// The layout that a script told when a machine was commissioned last.
    pub(crate) fn storage_extra(&mut self, machine: &SystemId) -> Option<Value> {
        match self.tx.get::<ToolOutput>(&(machine.clone(), STORAGE_EXTRA.to_owned())) {
            Ok(output) => serde_json::from_str(&output?.text).ok(),
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }

    /// Fails when an id could not be had.
    pub(crate) fn finish(self) -> Result<(), TableError> {
        self.failed.map_or(Ok(()), Err)
    }
}

impl NewIds for Taken<'_> {
    fn block_device(&mut self) -> BlockDeviceId {
        BlockDeviceId(self.next("blockdevice"))
    }

    fn partition(&mut self) -> PartitionId {
        PartitionId(self.next("partition"))
    }

    fn group(&mut self) -> StorageGroupId {
        StorageGroupId(self.next("storagegroup"))
    }

    fn cache_set(&mut self) -> CacheSetId {
        CacheSetId(self.next("cacheset"))
    }

    fn uuid(&mut self) -> Option<String> {
        Some(uuid(rand::random()))
    }
}

/// A UUID of version 4 with these random bits.
fn uuid(random: u128) -> String {
    let versioned = (random & !(0xf << 76)) | (0x4 << 76);
    let bits = (versioned & !(0b11 << 62)) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_version_4() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        let random = uuid(rand::random());
        let read = model::machine::storage::naming::uuid(Some(&random));
        assert_eq!(read, Ok(Some(random)));
    }
}
