//! Counters of what DHCP does, by message type.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// The type of a message: `discover`, `offer`, `request`, `ack`, `nak`, `decline`, ….
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct MessageType {
    /// Its name, as in the RFC.
    pub kind: &'static str,
}

/// Why a message was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DropReason {
    /// A few fixed words.
    pub reason: &'static str,
}

/// The counters of DHCP.
#[derive(Debug, Clone, Default)]
pub struct DhcpMetrics {
    /// Messages of clients that were understood.
    pub received: Family<MessageType, Counter>,
    /// Replies that were sent.
    pub sent: Family<MessageType, Counter>,
    /// Messages that were not answered.
    pub dropped: Family<DropReason, Counter>,
}

impl DhcpMetrics {
    /// Makes the counters part of what `/metrics` shows.
    pub fn register(&self, registry: &mut Registry) {
        let received = "DHCP messages received, by type";
        registry.register("dhcp_received", received, self.received.clone());
        registry.register("dhcp_sent", "DHCP replies sent, by type", self.sent.clone());
        let dropped = "DHCP messages that were not answered, by reason";
        registry.register("dhcp_dropped", dropped, self.dropped.clone());
    }
}
