//! What is counted of a time service.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::standing::Standing;

/// What is counted of a time service.
#[derive(Debug, Clone, Default)]
pub struct NtpMetrics {
    synchronised: Gauge,
    stratum: Gauge,
    offset_seconds: Gauge<f64, AtomicU64>,
    pub(crate) starts: Counter,
}

impl NtpMetrics {
    /// Has them printed.
    pub fn register(&self, registry: &mut Registry) {
        let mut gauge = |name: &str, help: &str, gauge: &Gauge| {
            registry.register(name, help, gauge.clone());
        };
        gauge("ntp_synchronised", "1 while the time service gives time", &self.synchronised);
        gauge("ntp_stratum", "Stratum of the time service; 0 without time", &self.stratum);
        let help = "How far the host's clock was from the time that is followed, when it was measured last";
        registry.register("ntp_offset_seconds", help, self.offset_seconds.clone());
        registry.register("ntp_starts", "Starts of chronyd", self.starts.clone());
    }

    pub(crate) fn observe(&self, standing: &Standing) {
        let following = match standing {
            Standing::Synchronised(following) => Some(following),
            Standing::Starting | Standing::Down(_) | Standing::Unsynchronised => None,
        };
        self.synchronised.set(i64::from(following.is_some()));
        self.stratum.set(following.map_or(0, |found| i64::from(found.stratum)));
        self.offset_seconds.set(following.map_or(0.0, |found| found.offset.as_secs_f64()));
    }
}
