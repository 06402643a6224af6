//! What `/metrics` says of address pools and of pools of prefixes, on any region: read from the model in memory when it is
//! asked.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use model::lease::pool::{Level, PoolLevel, PoolUse, PrefixPoolLevel};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use ops::background;
use ops::network::pools::pools;
use ops::network::pools::prefixes::prefix_pools;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::update::{Tables, now};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SubnetLabel {
    subnet: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    subnet: String,
    state: &'static str,
}

/// What a subnet has of one kind, how full it is, and the level that operators were told last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    subnet: String,
    used: PoolUse,
    level: Level,
}

/// What is shown of one kind: names and explanations of series, and the states that it has.
struct Series {
    counts: (&'static str, &'static str),
    in_blocks: (&'static str, &'static str),
    level: (&'static str, &'static str),
    states: fn(&PoolUse) -> Vec<(&'static str, u64)>,
}

const OF_RANGES: Series = Series {
    counts: (
        "dhcp_pool_addresses",
        "Addresses of the dynamic ranges of a subnet, by what became of them",
    ),
    in_blocks: ("dhcp_pool_block_addresses", "Addresses of a subnet in blocks that racks have"),
    level: (
        "dhcp_pool_level",
        "What operators were told of a pool: 1 at 80 %, 2 at 95 %, 3 exhausted",
    ),
    states: |used| {
        vec![
            ("active", used.active),
            ("released", used.released),
            ("declined", used.declined),
            ("reserved", used.reserved),
            ("free", used.free()),
        ]
    },
};

/// Prefixes are neither declined nor reserved.
const OF_PREFIXES: Series = Series {
    counts: (
        "dhcp_prefix_pool_prefixes",
        "Prefixes of the pools of a subnet, by what became of them",
    ),
    in_blocks: (
        "dhcp_prefix_pool_block_prefixes",
        "Prefixes of a subnet's pools in blocks that racks have",
    ),
    level: (
        "dhcp_prefix_pool_level",
        "What operators were told of a subnet's pools of prefixes: 1 at 80 %, 2 at 95 %, 3 exhausted",
    ),
    states: |used| {
        vec![("active", used.active), ("released", used.released), ("free", used.free())]
    },
};

/// The pools as they were read last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Pools {
    ranges: Vec<Shown>,
    prefixes: Vec<Shown>,
}

/// The pools as they were read last; clones share them.
#[derive(Debug, Clone, Default)]
pub struct PoolMetrics {
    read: Arc<Mutex<Pools>>,
}

impl PoolMetrics {
    /// Makes them part of what `/metrics` shows.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }

    /// Reads how full the pools are, on a thread of low priority.
    ///
    /// # Errors
    /// [`TableError`].
    pub async fn read(&self, tables: &Tables) -> Result<(), TableError> {
        let view = tables.stale_view().await?;
        let read = background::run(move || read(&view)).await?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }
}

fn read(view: &View) -> Result<Pools, TableError> {
    let mut found = Pools::default();
    for pool in pools(view, now(), |_| true)? {
        let told = view.get::<PoolLevel>(&pool.subnet)?;
        let level = told.map(|told| told.level).unwrap_or_default();
        found.ranges.push(Shown { subnet: pool.cidr.to_string(), used: pool.used, level });
    }
    for pools in prefix_pools(view, now(), |_| true)? {
        let told = view.get::<PrefixPoolLevel>(&pools.subnet)?;
        let level = told.map(|told| told.level).unwrap_or_default();
        found.prefixes.push(Shown { subnet: pools.cidr.to_string(), used: pools.used, level });
    }
    Ok(found)
}

impl Collector for PoolMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let pools = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        OF_RANGES.encode(&pools.ranges, &mut encoder)?;
        OF_PREFIXES.encode(&pools.prefixes, &mut encoder)
    }
}

