//! Boot resources, the ephemeral OS, and which region nodes hold which content.

use model::boot::content::Content;
use model::boot::files::BootFiles;
use model::boot::resource::BootResource;
use model::id::BootResourceId;

use crate::key::encoded;
use crate::row::{Row, Unique};

/// Boot resources by name and architecture (two [`String`]s).
pub const BOOT_RESOURCE_BY_NAME: Unique<BootResource> = Unique {
    name: "bootresource.name",
    keys: |resource| vec![encoded(&(resource.name.clone(), resource.architecture.clone()))],
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
