//! Pools of prefixes that racks delegate to routers on the link of a subnet.
//!
//! A pool stays as it was made: what is delegated from it, and what racks may delegate without asking, would mean
//! something else otherwise. So another one takes its place, when nobody has anything of the first any more.

use std::sync::Arc;

use ipnet::Ipv6Net;
use model::access::{Actor, Permission};
use model::error::Kind;
use model::id::PrefixPoolId;
use model::lease::policy::Policy;
use model::net::prefixpool::{DELEGATED_LENGTHS, PrefixPool};
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use tables::network::SUBNETS_GUARD;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Tables, now};

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::network::block_sources::Source;
use crate::network::subnets::SubnetDetail;
use crate::network::{delegations, specifiers};
use tables::views::ranges::DelegatedRange;

/// The cluster version from which on all regions know prefixes.
const PREFIXES_SINCE: u32 = 9;
/// What nobody routes to a site: addresses of links, and those of groups.
const UNROUTED: [&str; 2] = ["fe80::/10", "ff00::/8"];

const MISSING: Refusal = Refusal::NotFound { model: "PrefixPool" };

/// What shall be set of a pool; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct PrefixPoolChange {
    /// What is delegated from.
    pub prefix: Option<Ipv6Net>,
    /// The length of each prefix that is delegated.
    pub delegated_length: Option<u8>,
    /// The subnet on whose link they are delegated.
    pub subnet: Option<String>,
    /// Free text.
    pub comment: Option<String>,
}

/// A pool as doors show it.
#[derive(Debug, Clone)]
pub struct PrefixPoolDetail {
    /// The pool.
    pub pool: PrefixPool,
    /// Its subnet.
    pub subnet: Arc<SubnetDetail>,
    /// How many prefixes it has.
    pub total: u64,
    /// How many of them are promised to routers.
    pub delegated: u64,
}

/// All pools.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<PrefixPoolDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let pools = details.view().list::<PrefixPool>()?.into_iter();
    pools.filter_map(|pool| detail(&details, pool).transpose()).collect()
}

/// Makes a pool.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &PrefixPoolChange,
) -> Result<PrefixPoolDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "prefixpool.create")?;
    let needed = |field| Refusal::field(field, "This field is required.");
    let pool = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let specifier = change.subnet.as_ref().ok_or_else(|| needed("subnet"))?;
            let subnet = specifiers::subnet(tx, specifier).map_err(|refusal| match refusal {
                Refusal::NotFound { .. } => {
                    Refusal::field("subnet", format!("No such subnet: {specifier}."))
                }
                other => other,
            })?;
            let pool = PrefixPool {
                id: PrefixPoolId(tx.next_id::<PrefixPool>()?),
                prefix: change.prefix.ok_or_else(|| needed("prefix"))?.trunc(),
                delegated_length: change
                    .delegated_length
                    .ok_or_else(|| needed("delegated_length"))?,
                subnet: subnet.id,
                comment: change.comment.clone().unwrap_or_default(),
            };
            check_row(tx, &subnet, &pool, None)?;
            tx.insert(&pool)?;
            Ok(pool)
        })
        .await?;
    detail(&Details::after_change(tables).await?, pool)?.ok_or(MISSING)
}

/// Changes what is said of a pool.
///
/// # Errors
/// [`Refusal`], also for another prefix, length or subnet.
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: PrefixPoolId,
    change: &PrefixPoolChange,
) -> Result<PrefixPoolDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "prefixpool.update")?;
    let pool = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let before = tx.get::<PrefixPool>(&id)?.ok_or(MISSING)?;
            let subnet = change.subnet.as_ref().map(|it| specifiers::subnet(tx, it)).transpose()?;
            let stays = |field, is_other: bool| {
                let message = "A prefix pool stays as it is: delete it and create another one.";
                if is_other { Err(Refusal::field(field, message)) } else { Ok(()) }
            };
            stays("subnet", subnet.is_some_and(|subnet| subnet.id != before.subnet))?;
            stays("prefix", change.prefix.is_some_and(|it| it.trunc() != before.prefix))?;
            let length = change.delegated_length;
            stays("delegated_length", length.is_some_and(|it| it != before.delegated_length))?;
            let comment = change.comment.clone().unwrap_or_else(|| before.comment.clone());
            let pool = PrefixPool { comment, ..before };
            tx.put(&pool)?;
            Ok(pool)
        })
        .await?;
    detail(&Details::after_change(tables).await?, pool)?.ok_or(MISSING)
}

