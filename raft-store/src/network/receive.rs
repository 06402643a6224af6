//! Receiving a snapshot: what came of an interrupted transfer stays, and the next one goes on there.
//!
//! Each chunk is checked before it is written, so a partial file is always a beginning of the
//! snapshot that its name tells. It is verified as a whole before it is installed.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proto::raft as wire;
use tokio::io::AsyncWriteExt;
use tonic::{Status, Streaming};

use super::convert;
use crate::disk::Disk;
use crate::state::SnapshotFile;
use crate::state::snapshot::PARTIAL;
use crate::stored::{self, StoredError};
use crate::types::{SnapshotMeta, Vote};

/// A sender that sends nothing for so long is given up, so that another one can begin.
const SILENT_MAX: Duration = Duration::from_secs(10);

/// A snapshot that came whole.
pub(super) struct Received {
    pub(super) vote: Vote,
    pub(super) meta: SnapshotMeta,
    pub(super) file: SnapshotFile,
    pub(super) path: PathBuf,
}

/// Where the parts of an offered snapshot are collected.
fn partial(folder: &Path, offer: &wire::SnapshotOffer) -> PathBuf {
    let log_id = offer.last_log_id.unwrap_or_default();
    folder.join(format!("received-{}-{}-{:016x}.{PARTIAL}", log_id.index, log_id.term, offer.id))
}

/// How many bytes of the offered snapshot are here.
pub(super) async fn offset(folder: &Path, offer: &wire::SnapshotOffer) -> u64 {
    let metadata = tokio::fs::metadata(partial(folder, offer)).await;
    metadata.map_or(0, |metadata| metadata.len()).min(offer.size_bytes)
}

/// Takes in a snapshot to a file that is complete and synced.
pub(super) async fn receive(
    folder: &Path,
    disk: &Disk,
    mut parts: Streaming<wire::SnapshotPart>,
) -> Result<Received, Status> {
    use wire::snapshot_part::Part;
    let Some(Part::Offer(offer)) = next(&mut parts).await? else {
        return Err(unreadable(StoredError::Missing { field: "offer" }));
    };
    if !disk.has_room_for(offer.size_bytes.saturating_sub(offer.offset)) {
        return Err(Status::resource_exhausted("the disk has no room for the snapshot"));
    }
    let path = partial(folder, &offer);
    remove_other_parts(folder, &path).await?;
    let mut file = open(&path, offer.offset).await?;
    let mut size_bytes = offer.offset;
    while let Some(part) = next(&mut parts).await? {
        let Part::Chunk(chunk) = part else {
            return Err(unreadable(StoredError::Missing { field: "chunk" }));
        };
        if crc32fast::hash(&chunk.data) != chunk.crc {
            return Err(Status::data_loss("a chunk of the snapshot was damaged on its way"));
        }
        size_bytes += chunk.data.len() as u64;
        file.write_all(&chunk.data).await?;
        // A file hands its writes to another thread: they are done before more is taken in.
        file.flush().await?;
    }
    if size_bytes != offer.size_bytes {
        let got = format!("{size_bytes} of {} bytes of the snapshot came", offer.size_bytes);
        return Err(Status::data_loss(got));
    }
    file.sync_all().await?;
    let received = complete(&path, offer);
    if received.is_err() {
        // It would be offered as a beginning again.
        tokio::fs::remove_file(&path).await?;
    }
    received
}

fn complete(path: &Path, offer: wire::SnapshotOffer) -> Result<Received, Status> {
    let (file, applied) =
        SnapshotFile::open(path).map_err(|error| Status::data_loss(error.to_string()))?;
    let membership = stored::stored_membership_from_wire(offer.membership).map_err(unreadable)?;
    let meta = SnapshotMeta {
        last_log_id: offer.last_log_id.map(stored::log_id_from_wire),
        last_membership: membership,
    };
    if applied.log_id != meta.last_log_id || file.id() != offer.id {
        return Err(Status::data_loss("the snapshot is not the one that was announced"));
    }
    let vote = convert::vote(offer.vote).map_err(unreadable)?;
    Ok(Received { vote, meta, file, path: path.to_path_buf() })
}

async fn next(
    parts: &mut Streaming<wire::SnapshotPart>,
) -> Result<Option<wire::snapshot_part::Part>, Status> {
    match tokio::time::timeout(SILENT_MAX, parts.message()).await {
        Ok(part) => Ok(part?.and_then(|part| part.part)),
        Err(_) => Err(Status::deadline_exceeded("the sender of the snapshot is silent")),
    }
}

/// Opens the file to go on at `offset`; what is behind it is cut off.
async fn open(path: &Path, offset: u64) -> Result<tokio::fs::File, Status> {
    let mut options = tokio::fs::OpenOptions::new();
    let file = options.create(true).append(true).open(path).await?;
    let length = file.metadata().await?.len();
    if length < offset {
        let reason = format!("only {length} bytes of the snapshot are here, and not {offset}");
        return Err(Status::out_of_range(reason));
    }
    file.set_len(offset).await?;
    Ok(file)
}

async fn remove_other_parts(folder: &Path, wanted: &Path) -> io::Result<()> {
    let mut files = tokio::fs::read_dir(folder).await?;
    while let Some(file) = files.next_entry().await? {
        let path = file.path();
        let received = file.file_name().to_string_lossy().starts_with("received-");
        if received && path != wanted && path.extension().is_some_and(|it| it == PARTIAL) {
            tokio::fs::remove_file(path).await?;
        }
    }
    Ok(())
}

fn unreadable(error: StoredError) -> Status {
    Status::invalid_argument(error.to_string())
}
