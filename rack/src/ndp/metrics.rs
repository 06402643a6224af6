//! What is advertised, in numbers.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::dhcp::metrics::DropReason;

/// Why an advertisement was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SentFor {
    /// `unsolicited`, `solicited`, or `last`.
    pub reason: &'static str,
}

/// The measures of router advertisements.
#[derive(Debug, Clone, Default)]
pub struct NdpMetrics {
    /// Advertisements that were sent.
    pub sent: Family<SentFor, Counter>,
    /// Solicitations that were taken.
    pub solicitations: Counter,
    /// Messages that were not.
    pub dropped: Family<DropReason, Counter>,
    /// Interfaces that are advertised on.
    pub interfaces: Gauge,
}

impl NdpMetrics {
    /// Lets a registry print them.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self { sent, solicitations, dropped, interfaces } = self;
        let help = "Router advertisements sent, by reason";
        registry.register("router_advertisements", help, sent.clone());
        let help = "Router solicitations received";
        registry.register("router_solicitations", help, solicitations.clone());
        let help = "Router solicitations that were not taken, by reason";
        registry.register("router_solicitations_dropped", help, dropped.clone());
        let help = "Interfaces that router advertisements are sent on";
        registry.register("router_advertised_interfaces", help, interfaces.clone());
    }

    /// A packet was sent.
    pub(crate) fn sent_for(&self, reason: &'static str) {
        self.sent.get_or_create(&SentFor { reason }).inc();
    }

    /// A message was not taken.
    pub(crate) fn drop_for(&self, reason: &'static str) {
        self.dropped.get_or_create(&DropReason { reason }).inc();
    }
}
