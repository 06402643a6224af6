//! Fetches an image from the regions: from the next one when a region breaks off or sent something
//! else than was asked for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use tracing::warn;

use crate::http::images::ImageError;
use crate::http::images::partial::Partial;
use crate::metrics::Metrics;
use crate::uplink::Uplink;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(800);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How often regions are asked for the rest of a file before the client is told to come back.
const ATTEMPTS: usize = 12;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(300);

/// The way to the regions' images.
#[derive(Debug, Clone)]
pub(super) struct Regions {
    client: reqwest::Client,
    uplink: Uplink,
    metrics: Arc<Metrics>,
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
        Ok(Self { client, uplink, metrics })
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
            let addresses = self.uplink.http_addresses();
            let mut absent = 0;
            for address in &addresses {
                if asked.liars.contains(address) {
                    continue;
                }
                match self.download_from(address, sha256, partial, &mut asked).await? {
                    Transfer::Complete => {
                        if self.is_right(address, sha256, partial, &mut asked).await? {
                            return Ok(());
                        }
                    }
                    Transfer::Absent => absent += 1,
                    Transfer::Broken(why) => {
                        warn!(region = %address, "image from region {address}: {why}");
                        asked.reason = why;
                        if asked.wrong.is_some() {
                            partial.restart().await?;
                            asked.sources.clear();
                        }
                    }
                }
            }
            let lied = addresses.iter().filter(|address| asked.liars.contains(*address)).count();
            if absent > 0 && absent == addresses.len() {
                return Err(ImageError::Unknown { sha256: sha256.to_owned() });
            }
            if lied > 0 && lied + absent == addresses.len() {
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
        address: &str,
        sha256: &str,
        partial: &mut Partial,
        asked: &mut Asked,
    ) -> Result<Transfer, ImageError> {
        let url = format!("http://{address}/MAAS/images/{sha256}");
        let range = format!("bytes={}-", partial.bytes());
        let request = self.client.get(url).header(header::RANGE, range);
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Transfer::Broken(error.to_string())),
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
        if answer.content_length().is_none() {
            return Ok(Transfer::Broken("it does not say how long the image is".to_owned()));
        }
        asked.sources.insert(address.to_owned());
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => partial.write(&chunk).await?,
                Ok(None) => return Ok(Transfer::Complete),
                Err(error) => return Ok(Transfer::Broken(error.to_string())),
            }
        }
    }
}

/// The first byte of what a partial answer brings (RFC 9110 §14.4).
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