/// Removes a pool.
///
/// # Errors
/// [`Refusal`] while prefixes of it are delegated; with `force` those are taken back, each when its router renews it.
pub async fn delete(
    tables: &Tables,
    actor: &Actor,
    id: PrefixPoolId,
    force: bool,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "prefixpool.delete")?;
    tables.update(&cause, |tx| delegations::remove(tx, id, force)).await
}

/// Whether a pool may be as it is written, in place of what it was.
///
/// # Errors
/// [`Refusal::Fields`].
pub(crate) fn check_row(
    tx: &mut Tx,
    subnet: &Subnet,
    pool: &PrefixPool,
    before: Option<&PrefixPool>,
) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    if tx.cluster_version() < PREFIXES_SINCE {
        let message = "Not all regions know prefix pools yet: upgrade them first.";
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    let same = |was: &PrefixPool| {
        (was.prefix, was.delegated_length) == (pool.prefix, pool.delegated_length)
    };
    if before.is_some_and(same) {
        return Ok(());
    }
    if subnet.cidr.addr().is_ipv4() {
        let message = "Prefixes are of IPv6: name a subnet of IPv6 on the link of the routers.";
        return Err(Refusal::field("subnet", message));
    }
    let length = pool.delegated_length;
    if !DELEGATED_LENGTHS.contains(&length) || length < pool.prefix.prefix_len() {
        let (least, most) = (DELEGATED_LENGTHS.start(), DELEGATED_LENGTHS.end());
        let least = pool.prefix.prefix_len().max(*least);
        let message = if least > *most {
            format!("No prefix of /{most} or less fits into {}.", pool.prefix)
        } else {
            format!("It is from {least} to {most} for prefixes of {}.", pool.prefix)
        };
        return Err(Refusal::field("delegated_length", message));
    }
    let addresses = pool.addresses();
    let unrouted = UNROUTED.iter().filter_map(|text| text.parse().ok()).map(AddressRange::of);
    if unrouted.into_iter().any(|other| other.overlaps(&addresses)) {
        return Err(Refusal::field("prefix", "Nobody routes these addresses."));
    }
    check_alone(tx, pool, addresses)?;
    delegations::check_not_promised(&tx.looking(), addresses, Some(length), tx.now())
        .map_err(|message| Refusal::field("prefix", message))
}

/// Nothing else of the site may have any of the addresses.
fn check_alone(tx: &Tx, pool: &PrefixPool, addresses: AddressRange) -> Result<(), Refusal> {
    let subnets = tx.list::<Subnet>()?;
    let mut subnets = subnets.iter().map(|subnet| subnet.cidr);
    if let Some(cidr) = subnets.find(|cidr| AddressRange::of(*cidr).overlaps(&addresses)) {
        let message = format!("prefix pool {} overlaps subnet {cidr}.", pool.prefix);
        return Err(Refusal::field("prefix", message));
    }
    let mut others = tx.list::<PrefixPool>()?.into_iter().filter(|other| other.id != pool.id);
    if let Some(other) = others.find(|other| other.addresses().overlaps(&addresses)) {
        let message = format!("prefix pool {} overlaps prefix pool {}.", pool.prefix, other.prefix);
        return Err(Refusal::field("prefix", message));
    }
    Ok(())
}

fn detail(details: &Details, pool: PrefixPool) -> Result<Option<PrefixPoolDetail>, Refusal> {
    let Some(subnet) = details.subnet(pool.subnet)? else { return Ok(None) };
    let source = Source::Pool(DelegatedRange::of_pool(&pool));
    let over = now().minus_ms(Policy::default().skew_ms);
    let delegated = source.promised(details.view().state(), over).all();
    Ok(Some(PrefixPoolDetail { subnet, total: source.len(), delegated, pool }))
}
