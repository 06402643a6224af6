//! `boot-resources/`: the images that can be deployed, and their upload in parts.

use crate::problem::Problem;
use model::boot::resource::{BootResource, ResourceFile};
use model::error::Kind;
use model::id::BootResourceId;
use serde_json::{Value, json};

use crate::call::Call;
use crate::image::contents;
use crate::machine::shape;
use crate::operation::Operation;
use crate::reply::Reply;
use images::files::hash_of_bytes;
use images::upload::{self, Upload};
use ops::image::boot_resources::{self, NewResource};
use tables::read::Reads;

const PATH: &str = "boot-resources/";
const ONE: &str = "boot-resources/{id}/";

/// The operations on boot resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("BootResourcesHandler", PATH, |call| Box::pin(list(call)))
        .doc("List boot resources.\n\n:param type: `uploaded` or `all`."),
    Operation::post("BootResourcesHandler", PATH, |call| Box::pin(create(call))).admin().doc(
        "Upload a new boot resource; its content follows in parts at `upload_uri`.\n\n\
         :param name: Its name, `custom/web` or `debian/bookworm`.\n:param title: Its title.\n\
         :param architecture: `amd64/generic`.\n:param filetype: `tgz` by default.\n\
         :param base_image: What a custom image is made from.\n\
         :param sha256: The SHA-256 of the content.\n:param size: Its size in bytes.\n\
         :param content: The content itself, when it is small.",
    ),
    Operation::get("BootResourceHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a boot resource."),
    Operation::delete("BootResourceHandler", ONE, |call| Box::pin(delete(call)))
        .admin()
        .doc("Delete a boot resource."),
    Operation::put(
        "BootResourceFileUploadHandler",
        "boot-resources/{id}/upload/{file_id}/",
        |call| Box::pin(append(call)),
    )
    .admin()
    .content()
    .doc("Upload the next part of a file."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let kind = call.params.get("type").unwrap_or("all");
    if !matches!(kind, "all" | "uploaded" | "synced" | "generated") {
        return Err(Problem::text(
            Kind::Invalid,
            format!("'{kind}' is not a valid boot resource type."),
        ));
    }
    let resources = call.view().await?.list::<BootResource>()?;
    let shown = resources.iter().filter(|_| matches!(kind, "all" | "uploaded"));
    let shapes: Vec<Value> = shown.map(|resource| shape::boot_resource(resource, false)).collect();
    Ok(Reply::json(&shapes))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let text = |name: &str| params.get(name).unwrap_or_default().to_owned();
    let content = params.file("content").filter(|content| !content.is_empty());
    let (sha256, size_bytes) = match &content {
        Some(content) => (hash_of_bytes(content), content.len() as u64),
        None => (
            text("sha256").to_lowercase(),
            params.parsed("size", "Enter a whole number.")?.unwrap_or_default(),
        ),
    };
    let new = NewResource {
        name: text("name"),
        title: text("title"),
        architecture: text("architecture"),
        base_image: text("base_image"),
        filetype: text("filetype"),
        sha256,
        size_bytes,
        upload_node: call.images()?.node_id,
    };
    let tables = &call.parts.tables;
    let cause = call.cause("boot_resource.create");
    let (mut resource, file) = boot_resources::create(tables, &cause, &new).await?;
    if !file.complete {
        contents::restart(&call, &file.sha256).await?;
    }
    if let Some(content) = content.filter(|_| !file.complete) {
        contents::taken(upload::append(call.images()?, &upload_of(&file), &content).await)?;
        let id = resource.id;
        resource =
            call.view().await?.get(&id)?.ok_or_else(|| Problem::not_found("BootResource"))?;
    }
    Ok(Reply::json(&shape::boot_resource(&resource, true)).with_status(201))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id: BootResourceId = call.id("id", "BootResource")?;
    let resource = call.view().await?.get::<BootResource>(&id)?;
    let resource = resource.ok_or_else(|| Problem::not_found("BootResource"))?;
    Ok(Reply::json(&shape::boot_resource(&resource, true)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id: BootResourceId = call.id("id", "BootResource")?;
    let cause = call.cause("boot_resource.delete");
    boot_resources::delete(&call.parts.tables, &cause, id).await?;
    Ok(Reply::no_content())
}

async fn append(call: Call) -> Result<Reply, Problem> {
    let id: BootResourceId = call.id("id", "BootResource")?;
    let file_id: u32 = call.id("file_id", "BootResourceFile")?;
    let file = boot_resources::upload_file(&call.view().await?, id, file_id)?;
    if file.complete {
        let message = "Cannot upload to a complete file.";
        return Err(Problem::text(Kind::Invalid, message));
    }
    contents::append_part(&call, &upload_of(&file)).await
}

fn upload_of(file: &ResourceFile) -> Upload {
    Upload { sha256: file.sha256.clone(), size_bytes: file.size_bytes, node: file.upload_node }
}

/// What clients of the boot files are shown.
pub(crate) fn boot_files(files: &model::boot::files::BootFiles) -> Value {
    json!({
        "architecture": files.architecture,
        "kernel_sha256": files.kernel_sha256,
        "initrd_sha256": files.initrd_sha256,
        "version": files.version,
        "resource_uri": format!("/MAAS/api/2.0/boot-files/{}/", files.architecture),
    })
}
