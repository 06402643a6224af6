//! The disks of a machine with everything that can be made of them.

use model::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId};
use model::machine::storage::Storage;
use model::machine::storage::config::{
    CacheMode, Content, Filesystem, FsType, Group, GroupKind, LayoutName, LogicalVolume, Mount,
    Mountable, Partition, PartitionTable, Place, RaidLevel, Special, TableType, VirtualDevice,
};

use super::text;

/// What is made of the disk of the machine that has everything.
pub(super) fn full() -> Storage {
    let partition = |id: u32| Place::Partition(PartitionId(id));
    let formatted = |on: Place, fstype: FsType| filesystem(on, Content::Formatted(fstype));
    let contents = [
        (partition(21), Content::PhysicalVolume(StorageGroupId(31))),
        (partition(22), Content::RaidMember(StorageGroupId(32))),
        (partition(23), Content::RaidSpare(StorageGroupId(32))),
        (partition(24), Content::BcacheBacking(StorageGroupId(33))),
        (partition(25), Content::BcacheCache(CacheSetId(41))),
        (partition(26), Content::VmfsExtent(StorageGroupId(34))),
    ];
    let filesystems = FsType::FORMATS.into_iter().chain([FsType::Vmfs6]).zip(51..);
    let filesystems = filesystems.map(|(fstype, id)| formatted(partition(id), fstype));
    let members = contents.into_iter().map(|(on, content)| filesystem(on, content));
    let special = vec![Special {
        fstype: FsType::Tmpfs,
        uuid: Some(text("uuid-of-tmpfs")),
        mount: Mount { point: text("/tmp"), options: None },
    }];
    Storage {
        layout: Some(LayoutName::Lvm),
        tables: vec![table(7, TableType::Gpt, 21), table(8, TableType::Mbr, 51)],
        filesystems: members.chain(filesystems).collect(),
        groups: groups(),
        cache_sets: vec![CacheSetId(41)],
        before_owner: Some(Box::new(Mountable {
            filesystems: vec![formatted(Place::Device(BlockDeviceId(12)), FsType::Ext4)],
            special: special.clone(),
        })),
        special,
    }
}

fn table(device: u32, kind: TableType, first: u32) -> PartitionTable {
    let partitions = (0..11).map(|at| Partition {
        id: PartitionId(first + at),
        number: at + 1,
        size_bytes: 4 << 20,
        uuid: (at > 0).then(|| format!("uuid-{at}")),
        bootable: at == 0,
        tags: if at == 1 { vec![text("fast")] } else { Vec::new() },
    });
    PartitionTable { device: BlockDeviceId(device), kind, partitions: partitions.collect() }
}

fn filesystem(on: Place, content: Content) -> Filesystem {
    Filesystem {
        on,
        content,
        uuid: Some(text("uuid")),
        label: content.is_formatted().then(|| text("label")),
        mount: content
            .is_formatted()
            .then(|| Mount { point: text("/srv"), options: Some(text("noatime")) }),
    }
}

fn groups() -> Vec<Group> {
    let device = |id: u32| VirtualDevice {
        id: BlockDeviceId(id),
        uuid: Some(text("uuid")),
        tags: vec![text("made")],
    };
    let volume = LogicalVolume { name: text("lv"), size_bytes: 4 << 20, device: device(11) };
    let cache_set = CacheSetId(41);
    let raids = RaidLevel::ALL.into_iter().zip([32, 35, 36, 37, 38]);
    let raids = raids.map(|(level, id)| (id, GroupKind::Raid { level, device: device(id + 100) }));
    let caches = CacheMode::ALL.into_iter().zip([33, 39, 40]);
    let caches = caches
        .map(|(mode, id)| (id, GroupKind::Bcache { mode, cache_set, device: device(id + 100) }));
    let others = [
        (31, GroupKind::VolumeGroup { volumes: vec![volume] }),
        (34, GroupKind::Vmfs { device: device(14) }),
    ];
    let all = others.into_iter().chain(raids).chain(caches);
    let group = |(id, kind)| Group {
        id: StorageGroupId(id),
        uuid: Some(format!("uuid-of-{id}")),
        name: format!("group-{id}"),
        kind,
    };
    all.map(group).collect()
}
