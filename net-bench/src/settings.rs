//! How long and what the benchmark measures.

use std::path::PathBuf;

use clap::Args;

use crate::server::kind::Kind;

/// The settings; each can also come from the environment.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Seconds of each measured step.
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 5)]
    pub seconds: u32,
    /// Runs of each scenario, each with servers that are started anew.
    #[arg(long, env = "BENCH_RUNS", default_value_t = 3)]
    pub runs: usize,
    /// Only these scenarios and servers, by their names; all where none of a kind is named.
    #[arg(long, env = "BENCH_ONLY", value_delimiter = ',')]
    pub only: Vec<String>,
    /// The first rate that a search tries, exchanges per second.
    #[arg(long, env = "BENCH_START", default_value_t = 250)]
    pub start: u32,
    /// Steps of one search at most.
    #[arg(long, env = "BENCH_STEPS", default_value_t = 12)]
    pub steps: usize,
    /// Leases that are renewed.
    #[arg(long, env = "BENCH_LEASES", default_value_t = 100_000)]
    pub leases: u32,
    /// Seconds that a server may take to give the clients of a scenario their first addresses.
    #[arg(long, env = "BENCH_FILL_MAX", default_value_t = 120)]
    pub fill_max: u32,
    /// Clients that come at once in an avalanche.
    #[arg(long, env = "BENCH_AVALANCHE", default_value_t = 5_000)]
    pub avalanche: u32,
    /// New clients a second while a node is killed.
    #[arg(long, env = "BENCH_FAILOVER_RATE", default_value_t = 1_000)]
    pub failover_rate: u32,
    /// Leases of the large site, in which a lease is to be committed as fast as in a small one.
    #[arg(long, env = "BENCH_STOCK", default_value_t = 1_000_000)]
    pub stock: u32,
    /// Where the report goes.
    #[arg(long, env = "BENCH_REPORT")]
    pub report: PathBuf,
    /// The program of Ironraft's nodes.
    #[arg(long, env = "BENCH_BINARY")]
    pub binary: PathBuf,
    /// The commit that is measured.
    #[arg(long, env = "BENCH_COMMIT", default_value = "")]
    pub commit: String,
    /// The profile that the program was built with.
    #[arg(long, env = "BENCH_PROFILE", default_value = "release")]
    pub profile: String,
}

impl Settings {
    /// The servers that are wanted.
    #[must_use]
    pub fn servers(&self) -> Vec<Kind> {
        let named: Vec<Kind> =
            Kind::ALL.into_iter().filter(|kind| self.names(kind.name())).collect();
        if named.is_empty() { Kind::ALL.to_vec() } else { named }
    }

    /// Those of all scenarios that are wanted.
    #[must_use]
    pub fn scenarios<'a>(&self, all: &[&'a str]) -> Vec<&'a str> {
        let named: Vec<&str> = all.iter().copied().filter(|name| self.names(name)).collect();
        if named.is_empty() { all.to_vec() } else { named }
    }

    fn names(&self, name: &str) -> bool {
        self.only.iter().any(|only| only.trim() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Arguments {
        #[command(flatten)]
        settings: Settings,
    }

    impl Settings {
        /// Those of a report in a folder, for tests.
        pub(crate) fn of_report(folder: &Path) -> Self {
            let report = folder.to_str().unwrap();
            let given = ["bench", "--report", report, "--binary", "b"];
            Arguments::try_parse_from(given).unwrap().settings
        }
    }

    #[track_caller]
    fn check(only: &str, servers: usize, scenarios: &[&str]) {
        let mut settings = Settings::of_report(Path::new("r"));
        settings.only = only.split(',').map(str::to_owned).collect();
        assert_eq!(settings.servers().len(), servers);
        assert_eq!(settings.scenarios(&["dora", "renew"]), scenarios);
    }

    #[test]
    fn a_name_limits_servers_or_scenarios_and_leaves_the_others() {
        check("", Kind::ALL.len(), &["dora", "renew"]);
        check("renew", Kind::ALL.len(), &["renew"]);
        check("kea, dnsmasq", 2, &["dora", "renew"]);
        check("dora,kea", 1, &["dora"]);
    }
}
