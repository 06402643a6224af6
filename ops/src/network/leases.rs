//! Leases: commits of bindings, for racks.
//!
//! The rules are [`model::lease`]'s. Here they meet the tables: a commit compares the revisions of
//! the bindings and of the blocks that it was judged by, and carries the rack's request ids, so a
//! repeated request is applied once. A refusal uses the request id up as well: what was refused can
//! never be applied afterwards by an earlier sending that was late.

mod batch;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures::future::join_all;
use model::access::{Actor, Denied, Object, Permission, permits};
use model::controller::RackController;
use model::id::{BlockId, SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::commit::{self, Change, Refusal, Request, Situation};
use model::lease::grant::Applicant;
use model::lease::policy::Policy;
use model::mac::MacAddress;
use model::net::prefixpool::PrefixPool;
use model::net::reserved::ReservedAddress;
use model::net::reserved_identifier;
use model::net::subnet::Subnet;
use model::time::Timestamp;
use raft_store::txn::{Meta, TransactError};
use raft_store::version::DECIDES_SINCE;

use crate::authorize::cause;
use crate::machine::holders;
use crate::network::block_sources::Source;
use crate::network::service_addresses;
use crate::network::spans::{block_span, dynamic_range_of, racks_of};
use tables::error::TableError;
use tables::leases::BLOCKS_OF_VLAN;
use tables::network::PREFIX_POOLS_OF_SUBNET;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// How often a commit is evaluated again when what it read has moved.
const EVALUATIONS_MAX: u8 = 16;
/// How many leases that look over one pass looks at.
const LOOKED_AT_MAX: usize = 4_096;
/// The cluster version from which on all regions read bindings of clients without a hardware address.
const IDENTIFIERS_SINCE: u32 = 4;

/// A rack process that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RackProcess {
    /// The rack, as its certificate says.
    pub rack: SystemId,
    /// The random number that it drew at its start.
    pub incarnation: u64,
}

impl RackProcess {
    pub(super) fn actor(&self) -> Actor {
        Actor::Rack(self.rack.clone())
    }
}

/// A change that a rack asks for, under the id that it drew for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRequest {
    /// The id: however often it is sent, the request is decided once.
    pub id: [u8; 16],
    /// The change.
    pub request: Request,
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
    /// The address is not in that subnet of that link, or the prefix in none of its pools.
    #[error("address {ip} is not in a subnet of VLAN {vlan}, or its prefix in no pool there")]
    WrongSubnet {
        /// The address.
        ip: IpAddr,
        /// The link.
        vlan: VlanId,
    },
    /// The rack neither serves that link nor has addresses of it to give.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Some region of the cluster could not read the binding (RFC 4390 clients, while it is upgraded).
    #[error("client {client} has no hardware address: all regions must be upgraded first")]
    NotYet {
        /// The client.
        client: ClientId,
    },
    /// The request was decided before, and its answer was lost. Ask anew.
    #[error("the request was decided earlier")]
    Repeated,
}

/// Commits bindings, as one transaction if all members of the cluster can apply that; the outcomes
/// are in the order of the requests. What is wrong with one of them refuses only that one.
pub async fn commit_bindings(
    tables: &Tables,
    process: &RackProcess,
    requests: &[LeaseRequest],
) -> Vec<CommitOutcome> {
    if tables.store().cluster_version() >= DECIDES_SINCE {
        return batch::commit(tables, process, requests).await;
    }
    join_all(requests.iter().map(|request| commit_alone(tables, process, request))).await
}

/// Commits one binding as a transaction of its own, as the version before does.
async fn commit_alone(
    tables: &Tables,
    process: &RackProcess,
    LeaseRequest { id, request }: &LeaseRequest,
) -> CommitOutcome {
    let mut reason = String::new();
    for attempt in 0..EVALUATIONS_MAX {
        let mut tx = match tables.begin(attempt.into()).await {
            Ok(tx) => tx,
            Err(error) => return CommitOutcome::Open { reason: error.to_string() },
        };
        let seen = tx.revision();
        let decided = match decide(&mut tx, &mut Known::default(), process, request) {
            Ok(decided) => decided,
            Err(error) => return CommitOutcome::Open { reason: error.to_string() },
        };
        let decided_at = tx.now();
        let txn = tx.into_txn(meta(process, *id, attempt));
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
        ..Meta::default()
    }
}

