//! Leases: commits of bindings and grants of blocks, for racks.
//!
//! The rules are [`model::lease`]'s. Here they meet the tables: a commit compares the revisions of
//! the binding and of the block that it was judged by, and carries the rack's request id, so a
//! repeated request is applied once. A refusal uses the request id up as well: what was refused can
//! never be applied afterwards by an earlier sending that was late.

use std::net::{IpAddr, Ipv4Addr};

use model::access::{Actor, Denied, Object, Permission, permits};
use model::id::{BlockId, SystemId, VlanId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::commit::{self, Refusal, Request, Situation};
use model::lease::cut::{Span, next_block};
use model::lease::grant::{self, Applicant};
use model::lease::policy::Policy;
use model::mac::MacAddress;
use model::net::iprange::{IpRange, Purpose};
use model::net::reserved::ReservedAddress;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::time::Timestamp;
use raft_store::txn::{Meta, TransactError};

use crate::authorize::cause;
use tables::error::TableError;
use tables::leases::{BLOCKS_OF_IPRANGE, BLOCKS_OF_RACK, BLOCKS_OF_VLAN};
use tables::machines::MACHINE_BY_ADDRESS;
use tables::network::{IPRANGES_OF_SUBNET, SUBNETS_OF_VLAN};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Tables, now};

/// How often a commit is evaluated again when what it read has moved.
const EVALUATIONS_MAX: u8 = 16;
/// A rack with fewer free addresses on a link gets another block.
const FREE_MIN: u32 = 8;
/// Blocks that were granted more recently are not renewed yet: each renewal is a write.
const RENEW_AFTER_MS: u64 = 60_000;

/// A rack process that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RackProcess {
    /// The rack, as its certificate says.
    pub rack: SystemId,
    /// The random number that it drew at its start.
    pub incarnation: u64,
}

impl RackProcess {
    fn actor(&self) -> Actor {
        Actor::Rack(self.rack.clone())
    }
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is committed.
    Committed {
        /// At this revision.
        revision: u64,
        /// The binding as it is now.
        binding: Binding,
        /// When it was decided.
        decided_at: Timestamp,
    },
    /// It is refused, for good.
    Refused {
        /// What was decided at this revision stays so for this request.
        revision: u64,
        /// Why.
        refusal: CommitRefusal,
    },
    /// Nobody knows; the same request may be sent again.
    Open {
        /// What was missing.
        reason: String,
    },
}

/// Why a commit is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitRefusal {
    /// A rule of leases.
    #[error(transparent)]
    Rule(#[from] Refusal),
    /// The address is not in that subnet of that link.
    #[error("address {ip} is not in a subnet of VLAN {vlan}")]
    WrongSubnet {
        /// The address.
        ip: IpAddr,
        /// The link.
        vlan: VlanId,
    },
    /// The rack neither serves that link nor has addresses of it to give.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The request was decided before, and its answer was lost. Ask anew.
    #[error("the request was decided earlier")]
    Repeated,
}

/// Commits one binding.
pub async fn commit_binding(
    tables: &Tables,
    process: &RackProcess,
    request_id: [u8; 16],
    request: &Request,
) -> CommitOutcome {
    let mut reason = String::new();
    for attempt in 0..EVALUATIONS_MAX {
        let mut tx = match tables.begin(attempt.into()).await {
            Ok(tx) => tx,
            Err(error) => return CommitOutcome::Open { reason: error.to_string() },
        };
        let seen = tx.revision();
        let decided = match decide(&mut tx, process, request) {
            Ok(decided) => decided,
            Err(error) => return CommitOutcome::Open { reason: error.to_string() },
        };
        let decided_at = tx.now();
        let txn = tx.into_txn(meta(process, request_id, attempt));
        match tables.store().transact(txn).await {
            Ok(committed) if committed.revision <= seen => {
                let (revision, refusal) = (seen, CommitRefusal::Repeated);
                return CommitOutcome::Refused { revision, refusal };
            }
            Ok(committed) => {
                let revision = committed.revision;
                return match decided {
                    Ok(binding) => CommitOutcome::Committed { revision, binding, decided_at },
                    Err(refusal) => CommitOutcome::Refused { revision, refusal },
                };
            }
            Err(TransactError::Conflict { key }) => {
                reason = format!("{} is being changed", String::from_utf8_lossy(&key));
            }
            Err(error) => return CommitOutcome::Open { reason: error.to_string() },
        }
    }
    CommitOutcome::Open { reason }
}

