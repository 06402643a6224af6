//! What is run: who the clients are, and what is done to their site.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::catalog;
use super::fault::Fault;
use super::fleet::crowd::Habits;

/// The domain of a new cluster.
const DOMAIN: &str = "maas";

/// How many racks a site has where nobody says it.
pub const RACKS: u8 = 2;

/// What is run.
#[derive(Debug)]
pub struct Plan {
    /// `ironraft`.
    pub binary: PathBuf,
    /// Racks of the site, all on one link.
    pub racks: u8,
    /// Clients of each family that stay.
    pub residents: u32,
    /// In how much time they come.
    pub arrival: Duration,
    /// Clients of each family that come in a second then, to go again.
    pub newcomers_per_second: f64,
    /// The lease that clients of `DHCPv4` ask for, seconds; those of `DHCPv6` renew after half of it.
    pub lease_s: u32,
    /// How long a fault lasts that does not say it itself, and how long nothing is done before each.
    pub span: Duration,
    /// How long nothing is done before each fault.
    pub quiet: Duration,
    /// Decides what is left to chance.
    pub seed: u64,
    /// What is done.
    pub faults: Vec<Box<dyn Fault>>,
    /// Where logs are kept of a run that misses a goal.
    pub keep: PathBuf,
}

impl Plan {
    /// A short run with a thousand clients: the nodes that matter most fail, one after the other.
    #[must_use]
    pub fn short(ironraft: &Path, seed: u64, keep: &Path) -> Self {
        let newcomers_per_second = 2.0;
        let mut faults = catalog::all(newcomers_per_second);
        faults.retain(|fault| catalog::SHORT.contains(&fault.name().as_str()));
        Self {
            binary: ironraft.to_owned(),
            racks: RACKS,
            residents: 500,
            arrival: Duration::from_secs(20),
            newcomers_per_second,
            lease_s: 60,
            span: Duration::from_secs(10),
            quiet: Duration::from_secs(5),
            seed,
            faults,
            keep: keep.to_owned(),
        }
    }

    pub(super) fn habits(&self) -> Habits {
        Habits {
            residents: self.residents,
            residents_per_second: f64::from(self.residents) / self.arrival.as_secs_f64(),
            newcomers_per_second: self.newcomers_per_second,
            stay: (Duration::from_secs(20), Duration::from_secs(60)),
            lease_s: self.lease_s,
            renew_v6_max: Duration::from_secs(u64::from(self.lease_s)) / 2,
            lookups_per_second: 10.0,
            domain: DOMAIN.to_owned(),
            seed: self.seed,
        }
    }
}
