//! What `/metrics` says of address pools, on any region: read from the model in memory when it is asked.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use model::lease::pool::{Level, PoolLevel};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use ops::background;
use ops::network::pools::{Pool, pools};
use tables::error::TableError;
use tables::read::Reads;
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

/// The pools as they were read last; clones share them.
#[derive(Debug, Clone, Default)]
pub struct PoolMetrics {
    read: Arc<Mutex<Vec<(Pool, Level)>>>,
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
        let read = background::run(move || -> Result<_, TableError> {
            let mut found = Vec::new();
            for pool in pools(&view, now(), |_| true)? {
                let told = view.get::<PoolLevel>(&pool.subnet)?;
                found.push((pool, told.map(|told| told.level).unwrap_or_default()));
            }
            Ok(found)
        });
        let read = read.await?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }
}

impl Collector for PoolMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let pools = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if pools.is_empty() {
            return Ok(());
        }
        let addresses = "Addresses of the dynamic ranges of a subnet, by what became of them";
        let kind = MetricType::Gauge;
        let mut metric = encoder.encode_descriptor("dhcp_pool_addresses", addresses, None, kind)?;
        for (pool, _) in pools.iter() {
            for (state, count) in states(pool) {
                let labels = StateLabels { subnet: pool.cidr.to_string(), state };
                ConstGauge::new(count).encode(metric.encode_family(&labels)?)?;
            }
        }
        let in_blocks = "Addresses of a subnet in blocks that racks have";
        let name = "dhcp_pool_block_addresses";
        let mut metric = encoder.encode_descriptor(name, in_blocks, None, kind)?;
        for (pool, _) in pools.iter() {
            let labels = SubnetLabel { subnet: pool.cidr.to_string() };
            ConstGauge::new(pool.used.in_blocks).encode(metric.encode_family(&labels)?)?;
        }
        let level = "What operators were told of a pool: 1 at 80 %, 2 at 95 %, 3 exhausted";
        let mut metric = encoder.encode_descriptor("dhcp_pool_level", level, None, kind)?;
        for (pool, level) in pools.iter() {
            let labels = SubnetLabel { subnet: pool.cidr.to_string() };
            ConstGauge::new(number(*level)).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// All addresses of a pool, each in one state.
fn states(pool: &Pool) -> [(&'static str, u64); 5] {
    let used = &pool.used;
    [
        ("active", used.active),
        ("released", used.released),
        ("declined", used.declined),
        ("reserved", used.reserved),
        ("free", used.free()),
    ]
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
    use model::id::{SubnetId, VlanId};
    use model::lease::pool::PoolUse;
    use model::net::range::AddressRange;
    use prometheus_client::encoding::text::encode;

    use super::*;

    fn shown(read: Vec<(Pool, Level)>) -> String {
        let metrics = PoolMetrics { read: Arc::new(Mutex::new(read)) };
        let mut registry = Registry::with_prefix("ironraft");
        metrics.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).expect("text");
        text
    }

    #[test]
    fn every_address_of_a_pool_is_in_one_state() {
        let range = AddressRange::new([10, 0, 0, 1].into(), [10, 0, 0, 100].into());
        let used = PoolUse {
            size: 100,
            active: 50,
            released: 20,
            declined: 9,
            reserved: 1,
            in_blocks: 64,
        };
        let pool = Pool {
            subnet: SubnetId(1),
            cidr: "10.0.0.0/24".parse().expect("a prefix"),
            vlan: VlanId(1),
            ranges: range.into_iter().collect(),
            used,
        };
        assert_eq!(states(&pool).map(|(_, count)| count).iter().sum::<u64>(), used.size);
        let text = shown(vec![(pool, Level::High)]);
        let series: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
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
        let page = include_str!("../../docs/metrics.md");
        for line in series {
            let name = line.split('{').next().unwrap_or_default();
            assert!(page.contains(&format!("| `{name}` |")), "{name} is not explained");
        }
    }

    #[test]
    fn a_site_without_pools_shows_none() {
        assert_eq!(shown(Vec::new()), "# EOF\n");
    }
}
