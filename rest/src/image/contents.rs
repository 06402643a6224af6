//! `contents/` and `boot-files/`: Ironraft's own resources for what MAAS gets from its image
//! server. A content is uploaded in parts under its hash; boot files name the two contents that
//! machines of an architecture boot as the ephemeral OS.

use crate::problem::Problem;
use api::field_errors::FieldErrors;
use model::boot::content::{Content, is_sha256};
use model::boot::files::BootFiles;
use model::error::Kind;
use ops::image::contents;
use serde_json::{Value, json};

use crate::call::Call;
use crate::image::boot_resources::boot_files;
use crate::operation::Operation;
use crate::reply::Reply;
use images::upload::{self, Progress, Upload, UploadError};
use ops::error::Refusal;
use tables::read::Reads;

const CONTENT: &str = "contents/{sha256}/";
const FILES: &str = "boot-files/{architecture}/";

/// The operations on contents and boot files.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("ContentHandler", CONTENT, |call| Box::pin(read(call)))
        .admin()
        .doc("Read where a content is."),
    Operation::put("ContentHandler", "contents/{sha256}/upload/{node}/{size}/", |call| {
        Box::pin(append(call))
    })
    .admin()
    .content()
    .doc("Upload the next part of a content."),
    Operation::post("ContentsHandler", "contents/", |call| Box::pin(begin(call))).admin().doc(
        "Begin the upload of a content; its parts follow at `upload_uri`.\n\n\
         :param sha256: Its SHA-256.\n:param size: Its size in bytes.",
    ),
    Operation::get("BootFilesHandler", "boot-files/", |call| Box::pin(list_files(call)))
        .doc("List the ephemeral OS of every architecture."),
    Operation::put("BootFileHandler", FILES, |call| Box::pin(set_files(call))).admin().doc(
        "Set the ephemeral OS of an architecture, from contents that were uploaded.\n\n\
         :param kernel_sha256: The kernel.\n:param initrd_sha256: The initramfs.\n\
         :param version: What it is called.",
    ),
];

async fn begin(call: Call) -> Result<Reply, Problem> {
    let sha256 = call.params.required("sha256")?.to_lowercase();
    let size: u64 = call.params.parsed("size", "Enter a whole number.")?.unwrap_or_default();
    let mut errors = FieldErrors::default();
    if !is_sha256(&sha256) {
        errors.add("sha256", "SHA256 must be 64 hexadecimal digits.");
    }
    if size == 0 {
        errors.add("size", "Ensure this value is greater than or equal to 1.");
    }
    errors.finish()?;
    contents::keep(&call.parts.tables, &call.cause("image.upload"), &sha256).await?;
    let complete = contents::is_complete(&call.view().await?, &sha256)?;
    let node = call.images()?.node_id;
    let mut shape = json!({ "sha256": sha256, "size": size, "complete": complete });
    if !complete {
        restart(&call, &sha256).await?;
        let path = format!("/MAAS/api/2.0/contents/{sha256}/upload/{node}/{size}/");
        shape["upload_uri"] = Value::String(path);
    }
    Ok(Reply::json(&shape))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let sha256 = call.segment("sha256").to_owned();
    let view = call.view().await?;
    let content = view.get::<Content>(&sha256)?.ok_or_else(|| Problem::not_found("Content"))?;
    let complete = contents::is_complete(&view, &sha256)?;
    Ok(Reply::json(&json!({
        "sha256": content.sha256,
        "size": content.size_bytes,
        "complete": complete,
        "holders": content.holders,
    })))
}

async fn append(call: Call) -> Result<Reply, Problem> {
    let sha256 = call.segment("sha256").to_owned();
    let size_bytes: u64 = call.id("size", "Content")?;
    let node: u64 = call.id("node", "Content")?;
    let path = format!("/MAAS/api/2.0/contents/{sha256}/upload/{node}/{size_bytes}/");
    append_part(&call, &Upload { sha256, size_bytes, node }, &path).await
}

async fn list_files(call: Call) -> Result<Reply, Problem> {
    let files = call.view().await?.list::<BootFiles>()?;
    Ok(Reply::json(&files.iter().map(boot_files).collect::<Vec<Value>>()))
}

async fn set_files(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let architecture = call.segment("architecture").to_owned();
    let kernel_sha256 = params.required("kernel_sha256")?.to_lowercase();
    let initrd_sha256 = params.required("initrd_sha256")?.to_lowercase();
    let version = params.get("version").unwrap_or_default().to_owned();
    let cause = call.cause("boot_files.set");
    let files = call
        .parts
        .tables
        .update(&cause, |tx| {
            let mut errors = FieldErrors::default();
            let named = [("kernel_sha256", &kernel_sha256), ("initrd_sha256", &initrd_sha256)];
            for (name, sha256) in named {
                if !contents::claim(tx, sha256)? {
                    errors.add(name, "This content is not uploaded completely.");
                }
            }
            errors.finish()?;
            let files = BootFiles {
                architecture: architecture.clone(),
                kernel_sha256: kernel_sha256.clone(),
                initrd_sha256: initrd_sha256.clone(),
                version: version.clone(),
                created: tx.now(),
            };
            tx.put(&files)?;
            Ok::<_, Refusal>(files)
        })
        .await?;
    Ok(Reply::json(&boot_files(&files)))
}

/// Takes a part here, or passes it on to the node that collects the upload.
///
/// # Errors
/// As MAAS: 400 for wrong parts; 503 while the copies are not made or the node is not reached.
pub(crate) async fn append_part(
    call: &Call,
    upload: &Upload,
    path: &str,
) -> Result<Reply, Problem> {
    let images = call.images()?;
    if upload.node == images.node_id {
        taken(upload::append(images, upload, &call.body).await)?;
        return Ok(Reply::text("OK"));
    }
    let (node, part) = (upload.node, call.body.clone());
    let passed = upload::pass_on(images, node, path, &call.authorization, part).await;
    let (status, text) = passed.map_err(|error| problem(&error))?;
    if status == 200 { Ok(Reply::text(text)) } else { Err(Problem::status(status, text)) }
}

/// Forgets what an interrupted upload left at this node: clients begin with the first part.
///
/// # Errors
/// 500 when the image store failed.
pub(crate) async fn restart(call: &Call, sha256: &str) -> Result<(), Problem> {
    let discarded = call.images()?.files.discard(sha256).await;
    discarded.map_err(|error| problem(&UploadError::Receive(error.into())))
}

/// What an upload's part came to, as the API says it.
///
/// # Errors
/// As [`append_part`].
pub(crate) fn taken(result: Result<Progress, UploadError>) -> Result<Progress, Problem> {
    result.map_err(|error| problem(&error))
}

fn problem(error: &UploadError) -> Problem {
    match error.kind() {
        Kind::Internal => {
            tracing::error!("upload: {error}");
            Problem::text(Kind::Internal, "the image store failed")
        }
        kind => Problem::text(kind, error.to_string()),
    }
}