impl Series {
    fn encode(
        &self,
        pools: &[Shown],
        encoder: &mut DescriptorEncoder<'_>,
    ) -> Result<(), fmt::Error> {
        if pools.is_empty() {
            return Ok(());
        }
        let kind = MetricType::Gauge;
        let (name, help) = self.counts;
        let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
        for pool in pools {
            for (state, count) in (self.states)(&pool.used) {
                let labels = StateLabels { subnet: pool.subnet.clone(), state };
                ConstGauge::new(count).encode(metric.encode_family(&labels)?)?;
            }
        }
        let of = |pool: &Shown| SubnetLabel { subnet: pool.subnet.clone() };
        let (name, help) = self.in_blocks;
        let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
        for pool in pools {
            ConstGauge::new(pool.used.in_blocks).encode(metric.encode_family(&of(pool))?)?;
        }
        let (name, help) = self.level;
        let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
        for pool in pools {
            ConstGauge::new(number(pool.level)).encode(metric.encode_family(&of(pool))?)?;
        }
        Ok(())
    }
}

const fn number(level: Level) -> u64 {
    match level {
        Level::Ample => 0,
        Level::High => 1,
        Level::Critical => 2,
        Level::Exhausted => 3,
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    fn shown(read: Pools) -> String {
        let metrics = PoolMetrics { read: Arc::new(Mutex::new(read)) };
        let mut registry = Registry::with_prefix("ironraft");
        metrics.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).expect("text");
        text
    }

    fn series(text: &str) -> Vec<&str> {
        text.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[track_caller]
    fn check_explained(series: &[&str]) {
        let page = include_str!("../../docs/metrics.md");
        for line in series {
            let name = line.split('{').next().unwrap_or_default();
            assert!(page.contains(&format!("| `{name}` |")), "{name} is not explained");
        }
    }

    #[test]
    fn every_address_of_a_pool_is_in_one_state() {
        let used = PoolUse {
            size: 100,
            active: 50,
            released: 20,
            declined: 9,
            reserved: 1,
            in_blocks: 64,
        };
        let states = (OF_RANGES.states)(&used);
        assert_eq!(states.iter().map(|(_, count)| count).sum::<u64>(), used.size);
        let pool = Shown { subnet: "10.0.0.0/24".to_owned(), used, level: Level::High };
        let text = shown(Pools { ranges: vec![pool], ..Pools::default() });
        let series = series(&text);
        assert_eq!(
            series,
            [
                r#"ironraft_dhcp_pool_addresses{subnet="10.0.0.0/24",state="active"} 50"#,
                r#"ironraft_dhcp_pool_addresses{subnet="10.0.0.0/24",state="released"} 20"#,
                r#"ironraft_dhcp_pool_addresses{subnet="10.0.0.0/24",state="declined"} 9"#,
                r#"ironraft_dhcp_pool_addresses{subnet="10.0.0.0/24",state="reserved"} 1"#,
                r#"ironraft_dhcp_pool_addresses{subnet="10.0.0.0/24",state="free"} 20"#,
                r#"ironraft_dhcp_pool_block_addresses{subnet="10.0.0.0/24"} 64"#,
                r#"ironraft_dhcp_pool_level{subnet="10.0.0.0/24"} 1"#,
            ]
        );
        check_explained(&series);
    }

    #[test]
    fn every_prefix_of_a_pool_is_in_one_state() {
        let used =
            PoolUse { size: 256, active: 250, released: 6, in_blocks: 128, ..PoolUse::default() };
        let pool = Shown { subnet: "fd00:1::/64".to_owned(), used, level: Level::Exhausted };
        let text = shown(Pools { prefixes: vec![pool], ..Pools::default() });
        let series = series(&text);
        assert_eq!(
            series,
            [
                r#"ironraft_dhcp_prefix_pool_prefixes{subnet="fd00:1::/64",state="active"} 250"#,
                r#"ironraft_dhcp_prefix_pool_prefixes{subnet="fd00:1::/64",state="released"} 6"#,
                r#"ironraft_dhcp_prefix_pool_prefixes{subnet="fd00:1::/64",state="free"} 0"#,
                r#"ironraft_dhcp_prefix_pool_block_prefixes{subnet="fd00:1::/64"} 128"#,
                r#"ironraft_dhcp_prefix_pool_level{subnet="fd00:1::/64"} 3"#,
            ]
        );
        check_explained(&series);
    }

    #[test]
    fn a_site_without_pools_shows_none() {
        assert_eq!(shown(Pools::default()), "# EOF\n");
    }
}
