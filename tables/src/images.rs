//! Boot resources and sources, licence keys, the ephemeral OS, and which region nodes hold which content.

use model::boot::content::Content;
use model::boot::files::BootFiles;
use model::boot::resource::BootResource;
use model::boot::source::{BootSource, BootSourceSelection};
use model::id::{BootResourceId, BootSourceId, BootSourceSelectionId};
use model::license_key::LicenseKey;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// Boot resources by name and architecture (two [`String`]s).
pub const BOOT_RESOURCE_BY_NAME: Unique<BootResource> = Unique {
    name: "bootresource.name",
    keys: |resource| vec![encoded(&(resource.name.clone(), resource.architecture.clone()))],
};

/// Boot sources by URL (a [`String`]).
pub const BOOT_SOURCE_BY_URL: Unique<BootSource> =
    Unique { name: "bootsource.url", keys: |source| vec![encoded(&source.url)] };

/// Selections by source, operating system and release (a [`BootSourceId`] and two [`String`]s).
pub const SELECTION_BY_RELEASE: Unique<BootSourceSelection> = Unique {
    name: "bootsourceselection.release",
    keys: |found| vec![encoded(&(found.source, (found.os.clone(), found.release.clone())))],
};

/// The selections of a source (a [`BootSourceId`]).
pub const SELECTIONS_OF_SOURCE: Index<BootSourceSelection> = Index {
    name: "bootsourceselection.source",
    keys: |found| vec![encoded(&found.source)],
    since: FIRST,
};

impl Row for BootResource {
    type Id = BootResourceId;
    const TABLE: &'static str = "bootresource";
    const UNIQUE: &'static [Unique<Self>] = &[BOOT_RESOURCE_BY_NAME];

    fn id(&self) -> BootResourceId {
        self.id
    }
}

impl Row for BootFiles {
    type Id = String;
    const TABLE: &'static str = "bootfiles";

    fn id(&self) -> String {
        self.architecture.clone()
    }
}

impl Row for Content {
    type Id = String;
    const TABLE: &'static str = "content";

    fn id(&self) -> String {
        self.sha256.clone()
    }
}

impl Row for BootSource {
    type Id = BootSourceId;
    const TABLE: &'static str = "bootsource";
    const UNIQUE: &'static [Unique<Self>] = &[BOOT_SOURCE_BY_URL];

    fn id(&self) -> BootSourceId {
        self.id
    }
}

impl Row for BootSourceSelection {
    type Id = BootSourceSelectionId;
    const TABLE: &'static str = "bootsourceselection";
    const UNIQUE: &'static [Unique<Self>] = &[SELECTION_BY_RELEASE];
    const INDEXES: &'static [Index<Self>] = &[SELECTIONS_OF_SOURCE];

    fn id(&self) -> BootSourceSelectionId {
        self.id
    }
}

impl Row for LicenseKey {
    type Id = (String, String);
    const TABLE: &'static str = "licensekey";

    fn id(&self) -> (String, String) {
        (self.osystem.clone(), self.distro_series.clone())
    }
}
