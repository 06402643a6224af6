//! Boot resources: what can be deployed, and how a new image comes in. An image counts as there
//! only when enough region nodes hold verified copies of all its files.

use jiff::tz::TimeZone;
use model::access::{Actor, Object, Permission, permits};
use model::boot::content::is_sha256;
use model::boot::resource::{
    BootResource, ResourceFile, ResourceSet, next_version, shown_name, stored_filetype,
};
use model::error::Kind;
use model::id::BootResourceId;
use model::machine::architecture::{ARCHITECTURES, is_architecture};
use model::machine::{Deployment, Machine};
use model::setting::typed::{DEFAULT_DISTRO_SERIES, DEFAULT_OSYSTEM};
use model::time::Timestamp;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::image::contents::claim;
use crate::site::settings;
use tables::error::TableError;
use tables::images::BOOT_RESOURCE_BY_NAME;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// Which image a deployment wants; empty parts are the site's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedImage {
    /// `debian`, `custom`.
    pub osystem: Option<String>,
    /// `bookworm`, `debian/bookworm`, or the name of a custom image.
    pub distro_series: Option<String>,
}

/// A new version of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResource {
    /// `custom/web`, `debian/bookworm`, or a plain name, which is custom.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// `amd64/generic`.
    pub architecture: String,
    /// What a custom image is made from.
    pub base_image: String,
    /// MAAS's `filetype`: `tgz`, `ddraw`, ….
    pub filetype: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The region node that collects its parts.
    pub upload_node: u64,
}

/// All boot resources.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<BootResource>, Refusal> {
    Ok(Details::seen_by(actor, tables).await?.view().list::<BootResource>()?)
}

/// A boot resource.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    id: BootResourceId,
) -> Result<BootResource, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let found = details.view().get::<BootResource>(&id)?;
    found.ok_or(Refusal::NotFound { model: "BootResource" })
}

/// The image that a deployment of this machine installs.
///
/// # Errors
/// [`Refusal::Fields`] on `distro_series` when there is none.
pub fn deployable(tx: &Tx, machine: &Machine, wanted: &WantedImage) -> Result<Deployment, Refusal> {
    let fits = |resource: &&BootResource| {
        let architecture = |text: &str| text.split('/').next().unwrap_or_default().to_owned();
        architecture(&resource.architecture) == architecture(&machine.hardware.architecture)
            && resource.latest_complete().is_some()
    };
    let resources = tx.list::<BootResource>()?;
    let candidates: Vec<&BootResource> = resources.iter().filter(fits).collect();
    let default = default_image(tx)?;
    let chosen = match &wanted.distro_series {
        Some(series) => {
            candidates.iter().find(|resource| is_named(resource, wanted.osystem.as_deref(), series))
        }
        None => {
            let of_system = |resource: &&&BootResource| {
                wanted.osystem.as_deref().is_none_or(|system| resource.osystem() == system)
            };
            let fitting: Vec<_> = candidates.iter().filter(of_system).collect();
            let usual =
                fitting.iter().find(|resource| is_named(resource, Some(&default.0), &default.1));
            usual.or_else(|| fitting.first().filter(|_| fitting.len() == 1)).copied()
        }
    };
    let deployment = chosen.and_then(|resource| deployment_of(resource));
    deployment.ok_or_else(|| {
        if candidates.is_empty() {
            let message = format!(
                "There is no image for architecture {}: upload one first.",
                machine.hardware.architecture
            );
            return Refusal::field("distro_series", message);
        }
        let names: Vec<&str> = candidates.iter().map(|resource| resource.shown_name()).collect();
        let series = wanted.distro_series.as_deref().unwrap_or(&default.1);
        let message = format!(
            "'{series}' is not a valid distro_series.  It should be one of: '{}'.",
            names.join("', '")
        );
        Refusal::field("distro_series", message)
    })
}

/// Makes a new version of an image, and the image when it is new. Returns it with the new file.
///
/// # Errors
/// [`Refusal::Fields`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    new: &NewResource,
) -> Result<(BootResource, ResourceFile), Refusal> {
    let cause = authorize(actor, Permission::ManageImages, "boot_resource.create")?;
    let filetype = check(new)?;
    tables.update(&cause, |tx| add_set(tx, new, filetype)).await
}

/// Marks every file with this content complete, when it is.
///
/// # Errors
/// As [`Tx::put`].
pub fn complete(tx: &mut Tx, sha256: &str) -> Result<(), TableError> {
    for mut resource in tx.list::<BootResource>()? {
        let files = resource.sets.iter_mut().flat_map(|set| &mut set.files);
        for file in files.filter(|file| file.sha256 == sha256) {
            file.complete = true;
        }
        tx.put(&resource)?;
    }
    Ok(())
}

