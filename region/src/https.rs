//! The REST API over TLS: the same routes at a port of their own, with a certificate that is replaced while they are served.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::HeaderValue;
use identity::server_certificate::ServerCertificate;
use model::error::{Kind, with_causes};
use native::router::refusal;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use rest::problem::Problem;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// How long before its end a certificate is told of, in seconds.
const ENDS_SOON_S: i64 = 14 * 24 * 3_600;

/// The header that says by which scheme a client speaks.
const SCHEME: &str = "x-forwarded-proto";

/// What asks a region to read its certificate anew; none where the system has no such signal. From now on it does not end
/// the process, whether there is a certificate or not.
pub(crate) fn hangups() -> Option<Signal> {
    signal(SignalKind::hangup()).ok()
}

/// Takes what is in the files into use, when it has changed and on SIGHUP, until cancelled; says when it ends soon, and when
/// it has ended. Without a certificate SIGHUP asks for nothing.
pub(crate) async fn follow(
    certificate: Option<ServerCertificate>,
    mut hangups: Option<Signal>,
    stop: CancellationToken,
) {
    let mut told = Validity::Good;
    loop {
        if let Some(certificate) = &certificate {
            let validity = Validity::at(certificate.expires(), now_s());
            if validity != told {
                validity.tell();
                told = validity;
            }
        }
        let asked = async {
            match &mut hangups {
                Some(hangups) => hangups.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
            _ = asked => {
                if certificate.is_none() {
                    tracing::info!("SIGHUP: there is nothing to read anew, the API is not served over TLS");
                }
            }
        }
        match certificate.as_ref().map(ServerCertificate::reload) {
            Some(Ok(true)) => tracing::info!("the certificate of the API was replaced"),
            Some(Ok(false)) | None => {}
            Some(Err(error)) => {
                tracing::error!(
                    "the certificate of the API stays as it was: {}",
                    with_causes(&error)
                );
            }
        }
    }
}

/// How long a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Validity {
    Good,
    EndsSoon,
    Ended,
}

impl Validity {
    /// Both are in seconds since the Unix epoch. One that cannot be read was refused before.
    fn at(expires: Option<i64>, now_s: i64) -> Self {
        match expires.map(|expires| expires.saturating_sub(now_s)) {
            Some(left_s) if left_s <= 0 => Self::Ended,
            Some(left_s) if left_s <= ENDS_SOON_S => Self::EndsSoon,
            Some(_) | None => Self::Good,
        }
    }

    fn tell(self) {
        match self {
            Self::Good => {
                tracing::info!("the certificate of the API is good for two weeks or more");
            }
            Self::EndsSoon => {
                tracing::warn!(
                    "the certificate of the API ends in less than two weeks: replace it"
                );
            }
            Self::Ended => {
                tracing::error!(
                    "the certificate of the API has ended: clients refuse it, replace it"
                );
            }
        }
    }
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
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
    if ["/MAAS/api/", "/MAAS/account", "/MAAS/r/", "/api/"].iter().any(|api| path.starts_with(api))
    {
        let message = "This region serves the API over TLS only, at https and its own port.";
        let problem = Problem::text(Kind::Forbidden, message);
        return refusal(problem, path, request.extensions());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_ends_soon_and_one_that_has_ended_are_told_apart() {
        for (expires, validity) in [
            (None, Validity::Good),
            (Some(1_000 + ENDS_SOON_S + 1), Validity::Good),
            (Some(1_000 + ENDS_SOON_S), Validity::EndsSoon),
            (Some(1_001), Validity::EndsSoon),
            (Some(1_000), Validity::Ended),
            (Some(i64::MIN), Validity::Ended),
        ] {
            assert_eq!(Validity::at(expires, 1_000), validity, "{expires:?}");
        }
    }
}
