//! What a region node tells of itself: `/metrics`, `/livez`, `/readyz`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::extract::State;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Request, StatusCode, header};
use identity::server_certificate::ServerCertificate;
use ntp::metrics::NtpMetrics;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use raft_store::Store;
use raft_store::metrics::Distribution;
use rest::auth::logins::LoginCounts;
use tables::clock::Clock;
use tables::update::Tables;
use tracing::warn;

use crate::admission::Admission;
use crate::feed::Feed;
use crate::https::Expiry;
use crate::login_metrics;
use crate::operation_metrics::OperationMetrics;
use crate::pool_metrics::PoolMetrics;
use crate::reconcile::indexes::Filling;
use crate::reconcile::webhooks::Delivered;

/// The media type of `OpenMetrics`.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MemberLabels {
    node: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PeerLabels {
    peer: u64,
}

/// The metrics of one region node; clones share them.
#[derive(Debug, Clone)]
pub struct Telemetry {
    tables: Tables,
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    raft: RaftGauges,
    clock: ClockGauges,
    pools: PoolMetrics,
    operations: OperationMetrics,
}

#[derive(Debug, Clone, Default)]
struct RaftGauges {
    term: Gauge,
    leading: Gauge,
    has_leader: Gauge,
    applied: Gauge,
    last_log: Gauge,
    voters: Gauge,
    lag: Family<MemberLabels, Gauge>,
}

#[derive(Debug, Clone, Default)]
struct ClockGauges {
    offset: Family<PeerLabels, Gauge<f64, AtomicU64>>,
    refused: Gauge,
}

impl Telemetry {
    /// Metrics of the node with these tables, of who is let in, of what racks are fed, and of indexes
    /// that are filled.
    #[must_use]
    pub fn new(tables: Tables, admission: &Admission, feed: &Feed, filling: &Filling) -> Self {
        let mut registry = Registry::with_prefix("ironraft");
        let requests = Family::default();
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let raft = RaftGauges::default();
        registry.register("http_requests", "HTTP requests answered", requests.clone());
        registry.register("http_request_seconds", "Time to answer HTTP requests", seconds.clone());
        admission.register(&mut registry);
        feed.register(&mut registry);
        filling.register(&mut registry);
        raft.register(&mut registry);
        let clock = ClockGauges::default();
        clock.register(&mut registry);
        let pools = PoolMetrics::default();
        pools.register(&mut registry);
        let operations = OperationMetrics::default();
        operations.register(&mut registry);
        let measured = StoreCollector { store: tables.store().clone() };
        registry.sub_registry_with_prefix("store").register_collector(Box::new(measured));
        let registry = Arc::new(registry);
        Self { tables, registry, requests, seconds, raft, clock, pools, operations }
    }

    /// The three routes.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/metrics", get(metrics))
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .with_state(self.clone())
    }

    /// The same, which also tells how logins at this node went.
    #[must_use]
    pub fn with_logins(mut self, counts: Arc<LoginCounts>) -> Self {
        if let Some(registry) = Arc::get_mut(&mut self.registry) {
            login_metrics::register(registry, counts);
        }
        self
    }

    /// The same, which also tells how the time service stands.
    #[must_use]
    pub fn with_time_service(mut self, time: &NtpMetrics) -> Self {
        if let Some(registry) = Arc::get_mut(&mut self.registry) {
            time.register(registry);
        }
        self
    }

    /// The same, which also tells how webhooks are told.
    #[must_use]
    pub fn with_webhooks(mut self, delivered: &Delivered) -> Self {
        if let Some(registry) = Arc::get_mut(&mut self.registry) {
            delivered.register(registry);
        }
        self
    }

    /// The same, which also tells when the certificate of the API ends.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Option<&ServerCertificate>) -> Self {
        if let (Some(registry), Some(certificate)) = (Arc::get_mut(&mut self.registry), certificate)
        {
            registry.register_collector(Box::new(Expiry(certificate.clone())));
        }
        self
    }

    /// Counts and times every request of the routes.
    pub fn count(&self, routes: Router) -> Router {
        routes.layer(middleware::from_fn_with_state(self.clone(), observe))
    }
}

impl RaftGauges {
    fn register(&self, registry: &mut Registry) {
        let raft = registry.sub_registry_with_prefix("raft");
        raft.register("term", "The Raft term", self.term.clone());
        raft.register("leading", "1 on the leader", self.leading.clone());
        raft.register("has_leader", "1 when a leader is known", self.has_leader.clone());
        raft.register("applied_index", "The last entry applied here", self.applied.clone());
        raft.register("log_index", "The last entry in the log here", self.last_log.clone());
        raft.register("voters", "Members that vote", self.voters.clone());
        raft.register("replication_lag", "Entries a member is behind", self.lag.clone());
    }

