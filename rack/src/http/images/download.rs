//! Fetches an image from the regions: from the next one when a region breaks off or sent something
//! else than was asked for.
//!
//! It comes over mutual TLS, from the region's gRPC port. A region of the version before does not
//! have it there; from that one it comes by its hash from the public port.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use futures::StreamExt;
use tokio::time::timeout;
use tower::ServiceExt;
use tracing::warn;

use crate::http::images::ImageError;
use crate::http::images::partial::Partial;
use crate::metrics::Metrics;
use crate::session::Dial;
use crate::uplink::Uplink;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(800);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How often regions are asked for the rest of a file before the client is told to come back.
const ATTEMPTS: usize = 12;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(300);

/// The content type of gRPC, which only an answer to an unknown path has here.
const GRPC: &str = "application/grpc";

/// The way to the regions' images.
#[derive(Clone)]
pub(super) struct Regions {
    /// None in tests with regions that have no certificates.
    pub(super) dial: Option<Dial>,
    client: reqwest::Client,
    uplink: Uplink,
    metrics: Arc<Metrics>,
}

impl fmt::Debug for Regions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regions").field("uplink", &self.uplink).finish_non_exhaustive()
    }
}

/// The addresses (`host:port`) of a region.
struct Region {
    grpc: String,
    http: String,
}

/// What came of asking one region.
enum Transfer {
    /// It says that this is all of it.
    Complete,
    /// It does not have it.
    Absent,
    /// It did not send all of it.
    Broken(String),
}

/// What is known of a download, over all regions that were asked.
#[derive(Default)]
struct Asked {
    /// The regions that what is here came from.
    sources: BTreeSet<String>,
    /// Those that sent all of it with another hash.
    liars: BTreeSet<String>,
    /// The last wrong hash. From then on all of it has to come from one region, so that it is
    /// certain which one sends something else.
    wrong: Option<String>,
    /// What happened last.
    reason: String,
}

