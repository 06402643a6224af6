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

/// How an address is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ProbeKind {
    /// `arp` or `echo`.
    pub kind: &'static str,
}

/// What an answer to a probe told.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FindingKind {
    /// A few fixed words.
    pub finding: &'static str,
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
    /// Probes that were sent.
    pub probes: Family<ProbeKind, Counter>,
    /// What answers to probes told.
    pub findings: Family<FindingKind, Counter>,
    /// Offers to new clients of addresses that were not known to be vacant.
    pub unprobed: Counter,
}

impl DhcpMetrics {
    /// Makes the counters part of what `/metrics` shows.
    pub fn register(&self, registry: &mut Registry) {
        let received = "DHCP messages received, by type";
        registry.register("dhcp_received", received, self.received.clone());
        registry.register("dhcp_sent", "DHCP replies sent, by type", self.sent.clone());
        let dropped = "DHCP messages that were not answered, by reason";
        registry.register("dhcp_dropped", dropped, self.dropped.clone());
        let probes = "Addresses that were asked whether anybody uses them, by the way it was asked";
        registry.register("dhcp_probes", probes, self.probes.clone());
        let findings = "Free addresses found in use, and hosts that answer for many";
        registry.register("dhcp_probe_findings", findings, self.findings.clone());
        let unprobed = "Offers of addresses that had not been probed";
        registry.register("dhcp_unprobed_offers", unprobed, self.unprobed.clone());
    }
}
