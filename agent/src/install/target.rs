//! What an installation is planned for: the machine, and the names of what is made.

use std::collections::BTreeMap;

use api::agent::ReportedDisk;
use model::machine::hardware::Firmware;
use model::machine::storage::curtin::Item;

/// The machine's disks and how it boots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// All disks.
    pub disks: Vec<ReportedDisk>,
    /// Links in `/dev/disk/by-id`, each with the kernel name of what it leads to.
    pub links: Vec<(String, String)>,
    /// How it was booted, and so will be.
    pub firmware: Firmware,
}

/// UUIDs of what is made, chosen beforehand, so that the plan is complete: by the id of a format, an array, or a device
/// that caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identifiers(BTreeMap<String, String>);

impl Target {
    /// The kernel's name of what is at a path.
    #[must_use]
    pub(super) fn kernel_name<'a>(&'a self, path: &'a str) -> &'a str {
        match path.strip_prefix("/dev/disk/by-id/") {
            Some(link) => {
                let found = self.links.iter().find(|(name, _)| name == link);
                found.map_or("", |(_, kernel_name)| kernel_name)
            }
            None => path.strip_prefix("/dev/").unwrap_or(path),
        }
    }
}

impl Identifiers {
    /// Those that were ordered, and fresh ones for the others.
    #[must_use]
    pub(super) fn choose(items: &[Item], fresh: &mut dyn FnMut() -> String) -> Self {
        let mut chosen = BTreeMap::new();
        for item in items {
            let (id, ordered) = match item {
                Item::Format(format) => (&format.id, format.uuid.as_ref()),
                Item::Raid(raid) => (&raid.id, raid.uuid.as_ref()),
                Item::Bcache(bcache) => (&bcache.cache_device, None),
                Item::Disk(_)
                | Item::Partition(_)
                | Item::LvmVolgroup(_)
                | Item::LvmPartition(_)
                | Item::Mount(_) => continue,
            };
            let ordered = ordered.filter(|uuid| !uuid.is_empty()).cloned();
            chosen.entry(id.clone()).or_insert_with(|| ordered.unwrap_or_else(&mut *fresh));
        }
        Self(chosen)
    }

    /// What was chosen for an item.
    #[must_use]
    pub(super) fn of(&self, id: &str) -> &str {
        self.0.get(id).map_or("", String::as_str)
    }
}