/// Removes an image with its versions. Its content goes when nothing else refers to it.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn delete(tables: &Tables, actor: &Actor, id: BootResourceId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageImages, "boot_resource.delete")?;
    tables
        .update(&cause, |tx| {
            tx.delete::<BootResource>(&id)?.ok_or(Refusal::NotFound { model: "BootResource" })?;
            Ok(())
        })
        .await
}

/// The file that is uploaded.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn upload_file(
    tables: &Tables,
    actor: &Actor,
    id: BootResourceId,
    file: u32,
) -> Result<ResourceFile, Refusal> {
    permits(actor, Permission::ManageImages, &Object::Site)?;
    let missing = || Refusal::NotFound { model: "BootResourceFile" };
    let resource = tables.view().await?.get::<BootResource>(&id)?.ok_or_else(missing)?;
    let files = resource.sets.into_iter().flat_map(|set| set.files);
    files.into_iter().find(|known| known.id == file).ok_or_else(missing)
}

fn check(new: &NewResource) -> Result<&'static str, Refusal> {
    let mut errors = api::field_errors::FieldErrors::default();
    if new.name.is_empty() {
        errors.add("name", "This field is required.");
    }
    if new.architecture.is_empty() {
        errors.add("architecture", "This field is required.");
    } else if !is_architecture(&new.architecture) {
        let known: Vec<String> =
            ARCHITECTURES.iter().map(|name| format!("'{name}/generic'")).collect();
        let message = format!(
            "'{}' is not a valid architecture.  It should be one of: {}.",
            new.architecture,
            known.join(", ")
        );
        errors.add("architecture", message);
    }
    if !is_sha256(&new.sha256) {
        errors.add("sha256", "SHA256 must be 64 hexadecimal digits.");
    }
    if new.size_bytes == 0 {
        errors.add("size", "Ensure this value is greater than or equal to 1.");
    }
    let filetype = stored_filetype(&new.filetype);
    if filetype.is_none() {
        let message = format!(
            "'{}' is not installed here: send an archive of a root file system (tgz, tbz, txz or tzst).",
            new.filetype
        );
        errors.add("filetype", message);
    }
    errors.finish()?;
    filetype.ok_or_else(|| Refusal::with_message(Kind::Internal, "filetype"))
}

fn add_set(
    tx: &mut Tx,
    new: &NewResource,
    filetype: &str,
) -> Result<(BootResource, ResourceFile), Refusal> {
    let name = shown_name(&new.name);
    let mut resource = match named(tx, name, &new.architecture)? {
        Some(resource) => resource,
        None => {
            let id = BootResourceId(tx.next_id::<BootResource>()?);
            BootResource::new(id, name, &new.architecture, tx.now())
        }
    };
    if !new.title.is_empty() {
        resource.title.clone_from(&new.title);
    }
    if !new.base_image.is_empty() {
        resource.base_image.clone_from(&new.base_image);
    }
    let number = tx.next_number("bootresourcefile", 1)?;
    let complete = claim(tx, &new.sha256)?;
    let file = ResourceFile {
        id: u32::try_from(number).unwrap_or(u32::MAX),
        filetype: filetype.to_owned(),
        sha256: new.sha256.clone(),
        size_bytes: new.size_bytes,
        complete,
        upload_node: new.upload_node,
    };
    let version = next_version(&resource.sets, &day(tx.now()));
    resource.sets.push(ResourceSet { version, files: vec![file.clone()] });
    tx.put(&resource)?;
    Ok((resource, file))
}

/// The image of that name, also one that a version before wrote with its `custom/`.
fn named(tx: &mut Tx, name: &str, architecture: &str) -> Result<Option<BootResource>, TableError> {
    for name in [name.to_owned(), format!("custom/{name}")] {
        let found = tx.find(&BOOT_RESOURCE_BY_NAME, &(name, architecture.to_owned()))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// `20261122`, in UTC.
fn day(at: Timestamp) -> String {
    let millis = i64::try_from(at.unix_ms).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    time.to_zoned(TimeZone::UTC).strftime("%Y%m%d").to_string()
}

fn is_named(resource: &BootResource, osystem: Option<&str>, series: &str) -> bool {
    if let Some((named_system, series)) = series.split_once('/') {
        return resource.osystem() == named_system && resource.series() == series;
    }
    resource.series() == series && osystem.is_none_or(|wanted| resource.osystem() == wanted)
}

fn deployment_of(resource: &BootResource) -> Option<Deployment> {
    let file = resource.latest_complete()?.files.first()?;
    Some(Deployment {
        osystem: resource.osystem().to_owned(),
        distro_series: resource.series().to_owned(),
        image_sha256: file.sha256.clone(),
        image_bytes: file.size_bytes,
        image_type: file.filetype.clone(),
        user_data: None,
    })
}

/// The site's `default_osystem` and `default_distro_series`.
fn default_image(reads: &impl Reads) -> Result<(String, String), TableError> {
    let osystem = settings::read(reads, &DEFAULT_OSYSTEM)?;
    Ok((osystem, settings::read(reads, &DEFAULT_DISTRO_SERIES)?))
}
