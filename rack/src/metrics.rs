//! The rack's Prometheus metrics.

use std::sync::atomic::AtomicU64;

use ntp::metrics::NtpMetrics;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::dhcp::metrics::DhcpMetrics;
use crate::discovery::metrics::DiscoveryMetrics;
use crate::generation::Generation;
use crate::ndp::metrics::NdpMetrics;
use crate::service_address::metrics::ServiceAddressMetrics;

/// Counters of all parts, and the registry that prints them.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Boot scripts given.
    pub boot_scripts: Counter,
    /// TFTP transfers that were completed.
    pub tftp_transfers: Counter,
    /// TFTP transfers that were given up.
    pub tftp_failures: Counter,
    /// Images fetched from a region.
    pub image_fills: Counter,
    /// Images that could not be fetched.
    pub image_fill_failures: Counter,
    /// Images that arrived with another hash than their name.
    pub image_wrong_hashes: Counter,
    /// Requests passed on to a region.
    pub proxied_requests: Counter,
    /// Requests that machines may not make through a rack.
    pub proxy_refusals: Counter,
    /// DNS queries answered with own authority.
    pub dns_answers: Counter,
    /// DNS queries passed on to an upstream server.
    pub dns_forwards: Counter,
    /// DNS queries refused.
    pub dns_refusals: Counter,
    /// Power jobs carried out.
    pub power_jobs: Counter,
    /// Power jobs that failed.
    pub power_failures: Counter,
    /// Times of regions that were not believed.
    pub clock_doubts: Counter,
    /// DHCP messages.
    pub dhcp: DhcpMetrics,
    /// Those of `DHCPv6`.
    pub dhcpv6: DhcpMetrics,
    /// The time service.
    pub ntp: NtpMetrics,
    /// Hosts that are noted.
    pub discovery: DiscoveryMetrics,
    /// Router advertisements.
    pub ndp: NdpMetrics,
    /// Service addresses.
    pub service_addresses: ServiceAddressMetrics,
    revision: Gauge<u64, AtomicU64>,
    connected: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("ironraft_rack");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let boot_scripts = counter("boot_scripts", "Boot scripts given to machines");
        let tftp_transfers = counter("tftp_transfers", "TFTP transfers completed");
        let tftp_failures = counter("tftp_failures", "TFTP transfers given up");
        let image_fills = counter("image_fills", "Images fetched from a region");
        let image_fill_failures =
            counter("image_fill_failures", "Images that could not be fetched");
        let image_wrong_hashes =
            counter("image_wrong_hashes", "Images that arrived with another hash");
        let proxied_requests = counter("proxied_requests", "Requests passed on to a region");
        let proxy_refusals = counter("proxy_refusals", "Requests that are not passed on");
        let dns_answers = counter("dns_answers", "DNS queries answered with own authority");
        let dns_forwards = counter("dns_forwards", "DNS queries passed on upstream");
        let dns_refusals = counter("dns_refusals", "DNS queries refused");
        let power_jobs = counter("power_jobs", "Power jobs carried out");
        let power_failures = counter("power_failures", "Power jobs that failed");
        let clock_doubts =
            counter("region_clock_doubts", "Times of regions that were not believed at once");
        let dhcp = DhcpMetrics::default();
        dhcp.register(&mut registry);
        let dhcpv6 = DhcpMetrics::default();
        dhcpv6.register_dhcpv6(&mut registry);
        let discovery = DiscoveryMetrics::default();
        discovery.register(&mut registry);
        let ntp = NtpMetrics::default();
        ntp.register(&mut registry);
        let ndp = NdpMetrics::default();
        ndp.register(&mut registry);
        let service_addresses = ServiceAddressMetrics::default();
        service_addresses.register(&mut registry);
        let revision = Gauge::default();
        registry.register("generation_revision", "Revision of the copy", revision.clone());
        let connected = Gauge::default();
        registry.register("region_connected", "1 while a region is connected", connected.clone());
        Self {
            registry,
            boot_scripts,
            tftp_transfers,
            tftp_failures,
            image_fills,
            image_fill_failures,
            image_wrong_hashes,
            proxied_requests,
            proxy_refusals,
            dns_answers,
            dns_forwards,
            dns_refusals,
            power_jobs,
            power_failures,
            clock_doubts,
            dhcp,
            dhcpv6,
            ntp,
            discovery,
            ndp,
            service_addresses,
            revision,
            connected,
        }
    }
}

