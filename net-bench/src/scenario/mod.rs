//! What is done to a server, one a file, and the figures that come of it.

mod avalanche;
mod dora;
mod failover;
pub mod findings;
mod full;
mod junk;
mod leases;
mod renew;
mod round;

use self::findings::{Context, Findings};
use crate::clients::Family;
use crate::server::kind::Kind;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// New clients, at rising rates.
    Dora,
    /// The same over IPv6.
    Sarr,
    /// Leases that are renewed all at once.
    Renew,
    /// Clients that come all at once.
    Avalanche,
    /// New clients where nine of ten addresses are taken.
    Full,
    /// New clients beside packets that are none.
    Junk,
    /// New clients while the leading node is killed.
    Failover,
    /// New clients where there are few leases, and where there are very many.
    Leases,
}

impl Scenario {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Dora,
        Self::Sarr,
        Self::Renew,
        Self::Avalanche,
        Self::Full,
        Self::Junk,
        Self::Failover,
        Self::Leases,
    ];

    /// The name in reports and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dora => "dora",
            Self::Sarr => "sarr",
            Self::Renew => "renew",
            Self::Avalanche => "avalanche",
            Self::Full => "full",
            Self::Junk => "junk",
            Self::Failover => "failover",
            Self::Leases => "leases",
        }
    }

    /// What it is, in a sentence of the report.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Dora => {
                "New clients at rising rates (perfdhcp): the highest rate at which at most 0.1 % of the exchanges \
                 are not completed within a second for each of both answers, and the highest with at most 2.5 %. \
                 Latencies and CPU are those of the clean rate."
            }
            Self::Sarr => {
                "The same over IPv6 (SOLICIT, ADVERTISE, REQUEST, REPLY, in relay messages); a DORA is such an exchange, an OFFER \
                 its ADVERTISE, and an ACK its REPLY."
            }
            Self::Renew => {
                "All leases are renewed within 10 s, each of them one that the server must write down; a client that is \
                 not answered within a second asks again."
            }
            Self::Avalanche => {
                "Clients that come all at once and back off (perfdhcp's scenario of this name)."
            }
            Self::Full => "200 new clients a second where 18,000 of 20,000 addresses are taken.",
            Self::Junk => {
                "500 new clients a second beside 10,000 packets a second that nobody should answer."
            }
            Self::Failover => {
                "New clients come steadily, ask again every 500 ms, and after 4 s the leader of the regions, or \
                 the active server of a pair, is killed. Afterwards every client renews what it was told. The pair \
                 of Kea is told to wait a second for its partner instead of a minute."
            }
            Self::Leases => {
                "50 new clients a second with few leases in the store and with many. Memory is that of the largest \
                 process of the kind."
            }
        }
    }

    /// Whether it is done to this server.
    #[must_use]
    pub fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Dora | Self::Renew | Self::Avalanche | Self::Full | Self::Junk => true,
            Self::Failover => !matches!(kind, Kind::Kea | Kind::Dnsmasq),
            // A relay of its load generator sends to one server alone.
            Self::Sarr => matches!(kind, Kind::Ironraft | Kind::Kea | Kind::KeaPair),
            Self::Leases => kind == Kind::Ironraft,
        }
    }

    /// Starts the server and does it.
    ///
    /// # Errors
    /// When the server does not start, or a measurement fails.
    pub async fn measure(self, context: &Context<'_>) -> anyhow::Result<Findings> {
        match self {
            Self::Dora => dora::measure(context, Family::V4).await,
            Self::Sarr => dora::measure(context, Family::V6).await,
            Self::Renew => renew::measure(context).await,
            Self::Avalanche => avalanche::measure(context).await,
            Self::Full => full::measure(context).await,
            Self::Junk => junk::measure(context).await,
            Self::Failover => failover::measure(context).await,
            Self::Leases => leases::measure(context).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_scenarios_and_servers_differ_so_that_one_list_can_name_both() {
        let scenarios = Scenario::ALL.into_iter().map(Scenario::name);
        let mut names: Vec<&str> = scenarios.chain(Kind::ALL.into_iter().map(Kind::name)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn only_servers_with_a_second_node_lose_one() {
        let takes = |scenario: Scenario| -> Vec<&str> {
            let kinds = Kind::ALL.into_iter().filter(|kind| scenario.takes(*kind));
            kinds.map(Kind::name).collect()
        };
        assert_eq!(takes(Scenario::Failover), ["ironraft", "ironraft-2", "kea-ha"]);
        assert_eq!(takes(Scenario::Leases), ["ironraft"]);
        assert_eq!(takes(Scenario::Sarr), ["ironraft", "kea", "kea-ha"]);
        assert_eq!(takes(Scenario::Dora).len(), Kind::ALL.len());
    }
}
