//! What DHCP does and how long it takes, in numbers.
//!
//! Labels are of a few fixed words, or name a link that this rack serves: nothing that clients make
//! up makes a series.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use dhcp::v4::dropped::Dropped;
use dhcp::v6;
use model::id::VlanId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
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

/// What became of a packet that was to be relayed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RelayResult {
    /// A few fixed words.
    pub result: &'static str,
}

/// What became of a request to commit a lease.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CommitOutcome {
    /// A few fixed words.
    pub outcome: &'static str,
}

/// A link that the rack serves.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Link {
    /// The id of its VLAN.
    pub vlan: u32,
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

/// The measures of DHCP.
#[derive(Debug, Clone)]
pub struct DhcpMetrics {
    /// Messages of clients that were understood.
    pub received: Family<MessageType, Counter>,
    /// Replies that were sent.
    pub sent: Family<MessageType, Counter>,
    /// Messages that were not answered.
    pub dropped: Family<DropReason, Counter>,
    /// Packets that the kernel dropped, because the sockets were not read in time.
    pub kernel_drops: Counter,
    /// From the kernel's receipt of a message to the reply, by the type of the reply.
    pub reply_seconds: Family<MessageType, Histogram>,
    /// What became of packets that were to be relayed.
    pub relayed: Family<RelayResult, Counter>,
    /// What became of requests to commit a lease.
    pub commits: Family<CommitOutcome, Counter>,
    /// From deciding to commit a lease to knowing what became of it.
    pub commit_seconds: Histogram,
    /// Leases that were given or extended without a region.
    pub offline_answers: Counter,
    /// Messages that wait to be handled.
    pub waiting: Gauge,
    /// Messages that wait for an address.
    pub parked: Gauge,
    /// Requests to commit whose outcome is not known.
    pub open_commits: Gauge,
    blocks: Family<Link, Gauge<u64, AtomicU64>>,
    free: Family<Link, Gauge<u64, AtomicU64>>,
    prefixes: Family<Link, Gauge<u64, AtomicU64>>,
    /// Probes that were sent.
    pub probes: Family<ProbeKind, Counter>,
    /// What answers to probes told.
    pub findings: Family<FindingKind, Counter>,
    /// Offers to new clients of addresses that were not known to be vacant.
    pub unprobed: Counter,
    /// Hardware addresses that two clients used at once.
    pub heard_twice: Counter,
    /// How often servers that are none of the site's were looked for.
    pub searches: Counter,
    /// What such servers were heard to say.
    pub external_replies: Counter,
    external: Family<Link, Gauge<u64, AtomicU64>>,
}

impl Default for DhcpMetrics {
    fn default() -> Self {
        Self {
            received: Family::default(),
            sent: Family::default(),
            dropped: Family::default(),
            kernel_drops: Counter::default(),
            reply_seconds: Family::new_with_constructor(seconds),
            relayed: Family::default(),
            commits: Family::default(),
            commit_seconds: seconds(),
            offline_answers: Counter::default(),
            waiting: Gauge::default(),
            parked: Gauge::default(),
            open_commits: Gauge::default(),
            blocks: Family::default(),
            free: Family::default(),
            prefixes: Family::default(),
            probes: Family::default(),
            findings: Family::default(),
            unprobed: Counter::default(),
            heard_twice: Counter::default(),
            searches: Counter::default(),
            external_replies: Counter::default(),
            external: Family::default(),
        }
    }
}

/// From an eighth of a millisecond, which is an offer at rest, to two seconds, when a rack answers without
/// a region, and beyond.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_125, 2.0, 16))
}

impl DhcpMetrics {
    /// Makes the measures of `DHCPv6` part of what `/metrics` shows.
    pub fn register_dhcpv6(&self, registry: &mut Registry) {
        self.register_server(registry, "dhcpv6");
        let prefixes = "Prefixes that new clients can get of this rack, by link";
        registry.register("dhcpv6_free_prefixes", prefixes, self.prefixes.clone());
    }

    fn register_server(&self, registry: &mut Registry, name: &str) {
        let name = |what: &str| format!("{name}_{what}");
        let received = "DHCP messages received, by type";
        registry.register(name("received"), received, self.received.clone());
        registry.register(name("sent"), "DHCP replies sent, by type", self.sent.clone());
        let dropped = "DHCP messages that were not answered, by reason";
        registry.register(name("dropped"), dropped, self.dropped.clone());
        let kernel_drops = "Packets that the kernel dropped at the sockets of DHCP";
        registry.register(name("kernel_drops"), kernel_drops, self.kernel_drops.clone());
        let reply = "From the receipt of a DHCP message to its reply, by type of the reply";
        registry.register(name("reply_seconds"), reply, self.reply_seconds.clone());
        let relayed = "DHCP messages that were to be relayed, by what became of them";
        registry.register(name("relayed"), relayed, self.relayed.clone());
        let commits = "Requests to commit a lease, by what became of them";
        registry.register(name("commits"), commits, self.commits.clone());
        let commit = "From deciding to commit a lease to its outcome";
        registry.register(name("commit_seconds"), commit, self.commit_seconds.clone());
        let offline = "Leases given or extended without a region";
        registry.register(name("offline_answers"), offline, self.offline_answers.clone());
        let waiting = "DHCP messages that wait to be handled";
        registry.register(name("waiting_packets"), waiting, self.waiting.clone());
        let parked = "DHCP messages that wait for an address";
        registry.register(name("parked_packets"), parked, self.parked.clone());
        let open = "Requests to commit a lease without an outcome";
        registry.register(name("open_commits"), open, self.open_commits.clone());
        let blocks = "Blocks of addresses of this rack, by link";
        registry.register(name("blocks"), blocks, self.blocks.clone());
        let free = "Addresses that new clients can get of this rack, by link";
        registry.register(name("free_addresses"), free, self.free.clone());
        let searches = "Messages that were sent to find servers that are none of the site's";
        registry.register(name("searches"), searches, self.searches.clone());
        let replies = "Messages to clients of servers that are none of the site's";
        registry.register(name("external_replies"), replies, self.external_replies.clone());
        let external = "Servers that are none of the site's, by link";
        registry.register(name("external_servers"), external, self.external.clone());
    }

