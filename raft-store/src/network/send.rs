//! Sending a snapshot: from where the receiver already is, in checked chunks, as long as it goes on.

use std::future::Future;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use openraft::Snapshot;
use openraft::errors::{NetworkError, ReplicationClosed, StreamingError, Unreachable};
use openraft::raft::SnapshotResponse;
use proto::raft as wire;
use tokio::sync::watch;

use super::client::Peer;
use super::convert;
use crate::state::SnapshotFile;
use crate::stored;
use crate::types::{LeaderId, Member, TypeConfig, Vote};

type Failed = StreamingError<TypeConfig>;
type OpenSnapshot = Snapshot<LeaderId, u64, Member, SnapshotFile>;

const CHUNK_BYTES: usize = 1 << 20;
/// A transfer that brings no byte further for so long is given up.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// Sends a snapshot; `installing_max` is how long the receiver may take once it has everything.
#[tracing::instrument(name = "send_snapshot", level = "debug", skip_all)]
pub(super) async fn send(
    peer: &Peer,
    vote: Vote,
    snapshot: OpenSnapshot,
    cancel: impl Future<Output = ReplicationClosed>,
    installing_max: Duration,
) -> Result<SnapshotResponse<TypeConfig>, Failed> {
    let mut client = peer.client();
    let mut offer = offer(vote, &snapshot).map_err(|error| unusable(&error))?;
    let size_bytes = offer.size_bytes;
    let asked = client.snapshot_offset(peer.request(offer.clone()));
    let known = match tokio::time::timeout(STALLED_AFTER, asked).await {
        Ok(Ok(reply)) => reply.into_inner(),
        Ok(Err(status)) => return Err(unreachable(&status)),
        Err(elapsed) => return Err(unreachable(&elapsed)),
    };
    offer.offset = known.offset.min(size_bytes);
    let (started, to_send) = (Instant::now(), size_bytes - offer.offset);
    let (progress, sent) = watch::channel(offer.offset);
    let request = peer.request(parts(offer, snapshot.snapshot, progress));
    let reply = tokio::select! {
        closed = cancel => return Err(StreamingError::Closed(closed)),
        reply = client.install_snapshot(request) => reply.map_err(|status| unreachable(&status))?,
        () = stalled(sent, size_bytes, installing_max) => {
            let reason = Unreachable::from_string("the transfer of the snapshot does not go on");
            return Err(StreamingError::Unreachable(reason));
        }
    };
    peer.stages.snapshot_send.record_time(started.elapsed());
    peer.stages.snapshot_sent_bytes.store(to_send, Ordering::Relaxed);
    let vote = convert::vote(reply.into_inner().vote)
        .map_err(|error| StreamingError::Network(NetworkError::new(&error)))?;
    Ok(SnapshotResponse::new(vote))
}

fn offer(vote: Vote, snapshot: &OpenSnapshot) -> io::Result<wire::SnapshotOffer> {
    Ok(wire::SnapshotOffer {
        vote: Some(stored::vote_to_wire(&vote)),
        last_log_id: snapshot.meta.last_log_id.map(stored::log_id_to_wire),
        membership: Some(stored::stored_membership_to_wire(&snapshot.meta.last_membership)),
        size_bytes: snapshot.snapshot.size_bytes()?,
        id: snapshot.snapshot.id(),
        offset: 0,
    })
}

/// Returns when nothing was sent for too long.
async fn stalled(mut sent: watch::Receiver<u64>, size_bytes: u64, installing_max: Duration) {
    loop {
        let complete = *sent.borrow_and_update() >= size_bytes;
        let limit = if complete { installing_max } else { STALLED_AFTER };
        match tokio::time::timeout(limit, sent.changed()).await {
            Ok(Ok(())) => {}
            // All was sent; what is left is the installation.
            Ok(Err(_)) => return tokio::time::sleep(installing_max).await,
            Err(_) => return,
        }
    }
}

/// The messages of a transfer. A file that cannot be read ends them early, which the receiver sees.
fn parts(
    offer: wire::SnapshotOffer,
    file: SnapshotFile,
    progress: watch::Sender<u64>,
) -> impl Stream<Item = wire::SnapshotPart> + Send + 'static {
    use wire::snapshot_part::Part;
    let offset = offer.offset;
    let first = wire::SnapshotPart { part: Some(Part::Offer(offer)) };
    let rest =
        futures::stream::unfold((file, offset, progress), |(file, offset, progress)| async move {
            progress.send_replace(offset);
            let read = file.clone();
            let chunk = tokio::task::spawn_blocking(move || read.chunk(offset, CHUNK_BYTES)).await;
            let data = match chunk {
                Ok(Ok(chunk)) if !chunk.is_empty() => chunk,
                Ok(Ok(_)) => return None,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "snapshot {} cannot be read", file.path().display());
                    return None;
                }
                Err(_) => return None,
            };
            let next = offset + data.len() as u64;
            let chunk = wire::SnapshotChunk { crc: crc32fast::hash(&data), data: data.into() };
            Some((wire::SnapshotPart { part: Some(Part::Chunk(chunk)) }, (file, next, progress)))
        });
    futures::stream::once(async { first }).chain(rest)
}

fn unreachable(error: &(impl std::error::Error + 'static)) -> Failed {
    StreamingError::Unreachable(Unreachable::new(error))
}

fn unusable(error: &io::Error) -> Failed {
    StreamingError::Network(NetworkError::new(error))
}
