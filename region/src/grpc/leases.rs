//! `CommitBindings` and `RequestBlocks` of the rack service: unpack, call `ops::leases`, pack.

use model::id::{BlockId, SubnetId, SystemId, VlanId};
use model::lease::commit::{Change, Refusal, Request};
use model::net::subnet::Subnet;
use model::time::Timestamp;
use proto::convert::{
    client_from_bytes, hardware_from_bytes, ip_from_bytes, prefix_length_from_wire,
};
use proto::rack::binding_commit::Kind;
use proto::rack::binding_outcome::Outcome;
use proto::rack::binding_refused::Reason;
use proto::rack::{
    BindingCommit, BindingCommitted, BindingOutcome, BindingRefused, CommitBindingsReply,
    CommitBindingsRequest, PoolUse, RequestBlocksReply, RequestBlocksRequest,
};
use tonic::Status;
use tracing::{debug, warn};

use ops::network::blocks::{self, BlockRequest, Wanted};
use ops::network::leases::{self, CommitOutcome, CommitRefusal, LeaseRequest, RackProcess};
use ops::network::pools::prefixes::{PrefixPools, prefix_pools};
use ops::network::pools::{self, Pool};
use tables::error::TableError;
use tables::update::Tables;

/// How many bindings one request may carry.
const ITEMS_MAX: usize = 1_024;

/// Commits the bindings of a request, all of them together.
///
/// # Errors
/// `invalid_argument` when an item cannot be read; nothing was committed then.
pub async fn commit_bindings(
    tables: &Tables,
    rack: &SystemId,
    request: CommitBindingsRequest,
) -> Result<CommitBindingsReply, Status> {
    if request.items.len() > ITEMS_MAX {
        return Err(Status::invalid_argument(format!("more than {ITEMS_MAX} bindings")));
    }
    let process = RackProcess { rack: rack.clone(), incarnation: request.incarnation };
    let requests: Vec<LeaseRequest> =
        request.items.into_iter().map(read).collect::<Result<_, _>>()?;
    let outcomes = leases::commit_bindings(tables, &process, &requests).await;
    let outcomes = requests.iter().zip(outcomes).map(|(request, outcome)| {
        log(&process, &request.request, &outcome);
        BindingOutcome { outcome: Some(write(outcome)) }
    });
    Ok(CommitBindingsReply { outcomes: outcomes.collect() })
}

/// Renews and grants blocks.
///
/// # Errors
/// `unavailable` without a quorum.
pub async fn request_blocks(
    tables: &Tables,
    rack: &SystemId,
    request: RequestBlocksRequest,
) -> Result<RequestBlocksReply, Status> {
    let process = RackProcess { rack: rack.clone(), incarnation: request.incarnation };
    let requests: Vec<BlockRequest> = request
        .blocks
        .iter()
        .map(|block| BlockRequest {
            vlan: VlanId(block.vlan),
            free: block.free,
            wanted: block.wanted,
            of: match (block.prefixes, block.ipv6) {
                (true, _) => Wanted::Prefixes,
                (false, true) => Wanted::Ipv6,
                (false, false) => Wanted::Ipv4,
            },
        })
        .collect();
    let (blocks, now) = blocks::request_blocks(tables, &process, &requests)
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let pools = pools_of(tables, &requests, now).await.unwrap_or_else(|error| {
        warn!(%rack, "rack {rack} is not told how full its pools are: {error}");
        Vec::new()
    });
    let blocks = blocks.iter().map(Into::into).collect();
    Ok(RequestBlocksReply { blocks, now_ms: now.unix_ms, pools })
}

/// How full the pools of the requested links are.
async fn pools_of(
    tables: &Tables,
    requests: &[BlockRequest],
    now: Timestamp,
) -> Result<Vec<PoolUse>, TableError> {
    let view = tables.stale_view().await?;
    let requested = |subnet: &Subnet| requests.iter().any(|request| request.vlan == subnet.vlan);
    // A rack asks for prefixes by themselves.
    if requests.iter().any(|request| request.of == Wanted::Prefixes) {
        let pools = prefix_pools(&view, now, requested)?;
        let of = |pool: &PrefixPools| PoolUse {
            subnet: pool.subnet.0,
            used_permille: pool.used.used_permille(),
        };
        return Ok(pools.iter().map(of).collect());
    }
    let pools = pools::pools(&view, now, requested)?;
    let of =
        |pool: &Pool| PoolUse { subnet: pool.subnet.0, used_permille: pool.used.used_permille() };
    Ok(pools.iter().map(of).collect())
}