    fn set(&self, store: &Store) {
        let leadership = *store.leadership().borrow();
        self.term.set(gauge(leadership.term));
        self.leading.set(i64::from(leadership.leading));
        self.has_leader.set(i64::from(leadership.leader.is_some()));
        let Some(status) = store.status() else { return };
        self.applied.set(gauge(status.applied));
        self.last_log.set(gauge(status.last_log));
        let voters = status.members.iter().filter(|member| member.voter).count();
        self.voters.set(i64::try_from(voters).unwrap_or(i64::MAX));
        self.lag.clear();
        for member in status.members {
            if let Some(lag) = member.lag {
                self.lag.get_or_create(&MemberLabels { node: member.id }).set(gauge(lag));
            }
        }
    }
}

impl ClockGauges {
    fn register(&self, registry: &mut Registry) {
        let help = "How far the clock of another region is ahead";
        registry.register("region_clock_offset_seconds", help, self.offset.clone());
        let help =
            "1 while this node does not use its clock, and serves nothing that depends on it";
        registry.register("region_clock_refused", help, self.refused.clone());
    }

    fn set(&self, clock: &Clock) {
        self.refused.set(i64::from(clock.refusal().is_some()));
        self.offset.clear();
        for (peer, offset_ms) in clock.offsets_ms() {
            // More than 32 bits of milliseconds are shown as the greatest.
            let bounded = offset_ms.clamp(i32::MIN.into(), i32::MAX.into());
            let offset = f64::from(i32::try_from(bounded).unwrap_or_default()) / 1_000.0;
            self.offset.get_or_create(&PeerLabels { peer }).set(offset);
        }
    }
}

/// What the store measures by itself.
#[derive(Debug)]
struct StoreCollector {
    store: Store,
}

impl Collector for StoreCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(measured) = self.store.metrics() else { return Ok(()) };
        for level in measured.levels {
            let kind = MetricType::Gauge;
            let metric = encoder.encode_descriptor(level.name, level.help, None, kind)?;
            ConstGauge::new(level.value).encode(metric)?;
        }
        for stage in measured.distributions {
            let kind = MetricType::Histogram;
            let mut metric = encoder.encode_descriptor(stage.name, stage.help, None, kind)?;
            let (sum, count) = (stage.sum, stage.count());
            metric.encode_histogram::<NoLabelSet>(sum, count, &stage.buckets, None)?;
        }
        self.encode_replication(&mut encoder, &measured.replication)
    }
}

impl StoreCollector {
    fn encode_replication(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        peers: &[(u64, Distribution)],
    ) -> Result<(), std::fmt::Error> {
        let Some((_, first)) = peers.first() else { return Ok(()) };
        let kind = MetricType::Histogram;
        let mut metric = encoder.encode_descriptor(first.name, first.help, None, kind)?;
        for (node, time) in peers {
            let labels = MemberLabels { node: *node };
            let mut of_node = metric.encode_family(&labels)?;
            of_node.encode_histogram::<NoLabelSet>(time.sum, time.count(), &time.buckets, None)?;
        }
        Ok(())
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

async fn metrics(State(telemetry): State<Telemetry>) -> Response {
    telemetry.raft.set(telemetry.tables.store());
    telemetry.clock.set(telemetry.tables.clock());
    if let Err(error) = telemetry.pools.read(&telemetry.tables).await {
        warn!("address pools cannot be read for metrics: {error}");
    }
    if let Err(error) = telemetry.operations.read(&telemetry.tables).await {
        warn!("operations cannot be read for metrics: {error}");
    }
    let mut text = String::new();
    match encode(&mut text, &telemetry.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Ready is a node that can answer linearizable reads and change something: it knows a leader, has applied
/// its log, and may use its clock.
async fn ready(State(telemetry): State<Telemetry>) -> Response {
    let store = telemetry.tables.store();
    let leader = store.leadership().borrow().leader;
    let behind = store.status().map_or(0, |s| s.last_log.saturating_sub(s.applied));
    let refusal = telemetry.tables.clock().refusal();
    let clock = refusal.as_deref().unwrap_or("clock agrees with a majority");
    let checks = [
        ("leader known", leader.is_some()),
        ("log applied", behind <= 1000),
        (clock, refusal.is_none()),
    ];
    let mut text = String::new();
    for (name, passed) in checks {
        let mark = if passed { '+' } else { '-' };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "[{mark}] {name}");
    }
    let passed = checks.iter().all(|(_, passed)| *passed);
    let status = if passed { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, text).into_response()
}

async fn observe(
    State(telemetry): State<Telemetry>,
    request: Request<axum::body::Body>,
    next: Next,
) -> Response {
    let started = std::time::Instant::now();
    let method = request.method().to_string();
    let response = next.run(request).await;
    telemetry.seconds.observe(started.elapsed().as_secs_f64());
    let labels = RequestLabels { method, status: response.status().as_u16() };
    telemetry.requests.get_or_create(&labels).inc();
    response
}
