//! `images-sync-progress/`: which regions hold which file of an image. MAAS does not describe it.

use std::collections::BTreeMap;
use std::future::ready;

use model::access::Permission;
use model::error::Kind;
use model::id::SystemId;
use ops::image::sync_progress;
use serde_json::json;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL: &str = "images-sync-progress/";
const ONE: &str = "images-sync-progress/{file_id}/{system_id}/";

const SOURCES: Param<bool> =
    Param::boolean("sources", "Whether to name the regions; true by default.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("ImagesSyncProgressHandler", ALL, |call| Box::pin(list(call)))
        .reserved(Permission::ManageImages)
        .doc("List the files of images with the regions that hold them.")
        .params(&[SOURCES.optional()])
        .undescribed(),
    Operation::post("ImagesSyncProgressHandler", ALL, |_| Box::pin(ready(report())))
        .reserved(Permission::ManageImages)
        .doc("Refused: regions know themselves what they hold.")
        .undescribed(),
    Operation::get("ImageSyncProgressHandler", ONE, |call| Box::pin(read(call)))
        .reserved(Permission::ManageImages)
        .doc("Read how many bytes of a file a region holds.")
        .undescribed(),
    Operation::put("ImageSyncProgressHandler", ONE, |_| Box::pin(ready(report())))
        .reserved(Permission::ManageImages)
        .doc("Refused: regions know themselves what they hold.")
        .undescribed(),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let sources = SOURCES.of(&call.params)?.unwrap_or(true);
    let all = sync_progress::list(&call.parts.tables, &call.actor).await?;
    let shape = |found: &sync_progress::FileProgress| {
        let regions: &[SystemId] = if sources { &found.regions } else { &[] };
        json!({
            "sha256": found.file.sha256,
            "filename_on_disk": found.file.sha256,
            "size": found.file.size_bytes,
            "sources": regions,
        })
    };
    let by_id: BTreeMap<u32, _> = all.iter().map(|found| (found.file.id, shape(found))).collect();
    Ok(Reply::json(&by_id))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let file: u32 = call.id("file_id", "BootResourceFile")?;
    let region: SystemId = call.id("system_id", "RegionController")?;
    let size = sync_progress::size(&call.parts.tables, &call.actor, file, &region).await?;
    Ok(Reply::json(&json!({ "size": size })))
}

fn report() -> Result<Reply, Problem> {
    let message = "Regions say themselves which files they hold: leave that to them.";
    Err(Problem::text(Kind::Forbidden, message))
}
