//! An address has one live owner at most, by what its clients were told (the invariant of `model/src/lease/explore`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::continuity::history::Holding;

/// Two clients that used an address at the same time, a line each.
#[must_use]
pub fn shared(holdings: &[Holding]) -> Vec<String> {
    let mut of_address: BTreeMap<IpAddr, Vec<&Holding>> = BTreeMap::new();
    for holding in holdings {
        of_address.entry(holding.address).or_default().push(holding);
    }
    of_address.values_mut().flat_map(|holdings| overlaps(holdings)).collect()
}

fn overlaps(holdings: &mut [&Holding]) -> Vec<String> {
    holdings.sort_by_key(|holding| holding.from);
    let mut found = Vec::new();
    let mut latest: Option<&Holding> = None;
    for holding in holdings.iter().copied() {
        if let Some(before) = latest
            && before.client != holding.client
            && holding.from < before.end()
        {
            found.push(format!(
                "{} was given to client {} at {:.3} s, and is client {}'s until {:.3} s",
                holding.address,
                holding.client,
                holding.from.as_secs_f64(),
                before.client,
                before.end().as_secs_f64(),
            ));
        }
        if latest.is_none_or(|before| before.end() < holding.end()) {
            latest = Some(holding);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::shared;
    use crate::continuity::check::planted::{at, holding};
    use crate::continuity::history::Ending;

    #[test]
    fn one_after_the_other_is_no_contradiction() {
        let mut released = holding(1, 9, 0, 100);
        released.ended = Some((at(50), Ending::Released));
        let again = holding(1, 9, 60, 200);
        assert!(shared(&[released, holding(2, 9, 50, 55), again]).is_empty());
        assert!(shared(&[holding(1, 9, 0, 100), holding(2, 8, 0, 100)]).is_empty());
        assert!(shared(&[holding(1, 9, 0, 100), holding(1, 9, 50, 150)]).is_empty());
    }

    #[test]
    fn two_at_the_same_time_are_found_also_with_others_between() {
        let found = shared(&[holding(1, 9, 0, 100), holding(2, 9, 99, 120)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("10.64.16.9") && found[0].contains("client 2"), "{found:?}");
        let long = holding(1, 9, 0, 100);
        let found = shared(&[long, holding(1, 9, 10, 20), holding(3, 9, 30, 40)]);
        assert_eq!(found.len(), 1, "the long lease is remembered: {found:?}");
    }

    #[test]
    fn a_client_that_was_switched_off_keeps_its_address_as_long_as_it_was_told() {
        let mut gone = holding(1, 9, 0, 100);
        gone.attended = false;
        assert_eq!(shared(&[gone, holding(2, 9, 70, 90)]).len(), 1);
    }
}