    /// Makes the measures part of what `/metrics` shows.
    pub fn register(&self, registry: &mut Registry) {
        self.register_server(registry, "dhcp");
        let probes = "Addresses that were asked whether anybody uses them, by the way it was asked";
        registry.register("dhcp_probes", probes, self.probes.clone());
        let findings = "Free addresses found in use, and hosts that answer for many";
        registry.register("dhcp_probe_findings", findings, self.findings.clone());
        let unprobed = "Offers of addresses that had not been probed";
        registry.register("dhcp_unprobed_offers", unprobed, self.unprobed.clone());
        let twice = "Hardware addresses that were heard at two places at once";
        registry.register("dhcp_heard_twice", twice, self.heard_twice.clone());
    }

    /// A message was not answered.
    pub fn drop_for(&self, reason: &'static str) {
        self.dropped.get_or_create(&DropReason { reason }).inc();
    }

    /// A message was to be relayed, and this became of it.
    pub fn relayed(&self, result: &'static str) {
        self.relayed.get_or_create(&RelayResult { result }).inc();
    }

    /// A reply was sent so long after its message was received.
    pub fn replied(&self, kind: &'static str, after: Duration) {
        let kind = MessageType { kind };
        self.sent.get_or_create(&kind).inc();
        self.reply_seconds.get_or_create(&kind).observe(after.as_secs_f64());
    }

    /// A request to commit came to this.
    pub fn decided(&self, outcome: &'static str) {
        self.commits.get_or_create(&CommitOutcome { outcome }).inc();
    }

    /// What the rack has on a link that it serves: blocks, and free addresses.
    pub fn set_link(&self, vlan: VlanId, blocks: usize, free: usize) {
        let link = Link { vlan: vlan.0 };
        self.blocks.get_or_create(&link).set(u64::try_from(blocks).unwrap_or(u64::MAX));
        self.free.get_or_create(&link).set(u64::try_from(free).unwrap_or(u64::MAX));
    }

    /// How many free prefixes the rack has on a link; none where none are delegated.
    pub fn set_prefixes(&self, vlan: VlanId, free: Option<usize>) {
        let link = Link { vlan: vlan.0 };
        match free {
            Some(free) => {
                let free = u64::try_from(free).unwrap_or(u64::MAX);
                self.prefixes.get_or_create(&link).set(free);
            }
            None => drop(self.prefixes.remove(&link)),
        }
    }

    /// How many servers that are none of the site's are known on a link.
    pub fn set_external(&self, vlan: VlanId, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.external.get_or_create(&Link { vlan: vlan.0 }).set(count);
    }

    /// The rack has no interface on a link any more.
    pub fn forget_external(&self, vlan: VlanId) {
        self.external.remove(&Link { vlan: vlan.0 });
    }

    /// The rack does not serve a link any more.
    pub fn forget_link(&self, vlan: VlanId) {
        let link = Link { vlan: vlan.0 };
        self.blocks.remove(&link);
        self.free.remove(&link);
        self.prefixes.remove(&link);
    }
}

/// Why a message of `DHCPv6` was not answered, in a few fixed words.
pub(super) const fn reason_v6(dropped: v6::dropped::Dropped) -> &'static str {
    use v6::dropped::Dropped;
    match dropped {
        Dropped::Malformed(_) => "malformed",
        Dropped::Unicast => "unicast",
        Dropped::NotServed => "not served",
        Dropped::NotOurTurn => "another rack's turn",
        Dropped::AnotherServer => "another server",
        Dropped::Search => "search of a rack",
        Dropped::Senseless => "senseless",
        Dropped::NoAddress => "no free address",
        Dropped::NotKnown => "not known",
        Dropped::Copy => "copy",
        Dropped::AsksTooOften => "asks too often",
        Dropped::Repeated => "repeated",
    }
}

/// Why a message was not answered, in a few fixed words.
pub(super) fn reason(dropped: Dropped) -> &'static str {
    match dropped {
        Dropped::Malformed(_) => "malformed",
        Dropped::NotServed => "not served",
        Dropped::NotOurTurn => "another rack's turn",
        Dropped::AnotherServer => "another server",
        Dropped::Senseless => "senseless",
        Dropped::NoAddress => "no free address",
        Dropped::KeptForMachines => "kept for machines",
        Dropped::NotKnown => "not known",
        Dropped::DeclinesTooOften => "declines too often",
        Dropped::Copy => "copy",
        Dropped::AsksTooOften => "asks too often",
        Dropped::CircuitFull => "circuit full",
        Dropped::UntrustedRelay => "untrusted relay",
        Dropped::QueriesTooOften => "queries too often",
        Dropped::NoIdentifiersYet => "no hardware address",
        Dropped::Search => "search of a rack",
        Dropped::Repeated => "repeated",
    }
}
