//! `contents/` and `boot-files/`: Ironraft's own resources for what MAAS gets from its image
//! server. A content is uploaded in parts under its hash; boot files name the two contents that
//! machines of an architecture boot as the ephemeral OS.

use api::boot_resources::{self, BootFiles, Content};
use api::field_errors::FieldErrors;
use bytes::Bytes;
use futures::Stream;
use images::files::ReceiveError;
use images::upload::{self, Upload, UploadError};
use model::access::Permission;
use model::boot::content::is_sha256;
use model::error::Kind;
use ops::image::boot_files::{self, NewBootFiles};
use ops::image::contents;

use crate::call::Call;
use crate::intake::{Intake, IntakeError};
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const CONTENT: &str = "contents/{sha256}/";
const FILES: &str = "boot-files/{architecture}/";

const SHA256: Param<String> = Param::text("sha256", "Its SHA-256.");
const SIZE: Param<u64> = Param::number("size", "Its size in bytes.");
const KERNEL_SHA256: Param<String> = Param::text("kernel_sha256", "The kernel.");
const INITRD_SHA256: Param<String> = Param::text("initrd_sha256", "The initramfs.");
const VERSION: Param<String> = Param::text("version", "What it is called.");

/// The operations on contents and boot files.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("ContentHandler", CONTENT, |call| Box::pin(read(call)))
        .reserved(Permission::ManageImages)
        .doc("Read where a content is."),
    Operation::put("ContentUploadHandler", "contents/{sha256}/upload/{node}/{size}/", |call| {
        Box::pin(append(call))
    })
    .reserved(Permission::ManageImages)
    .content()
    .doc("Upload the next part of a content."),
    Operation::post("ContentsHandler", "contents/", |call| Box::pin(begin(call)))
        .reserved(Permission::ManageImages)
        .doc("Begin the upload of a content; its parts follow at `upload_uri`.")
        .params(&[SHA256.needed(), SIZE.needed()]),
    Operation::get("BootFilesHandler", "boot-files/", |call| Box::pin(list_files(call)))
        .doc("List the ephemeral OS of every architecture."),
    Operation::put("BootFileHandler", FILES, |call| Box::pin(set_files(call)))
        .reserved(Permission::ManageImages)
        .doc("Set the ephemeral OS of an architecture, from contents that were uploaded.")
        .params(&[KERNEL_SHA256.needed(), INITRD_SHA256.needed(), VERSION.optional()]),
];

async fn begin(call: Call) -> Result<Reply, Problem> {
    let sha256 = SHA256.required(&call.params)?.to_lowercase();
    let size = SIZE.of(&call.params)?.unwrap_or_default();
    let mut errors = FieldErrors::default();
    if !is_sha256(&sha256) {
        errors.add("sha256", "SHA256 must be 64 hexadecimal digits.");
    }
    if size == 0 {
        errors.add("size", "Ensure this value is greater than or equal to 1.");
    }
    errors.finish()?;
    contents::keep(&call.parts.tables, &call.actor, &sha256).await?;
    let complete = contents::is_uploaded(&call.parts.tables, &call.actor, &sha256).await?;
    let node = call.images()?.node_id;
    let mut upload_uri = None;
    if !complete {
        restart(&call, &sha256).await?;
        upload_uri = Some(format!("/MAAS/api/2.0/contents/{sha256}/upload/{node}/{size}/"));
    }
    Ok(Reply::json(&boot_resources::Upload { sha256, size, complete, upload_uri }))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let sha256 = call.segment("sha256");
    let found = contents::get(&call.parts.tables, &call.actor, sha256).await?;
    Ok(Reply::json(&Content {
        sha256: found.content.sha256,
        size: found.content.size_bytes,
        complete: found.complete,
        holders: found.content.holders,
    }))
}

async fn append(call: Call) -> Result<Reply, Problem> {
    let sha256 = call.segment("sha256").to_owned();
    let size_bytes: u64 = call.id("size", "Content")?;
    let node: u64 = call.id("node", "Content")?;
    append_part(&call, &Upload { sha256, size_bytes, node }).await
}

async fn list_files(call: Call) -> Result<Reply, Problem> {
    let files = boot_files::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&files.iter().map(BootFiles::from).collect::<Vec<_>>()))
}

async fn set_files(call: Call) -> Result<Reply, Problem> {
    let new = NewBootFiles {
        architecture: call.segment("architecture").to_owned(),
        kernel_sha256: KERNEL_SHA256.required(&call.params)?.to_lowercase(),
        initrd_sha256: INITRD_SHA256.required(&call.params)?.to_lowercase(),
        version: VERSION.given(&call.params).unwrap_or_default(),
    };
    let files = boot_files::set(&call.parts.tables, &call.actor, &new).await?;
    Ok(Reply::json(&BootFiles::from(&files)))
}

/// Takes a part here, or passes it on to the node that collects the upload. Either way it goes
/// piece by piece, and nothing of it is kept when it does not come whole.
///
/// # Errors
/// As MAAS: 400 for wrong parts; 503 while the copies are not made or the node is not reached; 408
/// when the part does not go on.
pub(crate) async fn append_part(call: &Call, upload: &Upload) -> Result<Reply, Problem> {
    let images = call.images()?;
    let mut content = call.content.take();
    if upload.node != images.node_id {
        let (status, text) = taken(upload::pass_on(images, upload, pieces(content)).await)?;
        return if status == 200 {
            Ok(Reply::text(text))
        } else {
            Err(Problem::status(status, text))
        };
    }
    let staged = async {
        let mut staged = images.files.stage(&upload.sha256, upload.size_bytes).await?;
        while let Some(chunk) = content.chunk().await? {
            staged.write(&chunk).await.map_err(UploadError::from)?;
        }
        Ok::<_, PartError>(staged)
    };
    let staged = staged.await?;
    taken(upload::append_staged(images, upload, staged).await)?;
    Ok(Reply::text("OK"))
}

/// The body as a stream, which breaks where the body does.
fn pieces(content: Intake) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    futures::stream::try_unfold(content, async |mut content| {
        let chunk = content.chunk().await.map_err(std::io::Error::other)?;
        Ok(chunk.map(|chunk| (chunk, content)))
    })
}

/// Why a part did not come whole.
enum PartError {
    Intake(IntakeError),
    Upload(UploadError),
}

impl From<IntakeError> for PartError {
    fn from(error: IntakeError) -> Self {
        Self::Intake(error)
    }
}

impl From<UploadError> for PartError {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

impl From<ReceiveError> for PartError {
    fn from(error: ReceiveError) -> Self {
        Self::Upload(error.into())
    }
}

impl From<PartError> for Problem {
    fn from(error: PartError) -> Self {
        match error {
            PartError::Intake(error) => error.into(),
            PartError::Upload(error) => problem(&error),
        }
    }
}

/// Forgets what an interrupted upload left at this node: clients begin with the first part.
///
/// # Errors
/// 500 when the image store failed.
pub(crate) async fn restart(call: &Call, sha256: &str) -> Result<(), Problem> {
    if call.parts.tables.is_planning() {
        return Ok(());
    }
    let discarded = call.images()?.files.discard(sha256).await;
    discarded.map_err(|error| problem(&UploadError::Receive(error.into())))
}

/// What an upload's part came to, as the API says it.
///
/// # Errors
/// As [`append_part`].
pub(crate) fn taken<T>(result: Result<T, UploadError>) -> Result<T, Problem> {
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
