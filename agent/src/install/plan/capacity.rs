//! How much room there is in what is combined of devices. The region counts as MAAS does, which takes less for the heads of
//! members than the tools do: the last partition or volume gives what is missing.

use model::machine::storage::curtin::{Bcache, Raid, VolumeGroup};

use super::layout::Layout;

/// What stands before the data of a member of an array, in KiB. Without an order mdadm leaves up to 128 MiB.
pub(super) const ARRAY_HEAD_KIB: u64 = 1024;
/// Members of striped arrays hold whole chunks, of the size that mdadm takes without an order.
const CHUNK: u64 = 512 << 10;
/// What stands before the data of a cached device.
const CACHED_HEAD: u64 = 8 << 10;
/// A physical extent of LVM, and what stands before the first one.
const EXTENT: u64 = 4 << 20;
const VOLUME_HEAD: u64 = 1 << 20;

/// The size of an array; none where that of a member is not known.
pub(super) fn of_array(layout: &Layout<'_>, raid: &Raid) -> Option<u64> {
    let members = raid.devices.iter().chain(&raid.spare_devices);
    let data = |id: &String| Some(layout.size_bytes(id)?.saturating_sub(ARRAY_HEAD_KIB << 10));
    let sizes: Vec<u64> = members.map(data).collect::<Option<_>>()?;
    let least = sizes.iter().copied().min().unwrap_or(0);
    let active = raid.devices.len() as u64;
    let whole = |bytes: u64| bytes / CHUNK * CHUNK;
    Some(match raid.raidlevel {
        0 => sizes.into_iter().map(whole).sum(),
        1 => least,
        5 => whole(least) * active.saturating_sub(1),
        6 => whole(least) * active.saturating_sub(2),
        _mirrored_stripes => whole(whole(least) * active / 2),
    })
}

/// The size of a cached device.
pub(super) fn of_cached(layout: &Layout<'_>, bcache: &Bcache) -> Option<u64> {
    Some(layout.size_bytes(&bcache.backing_device)?.saturating_sub(CACHED_HEAD))
}

/// What there is for the volumes of a group, in bytes.
pub(super) fn of_group(layout: &Layout<'_>, group: &VolumeGroup) -> Option<u64> {
    let extents =
        |id: &String| Some(layout.size_bytes(id)?.saturating_sub(VOLUME_HEAD) / EXTENT * EXTENT);
    group.devices.iter().map(extents).sum()
}
