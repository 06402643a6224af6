//! `boot-resources/`: the images that can be deployed, and their upload in parts.

use api::boot_resources::{BootResource, ResourceFile, ResourceSet};
use images::files::hash_of_bytes;
use images::upload::{self, Upload};
use model::access::Permission;
use model::boot::resource;
use model::error::Kind;
use model::id::BootResourceId;
use ops::image::boot_resources::{self, NewResource};
use ops::site::dates;

use crate::call::Call;
use crate::image::contents;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const PATH: &str = "boot-resources/";
const ONE: &str = "boot-resources/{id}/";

const TYPE: Param<String> = Param::text("type", "`uploaded` or `all`.");
const NAME: Param<String> = Param::text("name", "Its name, `custom/web` or `debian/bookworm`.");
const TITLE: Param<String> = Param::text("title", "Its title.");
const ARCHITECTURE: Param<String> = Param::text("architecture", "`amd64/generic`.");
const FILETYPE: Param<String> =
    Param::text("filetype", "`tgz` by default; `tzst` is a tar archive by zstd.");
const BASE_IMAGE: Param<String> = Param::text("base_image", "What a custom image is made from.");
const SHA256: Param<String> = Param::text("sha256", "The SHA-256 of the content.");
const SIZE: Param<u64> = Param::number("size", "Its size in bytes.");
const CONTENT: Param<String> = Param::text("content", "The content itself, when it is small.");

/// The operations on boot resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("BootResourcesHandler", PATH, |call| Box::pin(list(call)))
        .doc("List boot resources.")
        .params(&[TYPE.optional()]),
    Operation::post("BootResourcesHandler", PATH, |call| Box::pin(create(call)))
        .reserved(Permission::ManageImages)
        .doc("Upload a new boot resource; its content follows in parts at `upload_uri`.")
        .params(&[
            NAME.needed(),
            TITLE.optional(),
            ARCHITECTURE.needed(),
            FILETYPE.optional(),
            BASE_IMAGE.optional(),
            SHA256.optional(),
            SIZE.optional(),
            CONTENT.optional(),
        ])
        .refuses(&[Refused::new(
            &["keep_old"],
            "Contents go when nothing refers to them: leave it out, and name anew what shall stay.",
        )]),
    Operation::get("BootResourceHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a boot resource."),
    Operation::delete("BootResourceHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::ManageImages)
        .doc("Delete a boot resource."),
    Operation::put(
        "BootResourceFileUploadHandler",
        "boot-resources/{id}/upload/{file_id}/",
        |call| Box::pin(append(call)),
    )
    .reserved(Permission::ManageImages)
    .content()
    .doc("Upload the next part of a file."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let kind = TYPE.given(&call.params).unwrap_or_else(|| "all".to_owned());
    if !matches!(kind.as_str(), "all" | "uploaded" | "synced" | "generated") {
        return Err(Problem::text(
            Kind::Invalid,
            format!("'{kind}' is not a valid boot resource type."),
        ));
    }
    let resources = boot_resources::list(&call.parts.tables, &call.actor).await?;
    let shown = resources.iter().filter(|_| matches!(kind.as_str(), "all" | "uploaded"));
    Ok(Reply::json(&shown.map(|resource| shape(resource, false)).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let text = |param: Param<String>| param.given(params).unwrap_or_default();
    let content = CONTENT.file(params).filter(|content| !content.is_empty());
    let (sha256, size_bytes) = match &content {
        Some(content) => (hash_of_bytes(content), content.len() as u64),
        None => (text(SHA256).to_lowercase(), SIZE.of(params)?.unwrap_or_default()),
    };
    let new = NewResource {
        name: text(NAME),
        title: text(TITLE),
        architecture: text(ARCHITECTURE),
        base_image: text(BASE_IMAGE),
        filetype: text(FILETYPE),
        sha256,
        size_bytes,
        upload_node: call.images()?.node_id,
    };
    let tables = &call.parts.tables;
    let (mut resource, file) = boot_resources::create(tables, &call.actor, &new).await?;
    if !file.complete {
        contents::restart(&call, &file.sha256).await?;
    }
    if let Some(content) = content.filter(|_| !file.complete) {
        contents::taken(upload::append(call.images()?, &upload_of(&file), &content).await)?;
        resource = boot_resources::get(tables, &call.actor, resource.id).await?;
    }
    Ok(Reply::json(&shape(&resource, true)).with_status(201))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id: BootResourceId = call.id("id", "BootResource")?;
    let resource = boot_resources::get(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&shape(&resource, true)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id: BootResourceId = call.id("id", "BootResource")?;
    boot_resources::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

async fn append(call: Call) -> Result<Reply, Problem> {
    let id: BootResourceId = call.id("id", "BootResource")?;
    let file_id: u32 = call.id("file_id", "BootResourceFile")?;
    let tables = &call.parts.tables;
    let file = boot_resources::upload_file(tables, &call.actor, id, file_id).await?;
    if file.complete {
        let message = "Cannot upload to a complete file.";
        return Err(Problem::text(Kind::Invalid, message));
    }
    contents::append_part(&call, &upload_of(&file)).await
}

fn upload_of(file: &resource::ResourceFile) -> Upload {
    Upload { sha256: file.sha256.clone(), size_bytes: file.size_bytes, node: file.upload_node }
}

/// The shape of a boot resource; with its sets when it is shown alone.
fn shape(resource: &resource::BootResource, with_sets: bool) -> BootResource {
    let sets = resource.sets.iter().map(|set| (set.version.clone(), set_shape(resource, set)));
    let subarches = resource.architecture.split_once('/').map_or("generic", |(_, sub)| sub);
    BootResource {
        id: resource.id.0,
        kind: "Uploaded".to_owned(),
        name: resource.shown_name().to_owned(),
        title: resource.title.clone(),
        architecture: resource.architecture.clone(),
        base_image: resource.base_image.clone(),
        subarches: subarches.to_owned(),
        last_deployed: resource.last_deployed.map(dates::rfc3339_ms),
        resource_uri: format!("/MAAS/api/2.0/boot-resources/{}/", resource.id),
        sets: with_sets.then(|| sets.collect()),
    }
}

fn set_shape(resource: &resource::BootResource, set: &resource::ResourceSet) -> ResourceSet {
    let files = set.files.iter().map(|file| (file.filetype.clone(), file_shape(resource, file)));
    ResourceSet {
        version: set.version.clone(),
        label: "uploaded".to_owned(),
        size: set.files.iter().map(|file| file.size_bytes).sum(),
        complete: set.is_complete(),
        progress: if set.is_complete() { 100.0 } else { 0.0 },
        files: files.collect(),
    }
}

fn file_shape(resource: &resource::BootResource, file: &resource::ResourceFile) -> ResourceFile {
    let upload = format!("/MAAS/api/2.0/boot-resources/{}/upload/{}/", resource.id, file.id);
    ResourceFile {
        filename: file.filetype.clone(),
        filename_on_disk: file.sha256.clone(),
        filetype: file.filetype.clone(),
        sha256: file.sha256.clone(),
        size: file.size_bytes,
        complete: file.complete,
        progress: (!file.complete).then_some(0.0),
        upload_uri: (!file.complete).then_some(upload),
    }
}