impl Metrics {
    /// Takes in what is read at the moment of printing.
    pub fn observe(&self, generation: &Generation, connected: bool) {
        self.revision.set(generation.revision);
        self.connected.set(i64::from(connected));
    }

    /// All metrics as text.
    ///
    /// # Errors
    /// Only when a metric cannot be written as text.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use model::id::VlanId;

    use super::*;
    use crate::dhcp::metrics::{FindingKind, MessageType, ProbeKind};

    /// The names of the series, as they are printed.
    fn names(metrics: &Metrics) -> BTreeSet<String> {
        let text = metrics.encode().expect("text");
        let series = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let name = |line: &str| match line.split_once(' ') {
            Some((name, "counter")) => format!("{name}_total"),
            Some((name, _)) => name.to_owned(),
            None => panic!("{line}"),
        };
        series.map(name).collect()
    }

    #[test]
    fn every_measure_of_a_rack_is_explained_and_nothing_else() {
        let metrics = Metrics::default();
        metrics.dhcp.received.get_or_create(&MessageType { kind: "discover" }).inc();
        metrics.dhcp.replied("offer", Duration::from_millis(1));
        metrics.dhcp.drop_for("malformed");
        metrics.dhcp.decided("committed");
        metrics.dhcp.relayed("not sent");
        metrics.dhcp.set_link(VlanId(5001), 1, 1);
        metrics.dhcp.set_external(VlanId(5001), 1);
        metrics.dhcp.probes.get_or_create(&ProbeKind { kind: "arp" }).inc();
        metrics.dhcp.findings.get_or_create(&FindingKind { finding: "in use" }).inc();
        metrics.dhcpv6.received.get_or_create(&MessageType { kind: "solicit" }).inc();
        metrics.dhcpv6.replied("advertise", Duration::from_millis(1));
        metrics.dhcpv6.drop_for("malformed");
        metrics.dhcpv6.decided("committed");
        metrics.dhcpv6.relayed("not sent");
        metrics.dhcpv6.set_link(VlanId(5001), 1, 1);
        metrics.dhcpv6.set_prefixes(VlanId(5001), Some(1));
        metrics.dhcpv6.set_external(VlanId(5001), 1);
        metrics.ndp.sent_for("unsolicited");
        metrics.ndp.drop_for("hop limit");
        let page = include_str!("../../docs/metrics.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `ironraft_rack_"));
        let explained: BTreeSet<String> = rows
            .filter_map(|row| Some(format!("ironraft_rack_{}", row.split_once('`')?.0)))
            .collect();
        assert_eq!(names(&metrics), explained);
    }

    #[test]
    fn a_link_that_is_not_served_any_more_is_not_shown() {
        let metrics = Metrics::default();
        metrics.dhcp.set_link(VlanId(1), 2, 3);
        metrics.dhcp.set_link(VlanId(2), 4, 5);
        metrics.dhcp.forget_link(VlanId(1));
        let text = metrics.encode().expect("text");
        let of_links: Vec<&str> = text.lines().filter(|line| line.contains("vlan=")).collect();
        assert_eq!(
            of_links,
            [
                r#"ironraft_rack_dhcp_blocks{vlan="2"} 4"#,
                r#"ironraft_rack_dhcp_free_addresses{vlan="2"} 5"#,
            ]
        );
    }
}
