//! Which regions hold which file of an image (MAAS `images-sync-progress`).

use std::collections::BTreeMap;

use model::access::{Actor, Object, Permission, permits};
use model::boot::content::Content;
use model::boot::resource::{BootResource, ResourceFile};
use model::controller::RegionController;
use model::id::SystemId;

use crate::error::Refusal;
use tables::read::{Reads, View};
use tables::update::Tables;

/// A file of an image, and the regions that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProgress {
    /// The file.
    pub file: ResourceFile,
    /// The regions with a verified copy.
    pub regions: Vec<SystemId>,
}

/// The files of all images that any region holds.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<FileProgress>, Refusal> {
    permits(actor, Permission::ManageImages, &Object::Site)?;
    let view = tables.view().await?;
    let names = names(&view)?;
    let mut found = Vec::new();
    for file in files(&view)? {
        let regions = holders(&view, &names, &file)?;
        if !regions.is_empty() {
            found.push(FileProgress { file, regions });
        }
    }
    Ok(found)
}

/// How many bytes of a file a region holds: all, or none that were verified.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn size(
    tables: &Tables,
    actor: &Actor,
    file: u32,
    region: &SystemId,
) -> Result<u64, Refusal> {
    permits(actor, Permission::ManageImages, &Object::Site)?;
    let view = tables.view().await?;
    let mut files = files(&view)?.into_iter();
    let missing = Refusal::NotFound { model: "BootResourceFile" };
    let file = files.find(|found| found.id == file).ok_or(missing)?;
    let names = names(&view)?;
    if !names.values().any(|known| known == region) {
        return Err(Refusal::NotFound { model: "RegionController" });
    }
    let holds = holders(&view, &names, &file)?.contains(region);
    Ok(if holds { file.size_bytes } else { 0 })
}

fn files(view: &View) -> Result<Vec<ResourceFile>, Refusal> {
    let resources = view.list::<BootResource>()?.into_iter();
    let sets = resources.flat_map(|resource| resource.sets);
    let mut files: Vec<ResourceFile> = sets.flat_map(|set| set.files).collect();
    files.sort_by_key(|file| file.id);
    Ok(files)
}

/// The regions by the numbers that contents have for them.
fn names(view: &View) -> Result<BTreeMap<u64, SystemId>, Refusal> {
    let regions = view.list::<RegionController>()?.into_iter();
    Ok(regions.map(|region| (region.node_id, region.system_id)).collect())
}

fn holders(
    view: &View,
    names: &BTreeMap<u64, SystemId>,
    file: &ResourceFile,
) -> Result<Vec<SystemId>, Refusal> {
    let content = view.get::<Content>(&file.sha256)?;
    let holders = content.into_iter().flat_map(|content| content.holders);
    Ok(holders.filter_map(|holder| names.get(&holder).cloned()).collect())
}