/// Each evaluation has an id of its own, because a store remembers a conflict as an answer too.
fn meta(process: &RackProcess, mut request_id: [u8; 16], attempt: u8) -> Meta {
    request_id[8] ^= attempt;
    Meta {
        actor: process.actor().to_string(),
        reason: "binding.commit".to_owned(),
        request_id: Some(request_id),
        time_ms: 0,
    }
}

/// Judges a request and writes its binding; a refusal writes nothing.
fn decide(
    tx: &mut Tx,
    process: &RackProcess,
    request: &Request,
) -> Result<Result<Binding, CommitRefusal>, TableError> {
    let (ip, vlan) = (request.ip, request.vlan);
    if let Err(denied) = permit_commit(tx, process, vlan)? {
        return Ok(Err(denied.into()));
    }
    let subnet = tx.get::<Subnet>(&request.subnet)?;
    let Some(subnet) = subnet.filter(|subnet| subnet.vlan == vlan && subnet.cidr.contains(&ip))
    else {
        return Ok(Err(CommitRefusal::WrongSubnet { ip, vlan }));
    };
    let binding = tx.get::<Binding>(&ip)?;
    let covering = tx.state().block_of(ip).map(|block| block.id);
    let block = match covering {
        // Read by its id, so that its revision is compared.
        Some(id) => tx.get::<Block>(&id)?.filter(|block| block.vlan == vlan),
        None => None,
    };
    let situation = Situation {
        applicant: applicant(process),
        binding: binding.as_ref(),
        block: block.as_ref(),
        reserved: subnet.gateway_ip == Some(ip) || kept_for_another(tx, ip, request.mac)?,
        now: tx.now(),
    };
    match commit::decide(&Policy::default(), &situation, request) {
        Ok(binding) => {
            tx.put(&binding)?;
            Ok(Ok(binding))
        }
        Err(refusal) => Ok(Err(refusal.into())),
    }
}

/// Whether a rack may commit leases of a link: where it serves, and where it has blocks yet, of which
/// clients have addresses.
fn permit_commit(
    tx: &Tx,
    process: &RackProcess,
    vlan: VlanId,
) -> Result<Result<(), Denied>, TableError> {
    let looking = tx.looking();
    let mut racks = racks_of(&looking, vlan)?;
    if !racks.contains(&process.rack) {
        let blocks = looking.list_by(&BLOCKS_OF_VLAN, &vlan)?;
        racks.extend(blocks.into_iter().filter_map(|block| block.rack));
    }
    Ok(permits(&process.actor(), Permission::LeaseAddresses, &Object::Link { racks: &racks }))
}

/// Whether a machine or a reservation of another client has the address.
fn kept_for_another(tx: &Tx, ip: IpAddr, mac: MacAddress) -> Result<bool, TableError> {
    if let Some(reserved) = tx.get::<ReservedAddress>(&ip)? {
        return Ok(reserved.mac != Some(mac));
    }
    let machine = tx.find(&MACHINE_BY_ADDRESS, &ip)?;
    Ok(machine.is_some_and(|machine| {
        !machine.interfaces.iter().any(|interface| {
            interface.mac == mac && interface.links.iter().any(|link| link.ip_address == Some(ip))
        })
    }))
}

fn applicant(process: &RackProcess) -> Applicant<'_> {
    Applicant { rack: &process.rack, incarnation: process.incarnation }
}

/// A link that a rack wants addresses on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockRequest {
    /// The link.
    pub vlan: VlanId,
    /// How many free addresses the rack has left there.
    pub free: u32,
}

