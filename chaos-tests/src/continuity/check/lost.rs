//! No acknowledged lease is lost: what a client was told, the regions know, and of no other client.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::continuity::fleet::identity::Identity;
use crate::continuity::history::Holding;

/// A lease as the regions tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The client, in the words of the API.
    pub client: String,
    /// How it stands.
    pub state: String,
}

/// Leases that are live at a moment and that the regions do not know, or of somebody else, a line each.
#[must_use]
pub fn lost(holdings: &[Holding], at: Duration, known: &BTreeMap<IpAddr, Known>) -> Vec<String> {
    let live = holdings.iter().filter(|holding| holding.lives(at));
    live.filter_map(|holding| contradiction(holding, known)).collect()
}

fn contradiction(holding: &Holding, known: &BTreeMap<IpAddr, Known>) -> Option<String> {
    let Holding { client, family, address, .. } = holding;
    let Some(Known { client: other, state }) = known.get(address) else {
        return Some(format!("{address} of client {client} is not known to the regions"));
    };
    if !Identity::new(*family, *client).is_called(other) {
        return Some(format!("{address} of client {client} is {other}'s"));
    }
    (state != "active").then(|| format!("{address} of client {client} is {state}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Known, lost};
    use crate::continuity::check::planted::{address, at, holding};
    use crate::continuity::fleet::identity::Identity;
    use crate::continuity::kind::Family;

    fn known(client: u32, state: &str) -> BTreeMap<std::net::IpAddr, Known> {
        let client = Identity::new(Family::V4, client).mac_text();
        BTreeMap::from([(address(9), Known { client, state: state.to_owned() })])
    }

    #[test]
    fn what_a_client_has_is_its_own_at_the_regions() {
        let has = [holding(1, 9, 0, 100)];
        assert!(lost(&has, at(50), &known(1, "active")).is_empty());
        assert!(lost(&has, at(100), &BTreeMap::new()).is_empty(), "it is over");
    }

    #[test]
    fn a_lease_that_is_unknown_or_anothers_or_over_is_lost() {
        let has = [holding(1, 9, 0, 100)];
        for (regions, word) in [
            (BTreeMap::new(), "is not known"),
            (known(2, "active"), "is 06:04:00:00:00:02's"),
            (known(1, "kept"), "is kept"),
        ] {
            let found = lost(&has, at(50), &regions);
            assert!(found.len() == 1 && found[0].contains(word), "{found:?}");
        }
    }
}
