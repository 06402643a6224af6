//! How many HTTP requests are under way at one time, and who has to wait.
//!
//! People and programs, machines, and images have a share each, so that no load of the API keeps a
//! machine from being deployed. In each share the places are shared fairly between clients
//! (`queue`). A request that finds no place in time gets a 503, before any of its body was read.

pub mod client;
pub mod queue;
mod share;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::Request;
use http::request::Parts as Head;
use hyper::body::{Frame, SizeHint};
use model::error::Kind;
use native::router::refusal;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use rest::problem::Problem;
use tables::update::Tables;

use crate::admission::client::{Client, Clients};
use crate::admission::queue::Limits;
use crate::admission::share::{Place, Share, Turned};

/// How long a request waits for a place before it is turned away.
const PATIENCE: Duration = Duration::from_secs(10);

/// The API: cheap requests, and forms of a few MiB.
const API: Limits = limits(256);

/// Machines: reports may be large, and thousands come at once when a rack's power returns.
const MACHINES: Limits = limits(128);

/// Images: each takes a while, and racks keep what they got.
const IMAGES: Limits = limits(64);

/// Watches: each lasts, and waits most of the time.
const WATCHES: Limits = limits(2048);

/// One client has at most half of the places.
const fn limits(running_max: usize) -> Limits {
    Limits { running_max, running_per_client_max: running_max / 2, waiting_max: 8 * running_max }
}

/// Lets requests in.
#[derive(Debug, Clone)]
pub struct Admission {
    clients: Arc<Clients>,
    api: Arc<Share>,
    machines: Arc<Share>,
    images: Arc<Share>,
    watches: Arc<Share>,
    turned: Family<TurnedLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TurnedLabels {
    share: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ShareLabels {
    share: &'static str,
}

impl Admission {
    /// The usual limits, for clients whose keys are in these tables.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        Self::with(tables, [API, MACHINES, IMAGES, WATCHES], PATIENCE)
    }

    fn with(tables: Tables, limits: [Limits; 4], patience: Duration) -> Self {
        let [api, machines, images, watches] = limits.map(|limits| Share::new(limits, patience));
        let clients = Arc::new(Clients::new(tables));
        Self { clients, api, machines, images, watches, turned: Family::default() }
    }

    /// Has `registry` tell how many run, wait, and were turned away.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "HTTP requests turned away with a 503";
        registry.register("http_rejected_requests", help, self.turned.clone());
        registry.register_collector(Box::new(self.clone()));
    }

    /// The same routes, behind the limits.
    pub fn guard(&self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self.clone(), admit))
    }

    fn shares(&self) -> [(&'static str, &Arc<Share>); 4] {
        [
            ("api", &self.api),
            ("machines", &self.machines),
            ("images", &self.images),
            ("watches", &self.watches),
        ]
    }

    async fn enter(&self, head: &Head) -> Result<Place, Problem> {
        let path = head.uri.path();
        let (name, share) = if path.starts_with("/MAAS/metadata/") {
            ("machines", &self.machines)
        } else if path.starts_with("/MAAS/images/") {
            ("images", &self.images)
        } else if waits_for_changes(head) {
            ("watches", &self.watches)
        } else {
            ("api", &self.api)
        };
        let client = match name {
            "api" | "watches" => self.clients.of_api(head).await,
            _ => self.clients.of_machine(head).await,
        };
        let who = match &client {
            Client::Token(_) => "this API key".to_owned(),
            Client::Address(Some(address)) => address.to_string(),
            Client::Address(None) => "this client".to_owned(),
        };
        share.enter(client).await.map_err(|turned| self.refuse(name, turned, &who))
    }

    fn refuse(&self, share: &'static str, turned: Turned, who: &str) -> Problem {
        let (reason, text) = match turned {
            Turned::Full => ("full", "too many requests wait already"),
            Turned::Displaced => ("displaced", "others wait with fewer requests"),
            Turned::Patience => ("patience", "no place got free in time"),
        };
        self.turned.get_or_create(&TurnedLabels { share, reason }).inc();
        let text = format!("This region is busy with {share} requests: {text}, for {who}.");
        Problem::text(Kind::Unavailable, text)
    }
}

/// Whether a request is answered when something changes.
fn waits_for_changes(head: &Head) -> bool {
    let query = head.uri.query().unwrap_or_default();
    let path = head.uri.path();
    path == "/api/v1/watch" || (path.starts_with("/api/v1/") && query.contains("watch_index="))
}

async fn admit(State(admission): State<Admission>, request: Request<Body>, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match admission.enter(&head).await {
        Ok(place) => {
            let response = next.run(Request::from_parts(head, body)).await;
            response.map(|body| Body::new(Held { body, _place: place }))
        }
        Err(problem) => refusal(problem, head.uri.path(), &head.extensions),
    }
}

/// The body of an answer: the request is under way until all of it is sent.
struct Held {
    body: Body,
    _place: Place,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How many requests run and wait, read when metrics are.
impl Collector for Admission {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let loads = self.shares().map(|(share, load)| (ShareLabels { share }, load.load()));
        let kind = MetricType::Gauge;
        let help = "HTTP requests under way";
        let mut metric = encoder.encode_descriptor("http_running_requests", help, None, kind)?;
        for (labels, (running, _)) in &loads {
            ConstGauge::new(gauge(*running)).encode(metric.encode_family(labels)?)?;
        }
        let help = "HTTP requests that wait for a place";
        let mut metric = encoder.encode_descriptor("http_waiting_requests", help, None, kind)?;
        for (labels, (_, waiting)) in &loads {
            ConstGauge::new(gauge(*waiting)).encode(metric.encode_family(labels)?)?;
        }
        Ok(())
    }
}

fn gauge(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