impl Regions {
    pub(super) fn new(uplink: Uplink, metrics: Arc<Metrics>) -> Result<Self, ImageError> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| ImageError::Unreachable {
                sha256: String::new(),
                reason: error.to_string(),
            })?;
        Ok(Self { dial: None, client, uplink, metrics })
    }

    /// Fills `partial` with the image of that hash. It goes on at another region from the byte where
    /// the last one stopped.
    pub(super) async fn download(
        &self,
        sha256: &str,
        partial: &mut Partial,
    ) -> Result<(), ImageError> {
        let mut asked = Asked { reason: "no region is known".to_owned(), ..Asked::default() };
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(ATTEMPT_PAUSE).await;
            }
            let regions = self.regions();
            let mut absent = 0;
            for region in &regions {
                if asked.liars.contains(&region.http) {
                    continue;
                }
                match self.download_from(region, sha256, partial, &mut asked).await? {
                    Transfer::Complete => {
                        if self.is_right(&region.http, sha256, partial, &mut asked).await? {
                            return Ok(());
                        }
                    }
                    Transfer::Absent => absent += 1,
                    Transfer::Broken(why) => {
                        warn!(region = %region.http, "image from region {}: {why}", region.http);
                        asked.reason = why;
                        if asked.wrong.is_some() {
                            partial.restart().await?;
                            asked.sources.clear();
                        }
                    }
                }
            }
            let lied = regions.iter().filter(|region| asked.liars.contains(&region.http)).count();
            if absent > 0 && absent == regions.len() {
                return Err(ImageError::Unknown { sha256: sha256.to_owned() });
            }
            if lied > 0 && lied + absent == regions.len() {
                break;
            }
        }
        let sha256 = sha256.to_owned();
        Err(match asked.wrong {
            Some(actual) => ImageError::Corrupt { sha256, actual },
            None => ImageError::Unreachable { sha256, reason: asked.reason },
        })
    }

    /// Whether what is here has the hash that was asked for. What has not is forgotten.
    async fn is_right(
        &self,
        address: &str,
        sha256: &str,
        partial: &mut Partial,
        asked: &mut Asked,
    ) -> Result<bool, ImageError> {
        let actual = partial.hash().await?;
        if actual == sha256 {
            return Ok(true);
        }
        self.metrics.image_wrong_hashes.inc();
        warn!(region = %address, sha256, "image {sha256} arrived from region {address} with hash {actual}");
        if asked.sources.len() <= 1 {
            asked.liars.insert(address.to_owned());
        }
        asked.wrong = Some(actual);
        asked.sources.clear();
        partial.restart().await?;
        Ok(false)
    }

    async fn download_from(
        &self,
        region: &Region,
        sha256: &str,
        partial: &mut Partial,
        asked: &mut Asked,
    ) -> Result<Transfer, ImageError> {
        let answer = match self.ask(region, sha256, partial.bytes()).await {
            Ok(answer) => answer,
            Err(why) => return Ok(Transfer::Broken(why)),
        };
        match answer.status() {
            StatusCode::PARTIAL_CONTENT => {
                if first_byte(answer.headers()) != Some(partial.bytes()) {
                    return Ok(Transfer::Broken("it sent another range".to_owned()));
                }
            }
            StatusCode::OK => {
                partial.restart().await?;
                asked.sources.clear();
            }
            // All of it was here when the last region broke off.
            StatusCode::RANGE_NOT_SATISFIABLE if partial.bytes() > 0 => {
                return Ok(Transfer::Complete);
            }
            StatusCode::NOT_FOUND => return Ok(Transfer::Absent),
            status => return Ok(Transfer::Broken(format!("it answered {status}"))),
        }
        // Without a length nobody could tell an end from a break.
        let Some(announced) = length(answer.headers()) else {
            return Ok(Transfer::Broken("it does not say how long the image is".to_owned()));
        };
        asked.sources.insert(region.http.clone());
        receive(answer.into_body(), announced, partial).await
    }

    /// Asks a region for all of an image from a byte on.
    async fn ask(
        &self,
        region: &Region,
        sha256: &str,
        from: u64,
    ) -> Result<Response<Body>, String> {
        let range = format!("bytes={from}-");
        if let Some(dial) = &self.dial {
            let request = Request::get(format!("/ironraft/images/{sha256}"))
                .header(header::RANGE, &range)
                .body(tonic::body::Body::empty())
                .map_err(|error| error.to_string())?;
            let answered = timeout(READ_TIMEOUT, dial(&region.grpc).oneshot(request)).await;
            let answered = answered.map_err(|_| "it does not answer".to_owned())?;
            let answer = answered.map_err(|error| with_causes(&error))?.map(Body::new);
            let kind = answer.headers().get(header::CONTENT_TYPE);
            if !kind.is_some_and(|kind| kind.as_bytes().starts_with(GRPC.as_bytes())) {
                return Ok(answer);
            }
        }
        let url = format!("http://{}/MAAS/images/{sha256}", region.http);
        let answer = self.client.get(url).header(header::RANGE, range).send().await;
        let answer = answer.map_err(|error| with_causes(&error))?;
        Ok(Response::<reqwest::Body>::from(answer).map(Body::new))
    }

    fn regions(&self) -> Vec<Region> {
        let (grpc, http) = (self.uplink.grpc_addresses(), self.uplink.http_addresses());
        grpc.into_iter().zip(http).map(|(grpc, http)| Region { grpc, http }).collect()
    }
}

async fn receive(
    body: Body,
    announced: u64,
    partial: &mut Partial,
) -> Result<Transfer, ImageError> {
    let end = partial.bytes().saturating_add(announced);
    let mut body = body.into_data_stream();
    loop {
        match timeout(READ_TIMEOUT, body.next()).await {
            Ok(Some(Ok(chunk))) => partial.write(&chunk).await?,
            Ok(Some(Err(error))) => return Ok(Transfer::Broken(with_causes(&error))),
            Ok(None) if partial.bytes() == end => return Ok(Transfer::Complete),
            Ok(None) => return Ok(Transfer::Broken("it ended early".to_owned())),
            Err(_) => return Ok(Transfer::Broken("it does not go on".to_owned())),
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The first byte of what a partial answer brings (RFC 9110 §14.4).
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