/// Renews the blocks of a rack process, and grants it more where it runs out of addresses. Returns
/// the blocks that it owns now, and when.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn request_blocks(
    tables: &Tables,
    process: &RackProcess,
    requests: &[BlockRequest],
) -> Result<(Vec<Block>, Timestamp), TableError> {
    let cause = cause(&process.actor(), "block.grant");
    let policy = Policy::default();
    tables
        .update(&cause, |tx| -> Result<(Vec<Block>, Timestamp), TableError> {
            let mut owned = renew(tx, &policy, process)?;
            for request in requests.iter().filter(|request| request.free < FREE_MIN) {
                if serves(tx, process, request.vlan)? {
                    owned.extend(grant_another(tx, &policy, process, request.vlan)?);
                }
            }
            Ok((owned, tx.now()))
        })
        .await
}

/// Renews the blocks that the rack has and may keep.
fn renew(tx: &mut Tx, policy: &Policy, process: &RackProcess) -> Result<Vec<Block>, TableError> {
    let mut owned = Vec::new();
    for block in tx.list_by(&BLOCKS_OF_RACK, &process.rack)? {
        let fresh = tx.now().since_ms(block.granted_at) < RENEW_AFTER_MS;
        if applicant(process).owns(&block) && fresh {
            owned.push(block);
            continue;
        }
        if !in_its_range(tx, &block)? || !serves(tx, process, block.vlan)? {
            continue;
        }
        owned.extend(grant_block(tx, policy, process, &block.id)?);
    }
    Ok(owned)
}

fn grant_block(
    tx: &mut Tx,
    policy: &Policy,
    process: &RackProcess,
    id: &BlockId,
) -> Result<Option<Block>, TableError> {
    let Some(block) = tx.get::<Block>(id)? else { return Ok(None) };
    let granted = grant::grant(policy, &block, &applicant(process), tx.now());
    if let Some(granted) = &granted {
        tx.put(granted)?;
    }
    Ok(granted)
}

/// Whether the block still lies in a dynamic range of a subnet on its link, as it was cut.
fn in_its_range(tx: &Tx, block: &Block) -> Result<bool, TableError> {
    let subnet = tx.get::<Subnet>(&block.subnet)?;
    if subnet.is_none_or(|subnet| subnet.vlan != block.vlan) {
        return Ok(false);
    }
    let range = tx.get::<IpRange>(&block.iprange)?;
    Ok(range.is_some_and(|range| {
        range.purpose == Purpose::Dynamic
            && range.start_ip <= block.first
            && block.last <= range.end_ip
    }))
}

/// Whether the rack may have addresses of a link: only those that answer there.
fn serves(tx: &Tx, process: &RackProcess, vlan: VlanId) -> Result<bool, TableError> {
    let racks = racks_of(tx, vlan)?;
    let link = Object::Link { racks: &racks };
    Ok(permits(&process.actor(), Permission::LeaseAddresses, &link).is_ok())
}

/// The racks that answer on a link, themselves or through relays.
fn racks_of(reads: &impl Reads, vlan: VlanId) -> Result<Vec<SystemId>, TableError> {
    let Some(vlan) = reads.get::<Vlan>(&vlan)? else { return Ok(Vec::new()) };
    let serving = match vlan.relay_vlan {
        Some(relay) => reads.get::<Vlan>(&relay)?,
        None => vlan.dhcp_on.then_some(vlan),
    };
    Ok(serving.map(|vlan| vlan.racks().cloned().collect()).unwrap_or_default())
}

/// Grants one more block of a link: one that nobody has, or a new one.
fn grant_another(
    tx: &mut Tx,
    policy: &Policy,
    process: &RackProcess,
    vlan: VlanId,
) -> Result<Option<Block>, TableError> {
    for block in tx.list_by(&BLOCKS_OF_VLAN, &vlan)? {
        let owned = applicant(process).owns(&block);
        if !owned
            && in_its_range(tx, &block)?
            && let Some(granted) = grant_block(tx, policy, process, &block.id)?
        {
            return Ok(Some(granted));
        }
    }
    let Some(block) = cut_block(tx, vlan)? else { return Ok(None) };
    let granted = grant::grant(policy, &block, &applicant(process), tx.now());
    if let Some(granted) = &granted {
        tx.insert(granted)?;
    }
    Ok(granted)
}

