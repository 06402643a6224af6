//! The REST API over TLS: the same routes at a port of their own, with a certificate that is replaced while they are served.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::HeaderValue;
use identity::server_certificate::ServerCertificate;
use model::error::{Kind, with_causes};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use rest::problem::Problem;
use rest::reply::problem_response;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// The header that says by which scheme a client speaks.
const SCHEME: &str = "x-forwarded-proto";

/// Takes what is in the files into use, when it has changed and on SIGHUP, until cancelled.
pub(crate) async fn follow(certificate: ServerCertificate, stop: CancellationToken) {
    let mut hangup = signal(SignalKind::hangup()).ok();
    loop {
        let asked = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
            _ = asked => {}
        }
        match certificate.reload() {
            Ok(true) => tracing::info!("the certificate of the API was replaced"),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(
                    "the certificate of the API stays as it was: {}",
                    with_causes(&error)
                );
            }
        }
    }
}

/// The routes for who comes over TLS: they know the scheme, whatever the client says of it.
pub(crate) fn over_tls(routes: Router) -> Router {
    routes.layer(from_fn(tell_scheme))
}

async fn tell_scheme(mut request: Request<Body>, next: Next) -> Response {
    request.headers_mut().insert(SCHEME, HeaderValue::from_static("https"));
    next.run(request).await
}

/// The routes for who comes without TLS, where people and programs are to use it: machines and racks are served, the API
/// is not.
pub(crate) fn without_api(routes: Router) -> Router {
    routes.layer(from_fn(refuse_api))
}

async fn refuse_api(request: Request<Body>, next: Next) -> Response {
    let path = request.uri().path();
    if ["/MAAS/api/", "/MAAS/account"].iter().any(|api| path.starts_with(api)) {
        let message = "This region serves the API over TLS only, at https and its own port.";
        return problem_response(&Problem::text(Kind::Forbidden, message));
    }
    next.run(request).await
}

/// When the certificate ends, for `/metrics`.
#[derive(Debug)]
pub(crate) struct Expiry(pub(crate) ServerCertificate);

impl Collector for Expiry {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(expires) = self.0.expires() else { return Ok(()) };
        let help = "When the certificate of the API ends, in seconds since the Unix epoch";
        let kind = MetricType::Gauge;
        let metric = encoder.encode_descriptor(
            "api_certificate_expiry_timestamp_seconds",
            help,
            None,
            kind,
        )?;
        ConstGauge::new(expires).encode(metric)
    }
}
