//! What is noted of hosts, in numbers.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The measures of network discovery.
#[derive(Debug, Clone, Default)]
pub struct DiscoveryMetrics {
    /// ARP messages that were looked at.
    pub heard: Counter,
    /// Hosts for which there was no room.
    pub left_out: Counter,
    /// Hosts that regions were told of.
    pub told: Counter,
    /// Addresses that were asked for.
    pub asked: Counter,
    /// Hosts that are noted.
    pub known: Gauge,
}

impl DiscoveryMetrics {
    /// Lets a registry print them.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self { heard, left_out, told, asked, known } = self;
        registry.register("discovery_heard", "ARP messages looked at", heard.clone());
        registry.register("discovery_left_out", "Hosts without room", left_out.clone());
        registry.register("discovery_told", "Hosts that regions were told of", told.clone());
        registry.register("discovery_asked", "Addresses that were asked for", asked.clone());
        registry.register("discovery_hosts", "Hosts that are noted", known.clone());
    }
}
