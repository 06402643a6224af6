//! The shapes of boot resources, of contents, and of the ephemeral OS.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An image that can be deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BootResource {
    /// Its id.
    pub id: u32,
    /// `Uploaded`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `debian/bookworm`, or `web`, which is custom.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// `amd64/generic`.
    pub architecture: String,
    /// What a custom image is made from.
    pub base_image: String,
    /// The second part of its architecture.
    pub subarches: String,
    /// When it was deployed last, in RFC 3339.
    pub last_deployed: Option<String>,
    /// Its path.
    pub resource_uri: String,
    /// Its versions by name, when it is shown alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sets: Option<BTreeMap<String, ResourceSet>>,
}

/// A version of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResourceSet {
    /// Its name.
    pub version: String,
    /// `uploaded`.
    pub label: String,
    /// Bytes of all files.
    pub size: u64,
    /// Whether all files are there.
    pub complete: bool,
    /// Percent.
    pub progress: f64,
    /// Its files by type.
    pub files: BTreeMap<String, ResourceFile>,
}

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResourceFile {
    /// Its type again.
    pub filename: String,
    /// Its SHA-256 again.
    pub filename_on_disk: String,
    /// `root-tgz`, ….
    pub filetype: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is there.
    pub complete: bool,
    /// Percent, while it is uploaded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub progress: Option<f64>,
    /// Where its parts go, while it is uploaded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upload_uri: Option<String>,
}

/// The ephemeral OS of an architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BootFiles {
    /// The architecture, `amd64`.
    pub architecture: String,
    /// The kernel.
    pub kernel_sha256: String,
    /// The initramfs.
    pub initrd_sha256: String,
    /// What it is called.
    pub version: String,
    /// Its path.
    pub resource_uri: String,
}

impl From<&model::boot::files::BootFiles> for BootFiles {
    fn from(files: &model::boot::files::BootFiles) -> Self {
        Self {
            architecture: files.architecture.clone(),
            kernel_sha256: files.kernel_sha256.clone(),
            initrd_sha256: files.initrd_sha256.clone(),
            version: files.version.clone(),
            resource_uri: format!("/MAAS/api/2.0/boot-files/{}/", files.architecture),
        }
    }
}

/// Where a content is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Content {
    /// Its SHA-256.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Whether a majority of the region nodes holds it.
    pub complete: bool,
    /// The region nodes that hold it.
    pub holders: BTreeSet<u64>,
}

/// An upload that begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// The content's SHA-256.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is there already.
    pub complete: bool,
    /// Where its parts go, unless it is there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upload_uri: Option<String>,
}