/// Cuts the next block of a dynamic range of the link. No other one is cut there at the same time.
fn cut_block(tx: &mut Tx, vlan: VlanId) -> Result<Option<Block>, TableError> {
    for subnet in tx.list_by(&SUBNETS_OF_VLAN, &vlan)?.iter().filter(|subnet| subnet.managed) {
        for range in tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)? {
            let Some(span) = dynamic_span(&range) else { continue };
            tx.guard(&format!("blocks/{}", range.id));
            let cut = tx.list_by(&BLOCKS_OF_IPRANGE, &range.id)?;
            let taken: Vec<Span> = cut.iter().filter_map(block_span).collect();
            let Some(span) = next_block(span, &taken) else { continue };
            return Ok(Some(Block {
                id: BlockId(tx.next_id::<Block>()?),
                iprange: range.id,
                subnet: subnet.id,
                vlan,
                first: span.first.into(),
                last: span.last.into(),
                rack: None,
                incarnation: 0,
                epoch: 0,
                granted_at: Timestamp::default(),
                valid_until: Timestamp::default(),
                quarantine_until: Timestamp::default(),
            }));
        }
    }
    Ok(None)
}

fn dynamic_span(range: &IpRange) -> Option<Span> {
    let dynamic = range.purpose == Purpose::Dynamic;
    span(range.start_ip, range.end_ip).filter(|_| dynamic)
}

/// The addresses of a block of IPv4 addresses.
pub(super) fn block_span(block: &Block) -> Option<Span> {
    span(block.first, block.last)
}

fn span(first: IpAddr, last: IpAddr) -> Option<Span> {
    Some(Span { first: v4(first)?, last: v4(last)? })
}

fn v4(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

/// Removes up to `max` bindings and blocks that mean nothing any more; returns how many.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn remove_expired(tables: &Tables, max: usize) -> Result<usize, TableError> {
    let view = tables.stale_view().await?;
    let policy = Policy::default();
    let past = |until: Timestamp, span_ms: u64| until.plus_ms(span_ms) <= now();
    let forgotten = now().minus_ms(AFFINITY_MS);
    let ended: Vec<IpAddr> = view.state().promised_until(forgotten).take(max).collect();
    let mut lapsed = Vec::new();
    for block in view.state().blocks() {
        let over = past(block.valid_until.max(block.quarantine_until), policy.skew_ms);
        let range = view.get::<IpRange>(&block.iprange)?;
        let kept = range.as_ref().and_then(dynamic_span).zip(block_span(block)).is_some_and(
            |(range, block)| range.contains(block.first) && range.contains(block.last),
        );
        if over && !kept {
            lapsed.push(block.id);
        }
    }
    if ended.is_empty() && lapsed.is_empty() {
        return Ok(0);
    }
    let cause = cause(&Actor::Reconciler("leases"), "lease.expire");
    tables
        .update(&cause, |tx| -> Result<usize, TableError> {
            let mut removed = 0;
            for ip in &ended {
                let binding = tx.get::<Binding>(ip)?;
                if binding.is_some_and(|binding| past(binding.promise_until, AFFINITY_MS)) {
                    tx.delete::<Binding>(ip)?;
                    removed += 1;
                }
            }
            for id in &lapsed {
                let block = tx.get::<Block>(id)?;
                let until = block.map(|block| block.valid_until.max(block.quarantine_until));
                if until.is_some_and(|until| past(until, policy.skew_ms)) {
                    tx.delete::<Block>(id)?;
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
}

/// How long a binding is remembered after its promise, so that a client that comes back gets the
/// address it had.
const AFFINITY_MS: u64 = 24 * 3_600_000;