fn read(item: BindingCommit) -> Result<LeaseRequest, Status> {
    const MESSAGE: &str = "BindingCommit";
    let invalid = |error: &dyn std::fmt::Display| Status::invalid_argument(error.to_string());
    let change = match item.kind() {
        Kind::Bind | Kind::Renew => Change::Bind,
        Kind::Granted => Change::Granted,
        Kind::Release => Change::Release,
        Kind::Decline => Change::Decline,
        Kind::Register => Change::Register,
    };
    let id = <[u8; 16]>::try_from(item.request_id.as_slice())
        .map_err(|_| invalid(&"a request id has 16 bytes"))?;
    let request = Request {
        change,
        vlan: VlanId(item.vlan),
        subnet: SubnetId(item.subnet),
        ip: ip_from_bytes(MESSAGE, "ip", &item.ip).map_err(|error| invalid(&error))?,
        client: client_from_bytes(MESSAGE, &item.mac, &item.client_identifier)
            .map_err(|error| invalid(&error))?,
        hardware: hardware_from_bytes(MESSAGE, &item.hardware).map_err(|error| invalid(&error))?,
        prefix_length: prefix_length_from_wire(MESSAGE, item.prefix_length)
            .map_err(|error| invalid(&error))?,
        hostname: item.hostname,
        told_ms: item.told_ms,
        block: item.block.map(|id| (BlockId(id), item.epoch)),
    };
    Ok(LeaseRequest { id, request })
}

fn write(outcome: CommitOutcome) -> Outcome {
    match outcome {
        CommitOutcome::Committed { revision, binding, decided_at } => {
            Outcome::Committed(BindingCommitted {
                revision,
                told_ms: binding.told_until.since_ms(decided_at),
                promise_ms: binding.promise_until.since_ms(decided_at),
            })
        }
        CommitOutcome::Refused { revision, refusal } => {
            let detail = refusal.to_string();
            let reason = reason(&refusal).into();
            Outcome::Refused(BindingRefused { reason, detail, revision })
        }
        CommitOutcome::Open { reason } => {
            let retry = Reason::Retry.into();
            Outcome::Refused(BindingRefused { reason: retry, detail: reason, revision: 0 })
        }
    }
}

fn reason(refusal: &CommitRefusal) -> Reason {
    match refusal {
        CommitRefusal::Rule(Refusal::BoundToAnother { .. } | Refusal::Reserved { .. }) => {
            Reason::AddressTaken
        }
        CommitRefusal::Rule(Refusal::NotTheOwner { .. } | Refusal::Quarantined { .. })
        | CommitRefusal::Denied(_) => Reason::NotTheBlockSOwner,
        CommitRefusal::Rule(Refusal::NotBound { .. } | Refusal::TooManyRegistered { .. })
        | CommitRefusal::NotYet { .. } => Reason::UnknownBinding,
        CommitRefusal::WrongSubnet { .. } => Reason::WrongSubnet,
        CommitRefusal::Repeated => Reason::Retry,
    }
}

fn log(process: &RackProcess, request: &Request, outcome: &CommitOutcome) {
    let (rack, ip, client) = (&process.rack, request.ip, &request.client);
    match outcome {
        CommitOutcome::Committed { revision, .. } => {
            debug!(%rack, %ip, %client, revision, "binding of {ip} to {client} committed");
        }
        CommitOutcome::Refused { refusal, .. } => {
            warn!(%rack, %ip, %client, "binding of {ip} to {client} refused: {refusal}");
        }
        CommitOutcome::Open { reason } => {
            warn!(%rack, %ip, %client, "binding of {ip} to {client} not decided: {reason}");
        }
    }
}

#[cfg(test)]
mod tests;
