//! What operators are told of how full pools are: an event when a level is reached, and when it is left, and what was told
//! last, by which a leader that begins goes on.

use std::collections::BTreeMap;

use model::access::Actor;
use model::id::SubnetId;
use model::lease::pool::Level;
use model::time::Timestamp;

use crate::authorize::cause;
use crate::background;
use crate::network::pools::Pool;
use crate::network::pools::prefixes::PrefixPools;
use crate::network::pools::told::Told;
use crate::site::events::record_of_site;
use tables::error::TableError;
use tables::read::Reads;
use tables::row::Row;
use tables::tx::Tx;
use tables::update::{Tables, now};

/// How long a pool is less full before operators are told.
const CALM_MS: u64 = 60_000;

/// The pools that are less full than operators were told, and since when. A leader that begins knows of
/// none, which only delays what it tells.
#[derive(Debug, Default)]
pub struct Easing {
    ranges: Since,
    prefixes: Since,
}

type Since = BTreeMap<SubnetId, Timestamp>;

/// Tells operators of the pools whose level is another one than they were told last, each once, whoever
/// else does the same. Returns of how many.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn tell_levels(tables: &Tables, easing: &mut Easing) -> Result<usize, TableError> {
    tell_levels_at(tables, easing, now()).await
}

pub(super) async fn tell_levels_at(
    tables: &Tables,
    easing: &mut Easing,
    now: Timestamp,
) -> Result<usize, TableError> {
    let of_ranges = tell_all::<Pool>(tables, &mut easing.ranges, now).await?;
    Ok(of_ranges + tell_all::<PrefixPools>(tables, &mut easing.prefixes, now).await?)
}

async fn tell_all<P: Told>(
    tables: &Tables,
    easing: &mut Since,
    now: Timestamp,
) -> Result<usize, TableError> {
    let view = tables.stale_view().await?;
    let read = move || {
        let told = view.list::<P::Row>()?;
        let told: BTreeMap<SubnetId, Level> =
            told.iter().map(|told| (told.id(), P::level(told))).collect();
        Ok::<_, TableError>((told, P::read(&view, now)?))
    };
    let (mut told, pools) = background::run(read).await?;
    let mut count = 0;
    for pool in &pools {
        let told = told.remove(&pool.subnet()).unwrap_or_default();
        let level = told.followed_by(pool.used());
        if level < told {
            let since = *easing.entry(pool.subnet()).or_insert(now);
            if now.since_ms(since) < CALM_MS {
                continue;
            }
        }
        easing.remove(&pool.subnet());
        if level != told && tell(tables, pool, told, level).await? {
            count += 1;
        }
    }
    // What is left is of subnets that have none any more.
    forget::<P>(tables, told.into_keys().collect()).await?;
    easing.retain(|subnet, _| pools.iter().any(|pool| pool.subnet() == *subnet));
    Ok(count)
}

/// Whether this was the one that told it.
pub(super) async fn tell<P: Told>(
    tables: &Tables,
    pool: &P,
    told: Level,
    level: Level,
) -> Result<bool, TableError> {
    let cause = cause(&Actor::Reconciler("pools"), "pool.level");
    let subnet = pool.subnet();
    tables
        .update(&cause, |tx: &mut Tx| -> Result<bool, TableError> {
            let known = tx.get::<P::Row>(&subnet)?.map(|known| P::level(&known));
            if known.unwrap_or_default() != told {
                return Ok(false);
            }
            if level == Level::Ample {
                tx.delete::<P::Row>(&subnet)?;
            } else {
                tx.put(&P::row(subnet, level))?;
            }
            record_of_site(tx, pool.event(told, level))?;
            Ok(true)
        })
        .await
}

async fn forget<P: Told>(tables: &Tables, subnets: Vec<SubnetId>) -> Result<(), TableError> {
    if subnets.is_empty() {
        return Ok(());
    }
    let cause = cause(&Actor::Reconciler("pools"), "pool.gone");
    tables
        .update(&cause, |tx: &mut Tx| -> Result<(), TableError> {
            for subnet in &subnets {
                tx.delete::<P::Row>(subnet)?;
            }
            Ok(())
        })
        .await
}
