//! No renewal is refused that could be granted: a client that uses its address is not told to stop, and one that asks in time
//! is answered before its lease ends, wherever a rack serves.

use std::time::Duration;

use super::Window;
use crate::continuity::history::{Ending, Holding, Refusal};

/// Clients that were told to stop while their address was theirs, a line each.
#[must_use]
pub fn refused(refusals: &[Refusal]) -> Vec<String> {
    let early = refusals.iter().filter(|refusal| refusal.at < refusal.until);
    let line = |refusal: &Refusal| {
        let Refusal { client, address, at, until } = refusal;
        let (at, until) = (at.as_secs_f64(), until.as_secs_f64());
        format!(
            "client {client} was refused {address} at {at:.3} s, which was its own until {until:.3} s"
        )
    };
    early.map(line).collect()
}

/// Clients whose lease ended although they asked for more time, a line each. `served` is when at least one rack could
/// answer all clients: a lease that was renewed for the last time before it and ends within has had time enough.
#[must_use]
pub fn lapsed(holdings: &[Holding], served: &[Window]) -> Vec<String> {
    let could_be = |at: Duration| served.iter().any(|window| window.contains(at));
    let lapsed = holdings.iter().filter_map(|holding| match holding.ended {
        Some((at, Ending::Lapsed)) if could_be(at) => Some((holding, at)),
        _ => None,
    });
    let line = |(holding, at): (&Holding, Duration)| {
        let Holding { client, address, from, .. } = holding;
        let (from, at) = (from.as_secs_f64(), at.as_secs_f64());
        format!(
            "client {client} has had {address} since {from:.3} s; nobody renewed it until {at:.3} s"
        )
    };
    lapsed.map(line).collect()
}

/// Clients that asked for more time with their address and were given another one, a line each.
#[must_use]
pub fn moved(holdings: &[Holding]) -> Vec<String> {
    let moved = holdings.iter().filter_map(|holding| match holding.ended {
        Some((at, Ending::Moved)) if at < holding.until => Some((holding, at)),
        _ => None,
    });
    let line = |(holding, at): (&Holding, Duration)| {
        let Holding { client, address, until, .. } = holding;
        let (at, until) = (at.as_secs_f64(), until.as_secs_f64());
        format!(
            "client {client} was given another address than {address} at {at:.3} s, its own until {until:.3} s"
        )
    };
    moved.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{lapsed, moved, refused};
    use crate::continuity::check::planted::{address, at, holding, window};
    use crate::continuity::history::{Ending, Refusal};

    fn refusal(told: u64, until: u64) -> Refusal {
        Refusal { client: 7, address: address(9), at: at(told), until: at(until) }
    }

    #[test]
    fn a_refusal_counts_while_the_lease_lasts() {
        assert!(refused(&[refusal(100, 100)]).is_empty(), "it is over");
        let found = refused(&[refusal(99, 100), refusal(120, 110)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("client 7 was refused 10.64.16.9"), "{found:?}");
    }

    #[test]
    fn another_address_is_a_refusal_of_the_one_before() {
        let mut changed = holding(1, 9, 0, 100);
        assert!(moved(&[changed.clone()]).is_empty());
        changed.ended = Some((at(60), Ending::Moved));
        assert_eq!(moved(&[changed]).len(), 1);
    }

    #[test]
    fn a_lease_that_ends_unanswered_counts_where_a_rack_serves() {
        let mut ended = holding(1, 9, 0, 100);
        assert!(lapsed(&[ended.clone()], &[window(0, 200)]).is_empty(), "it was not asked for");
        ended.ended = Some((at(100), Ending::Lapsed));
        assert_eq!(lapsed(&[ended.clone()], &[window(0, 200)]).len(), 1);
        assert!(lapsed(&[ended], &[window(0, 100), window(150, 200)]).is_empty());
    }
}
