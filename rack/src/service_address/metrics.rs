//! Service addresses in numbers.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The measures of service addresses.
#[derive(Debug, Clone, Default)]
pub struct ServiceAddressMetrics {
    /// Addresses that are held now.
    pub held: Gauge,
    /// Whether the leading region vouches for this rack.
    pub vouched: Gauge,
    /// Addresses that were taken.
    pub taken: Counter,
    /// Addresses that another host claimed.
    pub claimed: Counter,
    /// Times that the kernel did not take what it was told.
    pub refused: Counter,
}

impl ServiceAddressMetrics {
    /// Lets a registry print them.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self { held, vouched, taken, claimed, refused } = self;
        let help = "Service addresses of VLANs that this rack holds";
        registry.register("service_addresses_held", help, held.clone());
        let help =
            "1 while the leading region vouches for this rack, so that it takes service addresses";
        registry.register("service_addresses_vouched", help, vouched.clone());
        let help = "Service addresses that this rack took";
        registry.register("service_addresses_taken", help, taken.clone());
        let help = "Times that another host claimed a service address that this rack holds";
        registry.register("service_addresses_claimed", help, claimed.clone());
        let help = "Times that the kernel did not take service addresses";
        registry.register("service_addresses_refused", help, refused.clone());
    }
}