/// How a request was judged.
type Decided = Result<Binding, CommitRefusal>;

/// What an evaluation has read for earlier requests and reads for later ones; all of it is compared
/// as if each had read it, but for who may ask.
#[derive(Debug, Default)]
struct Known {
    permitted: BTreeMap<VlanId, Result<(), Denied>>,
    subnets: BTreeMap<SubnetId, Option<Subnet>>,
    pools: BTreeMap<SubnetId, Vec<PrefixPool>>,
    blocks: BTreeMap<BlockId, Option<Block>>,
}

/// What is known under a key, or read now.
fn known<K: Ord, V>(
    known: &mut BTreeMap<K, V>,
    key: K,
    read: impl FnOnce() -> Result<V, TableError>,
) -> Result<&V, TableError> {
    Ok(match known.entry(key) {
        Entry::Occupied(found) => found.into_mut(),
        Entry::Vacant(none) => none.insert(read()?),
    })
}

/// Judges a request and writes its binding; a refusal writes nothing.
fn decide(
    tx: &mut Tx,
    known_rows: &mut Known,
    process: &RackProcess,
    request: &Request,
) -> Result<Decided, TableError> {
    let (ip, vlan) = (request.ip, request.vlan);
    if request.client.mac().is_none() && tx.cluster_version() < IDENTIFIERS_SINCE {
        return Ok(Err(CommitRefusal::NotYet { client: request.client.clone() }));
    }
    let Known { permitted, subnets, pools, blocks } = known_rows;
    if let Err(denied) = known(permitted, vlan, || permit_commit(tx, process, vlan))? {
        return Ok(Err((*denied).into()));
    }
    let subnet = known(subnets, request.subnet, || tx.get::<Subnet>(&request.subnet))?;
    let Some(subnet) = subnet.as_ref().filter(|subnet| subnet.vlan == vlan) else {
        return Ok(Err(CommitRefusal::WrongSubnet { ip, vlan }));
    };
    let is_there = match request.prefix() {
        None => subnet.cidr.contains(&ip),
        Some(prefix) => {
            let pools = known(pools, subnet.id, || pools_of(tx, subnet.id))?;
            ip == prefix.network() && pools.iter().any(|pool| pool.delegates(prefix))
        }
    };
    if !is_there {
        return Ok(Err(CommitRefusal::WrongSubnet { ip, vlan }));
    }
    let binding = tx.get::<Binding>(&ip)?;
    let covering = tx.state().block_of(ip).map(|block| block.id);
    let block = match covering {
        // Read by its id, so that its revision is compared.
        Some(id) => known(blocks, id, || tx.get::<Block>(&id))?.as_ref(),
        None => None,
    };
    let block = block.filter(|block| block.vlan == vlan);
    let situation = Situation {
        applicant: applicant(process),
        binding: binding.as_ref(),
        block,
        reserved: subnet.gateway_ip == Some(ip)
            || subnet.dns_servers.contains(&ip)
            || kept_for_another(tx, ip, request.mac())?
            || (request.change == Change::Register && is_no_clients(tx, subnet, ip)?),
        registered: tx.state().registered_in(subnet.id),
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

/// Whether an address is not one that a client makes itself: DHCP gives it, racks have it, or no single host may.
fn is_no_clients(tx: &Tx, subnet: &Subnet, ip: IpAddr) -> Result<bool, TableError> {
    let is_a_racks = || -> Result<bool, TableError> {
        let racks = tx.looking().list::<RackController>()?;
        let mut addresses = racks.iter().flat_map(|rack| &rack.interfaces);
        Ok(addresses.any(|own| own.addresses.iter().any(|address| address.addr() == ip)))
    };
    let is_reserved = match ip {
        IpAddr::V6(ip) => reserved_identifier::is_reserved(ip, subnet.cidr.prefix_len()),
        IpAddr::V4(_) => true,
    };
    Ok(is_reserved
        || service_addresses::is_one(tx, subnet.vlan, ip)?
        || dynamic_range_of(tx, subnet, ip)?.is_some()
        || is_a_racks()?)
}

/// The pools of prefixes of a subnet. Each is read by its id, so that it is compared.
fn pools_of(tx: &Tx, subnet: SubnetId) -> Result<Vec<PrefixPool>, TableError> {
    let listed = tx.list_by(&PREFIX_POOLS_OF_SUBNET, &subnet)?.into_iter();
    let read = listed.map(|pool| tx.get::<PrefixPool>(&pool.id));
    Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
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

/// Whether a machine, a device or a reservation of another client has the address.
fn kept_for_another(tx: &Tx, ip: IpAddr, mac: Option<MacAddress>) -> Result<bool, TableError> {
    if let Some(reserved) = tx.get::<ReservedAddress>(&ip)? {
        return Ok(reserved.mac.is_none() || reserved.mac != mac);
    }
    let holder = holders::of_address(tx, ip)?;
    Ok(holder.is_some_and(|holder| !mac.is_some_and(|mac| holder.has(ip, mac))))
}

pub(super) fn applicant(process: &RackProcess) -> Applicant<'_> {
    Applicant { rack: &process.rack, incarnation: process.incarnation }
}

/// Marks up to `max` bindings whose clients did not come back in time: their names go, and the addresses
/// stay theirs for as long as they were promised. Returns how many.
///
/// Racks that may have something to tell are `untold`: they may have extended leases of the links that they serve while they
/// reached no region, up to what was promised, and in a block of theirs as long as that is valid. Until that is over,
/// or they have told, nobody knows that such a lease ended.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn end_leases(
    tables: &Tables,
    untold: &BTreeSet<SystemId>,
    max: usize,
) -> Result<usize, TableError> {
    let view = tables.stale_view().await?;
    let now = tables.clock().now()?;
    let (mut ended, mut links) = (Vec::new(), BTreeMap::new());
    // Those of links that wait are looked at each time: not so many that nothing else is done.
    for ip in view.state().leases_ended_by(now).take(LOOKED_AT_MAX) {
        if ended.len() >= max {
            break;
        }
        let Some(binding) = view.get::<Binding>(&ip)? else { continue };
        let may_go_on = known(&mut links, binding.vlan, || {
            let racks = racks_of(&view, binding.vlan)?;
            Ok::<_, TableError>(racks.iter().any(|rack| untold.contains(rack)))
        })?;
        if !*may_go_on || !view.state().is_promised(ip, |until| until > now) {
            ended.push(ip);
        }
    }
    if ended.is_empty() {
        return Ok(0);
    }
    let cause = cause(&Actor::Reconciler("leases"), "lease.end");
    tables
        .update(&cause, |tx| -> Result<(), TableError> {
            for ip in &ended {
                let binding = tx.get::<Binding>(ip)?.filter(|binding| {
                    binding.state == BindingState::Active && binding.told_until <= tx.now()
                });
                match binding {
                    // Nothing of it was promised, so nothing is left of it.
                    Some(binding) if binding.is_registered() => {
                        tx.delete::<Binding>(ip)?;
                    }
                    Some(binding) => {
                        tx.put(&Binding { state: BindingState::Released, ..binding })?;
                    }
                    None => {}
                }
            }
            Ok(())
        })
        .await?;
    Ok(ended.len())
}

/// Removes up to `max` bindings and blocks that mean nothing any more; returns how many.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn remove_expired(tables: &Tables, max: usize) -> Result<usize, TableError> {
    let view = tables.stale_view().await?;
    let policy = Policy::default();
    let now = tables.clock().now()?;
    let past = |until: Timestamp, span_ms: u64| until.plus_ms(span_ms) <= now;
    let forgotten = now.minus_ms(AFFINITY_MS);
    let ended: Vec<IpAddr> = view.state().promised_until(forgotten).take(max).collect();
    let (mut lapsed, mut links) = (Vec::new(), BTreeMap::new());
    for block in view.state().blocks() {
        let over = past(block.valid_until.max(block.quarantine_until), policy.skew_ms);
        let link = known(&mut links, block.subnet, || {
            Ok::<_, TableError>(view.get::<Subnet>(&block.subnet)?.map(|subnet| subnet.vlan))
        })?;
        let source = Source::of(view.state(), block).filter(|(source, _)| {
            // What says that it is of another range than it is lapses as well.
            source.iprange() == block.iprange && *link == Some(block.vlan)
        });
        let kept = source.is_some_and(|(_, inside)| Some(inside) == block_span(block));
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
                let ends = binding.map(|binding| binding.promise_until.max(binding.told_until));
                if ends.is_some_and(|ends| past(ends, AFFINITY_MS)) {
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
