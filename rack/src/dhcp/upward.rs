//! What goes up to the region: commits in batches, and requests for blocks.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use dhcp::leases::commit::{CommitRequest, Outcome};
use model::id::SubnetId;
use model::lease::commit::Change;
use proto::convert::{client_to_bytes, ip_to_bytes, mac_to_bytes};
use proto::rack::binding_commit::Kind;
use proto::rack::binding_outcome::Outcome as WireOutcome;
use proto::rack::binding_refused::Reason;
use proto::rack::rack_client::RackClient;
use proto::rack::{
    BindingCommit, BindingOutcome, BlockRequest, CommitBindingsRequest, PoolUse,
    RequestBlocksReply, RequestBlocksRequest,
};
use tokio::time::timeout;
use tonic::transport::Channel;
use tracing::{debug, warn};

use crate::uplink::Uplink;

/// No region said what became of a commit.
const UNKNOWN: (Outcome, &str) = (Outcome::Unknown, "unknown");
/// A region that has not answered by then is as good as none; the request is repeated.
const COMMIT_TIMEOUT: Duration = Duration::from_millis(2_500);
const BLOCKS_TIMEOUT: Duration = Duration::from_secs(5);

/// What became of a commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decided {
    /// Its request's id.
    pub(crate) id: [u8; 16],
    /// For the engine.
    pub(crate) outcome: Outcome,
    /// For metrics.
    pub(crate) word: &'static str,
}

/// Asks the region to commit a batch; the outcomes come in the order of the commits. They are unknown at
/// once when the region is lost.
pub(crate) async fn commit(
    uplink: Uplink,
    incarnation: u64,
    commits: Vec<CommitRequest<IpAddr>>,
) -> Vec<Decided> {
    let ids: Vec<[u8; 16]> = commits.iter().map(|commit| commit.request_id).collect();
    let decided = |(id, (outcome, word)): (&[u8; 16], _)| Decided { id: *id, outcome, word };
    let unknown = || ids.iter().zip(std::iter::repeat(UNKNOWN)).map(decided).collect();
    let mut changes = uplink.changes();
    let Some(mut client) = uplink.client() else { return unknown() };
    let items = commits.iter().map(item).collect();
    let request = CommitBindingsRequest { incarnation, items };
    let answered = tokio::select! {
        answered = timeout(COMMIT_TIMEOUT, client.commit_bindings(request)) => answered,
        () = changes.disconnected() => {
            warn!("{} bindings are not committed: the region is lost", ids.len());
            return unknown();
        }
    };
    match answered {
        Ok(Ok(reply)) => {
            let outcomes = reply.into_inner().outcomes.into_iter().map(outcome);
            ids.iter().zip(outcomes.chain(std::iter::repeat(UNKNOWN))).map(decided).collect()
        }
        Ok(Err(status)) => {
            warn!("{} bindings are not committed: {}", ids.len(), status.message());
            unknown()
        }
        Err(_) => {
            warn!("{} bindings are not committed in time", ids.len());
            unknown()
        }
    }
}

/// Asks the region for blocks; what is granted comes with the generation. Returns how full the pools
/// of the links are, in thousandths, when the region says.
pub(crate) async fn request_blocks(
    mut client: RackClient<Channel>,
    incarnation: u64,
    blocks: Vec<BlockRequest>,
) -> Option<BTreeMap<SubnetId, u32>> {
    let request = RequestBlocksRequest { incarnation, blocks };
    match timeout(BLOCKS_TIMEOUT, client.request_blocks(request)).await {
        Ok(Ok(reply)) => {
            let RequestBlocksReply { blocks, pools, .. } = reply.into_inner();
            debug!("{} blocks are ours", blocks.len());
            let used = |pool: PoolUse| (SubnetId(pool.subnet), pool.used_permille);
            return Some(pools.into_iter().map(used).collect());
        }
        Ok(Err(status)) => warn!("no blocks from the region: {}", status.message()),
        Err(_) => warn!("no blocks from the region in time"),
    }
    None
}

fn item(commit: &CommitRequest<IpAddr>) -> BindingCommit {
    let kind = match commit.change {
        Change::Bind => Kind::Bind,
        Change::Granted => Kind::Granted,
        Change::Release => Kind::Release,
        Change::Decline => Kind::Decline,
        Change::Register => Kind::Register,
    };
    let (mac, client_identifier) = client_to_bytes(&commit.client);
    BindingCommit {
        request_id: commit.request_id.to_vec(),
        kind: kind.into(),
        vlan: commit.vlan.0,
        subnet: commit.subnet.0,
        ip: ip_to_bytes(commit.ip),
        mac,
        hostname: commit.hostname.clone(),
        told_ms: commit.told_ms,
        block: commit.block.map(|(id, _)| id.0),
        epoch: commit.block.map(|(_, epoch)| epoch).unwrap_or_default(),
        client_identifier,
        hardware: commit.hardware.map(mac_to_bytes).unwrap_or_default(),
        prefix_length: commit.prefix_length.unwrap_or_default().into(),
    }
}

/// The outcome as the engine and as metrics know it.
fn outcome(outcome: BindingOutcome) -> (Outcome, &'static str) {
    match outcome.outcome {
        Some(WireOutcome::Committed(committed)) => {
            let (revision, told_ms) = (committed.revision, committed.told_ms);
            (Outcome::Committed { revision, told_ms }, "committed")
        }
        Some(WireOutcome::Refused(refused)) if refused.revision > 0 => {
            warn!("a binding is refused: {}", refused.detail);
            let reason = refused.reason();
            let taken = matches!(reason, Reason::AddressTaken | Reason::WrongSubnet);
            (Outcome::Refused { revision: refused.revision, taken }, word(reason))
        }
        Some(WireOutcome::Refused(_)) | None => UNKNOWN,
    }
}

fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::AddressTaken => "address taken",
        Reason::NotTheBlockSOwner => "not the block's owner",
        Reason::WrongSubnet => "wrong subnet",
        Reason::UnknownBinding => "not bound",
        Reason::Retry => "decided before",
    }
}
