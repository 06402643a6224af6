//! The ephemeral OS of each architecture: which two contents machines boot.

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::boot::files::BootFiles;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::image::contents::claim;
use tables::read::Reads;
use tables::update::Tables;

/// The contents that an architecture is to boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBootFiles {
    /// The architecture, `amd64`.
    pub architecture: String,
    /// The kernel.
    pub kernel_sha256: String,
    /// The initramfs.
    pub initrd_sha256: String,
    /// What it is called.
    pub version: String,
}

/// The ephemeral OS of every architecture.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<BootFiles>, Refusal> {
    Ok(Details::seen_by(actor, tables).await?.view().list::<BootFiles>()?)
}

/// Sets the ephemeral OS of an architecture.
///
/// # Errors
/// [`Refusal::Fields`] when a content is not uploaded completely.
pub async fn set(tables: &Tables, actor: &Actor, new: &NewBootFiles) -> Result<BootFiles, Refusal> {
    let cause = authorize(actor, Permission::ManageImages, "boot_files.set")?;
    tables
        .update(&cause, |tx| {
            let mut errors = FieldErrors::default();
            let named =
                [("kernel_sha256", &new.kernel_sha256), ("initrd_sha256", &new.initrd_sha256)];
            for (name, sha256) in named {
                if !claim(tx, sha256)? {
                    errors.add(name, "This content is not uploaded completely.");
                }
            }
            errors.finish()?;
            let files = BootFiles {
                architecture: new.architecture.clone(),
                kernel_sha256: new.kernel_sha256.clone(),
                initrd_sha256: new.initrd_sha256.clone(),
                version: new.version.clone(),
                created: tx.now(),
            };
            tx.put(&files)?;
            Ok(files)
        })
        .await
}
