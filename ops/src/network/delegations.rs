//! What is delegated from pools of prefixes, and what may not be done for as long as it is.

use std::net::IpAddr;

use model::error::Kind;
use model::id::PrefixPoolId;
use model::lease::binding::Binding;
use model::lease::policy::Policy;
use model::net::prefixpool::PrefixPool;
use model::net::range::AddressRange;
use model::time::Timestamp;
use tables::network::SUBNETS_GUARD;
use tables::read::Reads;
use tables::tx::Tx;

use crate::error::Refusal;

/// Removes a pool, in a transaction of the caller's.
///
/// # Errors
/// [`Refusal`] while prefixes of it are delegated; with `force` those are taken back, each when its router renews it.
pub(crate) fn remove(tx: &mut Tx, id: PrefixPoolId, force: bool) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    let pool = tx.get::<PrefixPool>(&id)?.ok_or(Refusal::NotFound { model: "PrefixPool" })?;
    let looking = tx.looking();
    let delegated = delegated(&looking, pool.addresses(), tx.now())?;
    if let Some(binding) = delegated.first().filter(|_| !force) {
        let (others, client) = (delegated.len() - 1, &binding.client);
        let prefix = binding.prefix().map(|prefix| prefix.to_string()).unwrap_or_default();
        let more = if others == 0 { String::new() } else { format!(", and {others} more") };
        let message = format!(
            "Cannot delete prefix pool {}: {prefix} is delegated to {client}{more}. With force=true prefixes are taken \
             back when their routers renew them.",
            pool.prefix
        );
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    tx.delete::<PrefixPool>(&id)?;
    Ok(())
}

/// The prefixes within addresses that are promised to routers.
fn delegated(
    at: &impl Reads,
    within: AddressRange,
    now: Timestamp,
) -> Result<Vec<Binding>, Refusal> {
    let mut found = Vec::new();
    for ip in at.state().delegated_within(within.first(), within.last()) {
        let binding = at.get::<Binding>(&ip)?;
        found.extend(binding.filter(|it| !it.is_of_address() && lasts(it.promise_until, now)));
    }
    Ok(found)
}

fn lasts(until: Timestamp, now: Timestamp) -> bool {
    until > Timestamp::default() && until.plus_ms(Policy::default().skew_ms) > now
}

/// Whether no router has, and no rack may still delegate, prefixes of the addresses, but such of a length that goes on being
/// delegated. Says of whom, and until when.
pub(crate) fn check_not_promised(
    at: &impl Reads,
    addresses: AddressRange,
    length: Option<u8>,
    now: Timestamp,
) -> Result<(), String> {
    let minutes = |until: Timestamp| {
        let left = until.plus_ms(Policy::default().skew_ms).since_ms(now);
        left.div_ceil(60_000)
    };
    let promised = delegated(at, addresses, now).map_err(|refusal| refusal.to_string())?;
    let other = promised.iter().find(|binding| binding.prefix_length != length);
    if let Some((binding, prefix)) = other.and_then(|it| Some((it, it.prefix()?))) {
        let (client, left) = (&binding.client, minutes(binding.promise_until));
        return Err(format!(
            "{prefix} was delegated to {client}, who may use it for up to {left} minutes more."
        ));
    }
    let is_there = |first: IpAddr, last: IpAddr| {
        AddressRange::new(first, last).is_some_and(|block| block.overlaps(&addresses))
    };
    let mut blocks = at.state().blocks().filter(|block| {
        block.prefix_length.is_some()
            && block.prefix_length != length
            && is_there(block.first, block.last)
    });
    let until = blocks.find_map(|block| {
        let until = block.valid_until.max(block.quarantine_until);
        lasts(until, now).then_some(until)
    });
    match until {
        Some(until) => Err(format!(
            "Racks may delegate prefixes of it by another length for up to {} minutes more.",
            minutes(until)
        )),
        None => Ok(()),
    }
}
