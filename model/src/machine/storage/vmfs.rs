//! The partitions that an image of `ESXi` brings along.

use crate::machine::storage::config::LayoutName;
use crate::machine::storage::size::{GIB, MIB};

/// A partition of an image of `ESXi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// Its number.
    pub number: u32,
    /// Its size in bytes; 0 of the datastore, which takes what is left.
    pub size_bytes: u64,
}

const fn base(number: u32, size_bytes: u64) -> Base {
    Base { number, size_bytes }
}

const VMFS6: &[Base] = &[
    base(1, 3 * MIB),
    base(2, 4 * GIB),
    base(3, 0),
    base(5, 249 * MIB),
    base(6, 249 * MIB),
    base(7, 109 * MIB),
    base(8, 285 * MIB),
    base(9, 2560 * MIB),
];

const VMFS7: &[Base] = &[
    base(1, 100 * MIB),
    base(5, 4095 * MIB),
    base(6, 4095 * MIB),
    base(7, 25_662_832_128),
    base(8, 0),
];

/// The partitions of an image, where the layout is one of `ESXi`.
#[must_use]
pub const fn vmfs_partitions(layout: LayoutName) -> Option<&'static [Base]> {
    match layout {
        LayoutName::Vmfs6 => Some(VMFS6),
        LayoutName::Vmfs7 => Some(VMFS7),
        LayoutName::Flat
        | LayoutName::Lvm
        | LayoutName::Bcache
        | LayoutName::Custom
        | LayoutName::Blank => None,
    }
}
