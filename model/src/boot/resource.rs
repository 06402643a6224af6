//! Boot resources: the operating systems that can be deployed, as MAAS's API shows them.

use serde::{Deserialize, Serialize};

use crate::id::BootResourceId;
use crate::time::Timestamp;

/// An image with its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootResource {
    /// Its id.
    pub id: BootResourceId,
    /// `web`, which is custom, or `debian/bookworm`. Versions before wrote `custom/web`, too.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// `amd64/generic`.
    pub architecture: String,
    /// What a custom image is made from, `debian/bookworm`; empty when not said.
    pub base_image: String,
    /// Its versions, oldest first.
    pub sets: Vec<ResourceSet>,
    /// When it was last deployed.
    pub last_deployed: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

/// One version of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceSet {
    /// `20261122`, `20261122.1`, ….
    pub version: String,
    /// Its files.
    pub files: Vec<ResourceFile>,
}

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceFile {
    /// Its id in the API: upload goes to it. Unique in the cluster.
    pub id: u32,
    /// Its name and type: `root-tgz`.
    pub filetype: String,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Whether enough region nodes hold a verified copy.
    pub complete: bool,
    /// The region node that collects the parts of its upload.
    pub upload_node: u64,
}

impl ResourceSet {
    /// Whether all its files are.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.files.is_empty() && self.files.iter().all(|file| file.complete)
    }
}

impl BootResource {
    /// An image of which nothing is there yet.
    #[must_use]
    pub fn new(id: BootResourceId, name: &str, architecture: &str, created: Timestamp) -> Self {
        Self {
            id,
            name: name.to_owned(),
            title: String::new(),
            architecture: architecture.to_owned(),
            base_image: String::new(),
            sets: Vec::new(),
            last_deployed: None,
            created,
        }
    }

    /// Its name as MAAS has it: a custom image's without its `custom/`.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        shown_name(&self.name)
    }

    /// The operating system part of the name; an image without one is `custom`.
    #[must_use]
    pub fn osystem(&self) -> &str {
        self.name.split_once('/').map_or("custom", |(osystem, _)| osystem)
    }

    /// The release part of the name.
    #[must_use]
    pub fn series(&self) -> &str {
        self.name.split_once('/').map_or(self.name.as_str(), |(_, series)| series)
    }

    /// The newest version that can be deployed.
    #[must_use]
    pub fn latest_complete(&self) -> Option<&ResourceSet> {
        self.sets.iter().rev().find(|set| set.is_complete())
    }
}

/// A name without its `custom/`, which only says that the image is nobody's release.
#[must_use]
pub fn shown_name(name: &str) -> &str {
    name.strip_prefix("custom/").unwrap_or(name)
}

/// The version name of a new set: the day, with a counter from the second one of that day on.
#[must_use]
pub fn next_version(existing: &[ResourceSet], day: &str) -> String {
    let taken = |version: &str| existing.iter().any(|set| set.version == version);
    if !taken(day) {
        return day.to_owned();
    }
    (1..=existing.len())
        .map(|count| format!("{day}.{count}"))
        .find(|version| !taken(version))
        .unwrap_or_else(|| format!("{day}.{}", existing.len() + 1))
}

/// The file type that a `filetype` of an upload is stored as (MAAS `BOOT_RESOURCE_FILE_TYPE`).
#[must_use]
pub fn stored_filetype(filetype: &str) -> Option<&'static str> {
    Some(match filetype {
        "tgz" | "" => "root-tgz",
        "tbz" => "root-tbz",
        "txz" => "root-txz",
        // Not one of MAAS's.
        "tzst" => "root-tzst",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(version: &str) -> ResourceSet {
        ResourceSet { version: version.to_owned(), files: Vec::new() }
    }

    #[test]
    fn second_version_of_a_day_is_counted() {
        assert_eq!(next_version(&[], "20261122"), "20261122");
        assert_eq!(next_version(&[set("20261122")], "20261122"), "20261122.1");
        let two = [set("20261122"), set("20261122.1")];
        assert_eq!(next_version(&two, "20261122"), "20261122.2");
    }

    #[test]
    fn set_without_files_is_not_deployable() {
        assert!(!set("1").is_complete());
    }
}
