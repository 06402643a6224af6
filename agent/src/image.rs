//! Brings an image onto the new root file system: download, check and unpack in one stream.
//!
//! Nothing is stored in between, so images may be larger than memory. What arrives is hashed beside the unpacking: both
//! take a processor's time. A connection that breaks is
//! taken up where it broke; the unpacking never notices. Only when no byte came for a long time,
//! or when the content is not what was ordered, does it fail.

use std::time::{Duration, Instant};

use api::agent::{Install, RunInMemory};
use bytes::Bytes;
use reqwest::{Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::archive::Unpacking;
use crate::journal::Journal;
use crate::region::{Pause, RegionClient};

/// Without a byte for this long, the installation fails.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How many pieces may wait to be hashed.
const HASH_QUEUE: usize = 64;

/// Why an image was not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The type is none of those that can be unpacked.
    #[error("image type {image_type} cannot be installed")]
    Type {
        /// The type.
        image_type: String,
    },
    /// The unpacking program did not start or broke off.
    #[error("cannot unpack image {sha256}: {reason}")]
    Unpack {
        /// The image.
        sha256: String,
        /// What the program printed.
        reason: String,
    },
    /// Nobody delivered the image.
    #[error("image {sha256}: no data for {} s, last error: {reason}", PATIENCE.as_secs())]
    Download {
        /// The image.
        sha256: String,
        /// The last error.
        reason: String,
    },
    /// The content is not what was ordered.
    #[error("image {sha256} is damaged: received {bytes} bytes with hash {actual}")]
    Content {
        /// The hash that was ordered.
        sha256: String,
        /// The hash that arrived.
        actual: String,
        /// How many bytes arrived.
        bytes: u64,
    },
}

/// The image of an order.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: &'a str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its type, `root-tgz`.
    pub image_type: &'a str,
}

impl<'a> From<&'a Install> for Image<'a> {
    fn from(order: &'a Install) -> Self {
        let Install { image_sha256, image_bytes, image_type, .. } = order;
        Self { sha256: image_sha256, bytes: *image_bytes, image_type }
    }
}

impl<'a> From<&'a RunInMemory> for Image<'a> {
    fn from(order: &'a RunInMemory) -> Self {
        let RunInMemory { image_sha256, image_bytes, image_type, .. } = order;
        Self { sha256: image_sha256, bytes: *image_bytes, image_type }
    }
}

/// Downloads an image and unpacks it below `root`.
///
/// # Errors
/// When the content is wrong, it cannot be unpacked, or nobody delivers it for 15 minutes.
pub async fn unpack(
    region: &RegionClient,
    image: Image<'_>,
    root: &str,
    journal: &Journal,
) -> Result<(), ImageError> {
    check_type(image.image_type)?;
    let failed = |reason: String| ImageError::Unpack { sha256: image.sha256.to_owned(), reason };
    let unpacking = Unpacking::into_folder(root);
    let mut sink = Sink { unpacking, hash: Hashing::start(), bytes: 0 };
    match download(region, image, &mut sink, journal).await {
        Err(Broken::Final(error)) => return Err(error),
        Err(Broken::Sink(error)) => {
            // A program that ended says why better than the pipe to it.
            let reason = sink.unpacking.finish().await.err().unwrap_or(error);
            return Err(failed(reason.to_string()));
        }
        Ok(()) => {}
    }
    let Sink { unpacking, hash, bytes } = sink;
    let unpacked = unpacking.finish().await;
    let actual = hash.finish().await.map_err(|error| failed(error.to_string()))?;
    check(image, &actual, bytes)?;
    unpacked.map_err(|error| failed(error.to_string()))
}

/// Archives of a root file system can be installed; what they are compressed with shows in their content.
fn check_type(image_type: &str) -> Result<(), ImageError> {
    match image_type.strip_prefix("root-").unwrap_or(image_type) {
        "tgz" | "txz" | "tbz" | "tzst" | "tar" => Ok(()),
        _ => Err(ImageError::Type { image_type: image_type.to_owned() }),
    }
}

/// Where the bytes go.
struct Sink {
    unpacking: Unpacking,
    hash: Hashing,
    bytes: u64,
}

impl Sink {
    async fn write(&mut self, bytes: Bytes) -> std::io::Result<()> {
        self.unpacking.write(&bytes).await?;
        self.bytes += bytes.len() as u64;
        self.hash.write(bytes).await
    }

    /// For people.
    fn told(&self, of: u64) -> String {
        let percent = self.bytes.saturating_mul(100) / of.max(1);
        let [done, all] = [self.bytes, of].map(|bytes| bytes >> 20);
        format!("unpacking image ({percent} %, {done} of {all} MiB)")
    }
}

/// A hash that is computed by a thread of its own.
struct Hashing {
    pieces: mpsc::Sender<Bytes>,
    hash: JoinHandle<String>,
}

impl Hashing {
    fn start() -> Self {
        let (pieces, mut waiting) = mpsc::channel::<Bytes>(HASH_QUEUE);
        let hash = tokio::task::spawn_blocking(move || {
            let mut hash = Sha256::new();
            while let Some(bytes) = waiting.blocking_recv() {
                hash.update(&bytes);
            }
            hex(&hash.finalize())
        });
        Self { pieces, hash }
    }

    async fn write(&self, bytes: Bytes) -> std::io::Result<()> {
        self.pieces.send(bytes).await.map_err(std::io::Error::other)
    }

    async fn finish(self) -> std::io::Result<String> {
        drop(self.pieces);
        self.hash.await.map_err(std::io::Error::other)
    }
}

/// Why a download does not go on.
enum Broken {
    Sink(std::io::Error),
    Final(ImageError),
}

/// Why one request broke off.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error(transparent)]
    Transport(#[from] reqwest::Error),
    #[error("the rack answered {0}")]
    Status(StatusCode),
    #[error("the connection ended after {0} bytes")]
    Short(u64),
    #[error("unpacking stopped: {0}")]
    Sink(std::io::Error),
}

async fn download(
    region: &RegionClient,
    image: Image<'_>,
    sink: &mut Sink,
    journal: &Journal,
) -> Result<(), Broken> {
    let mut pause = Pause::new();
    let mut last_byte = Instant::now();
    loop {
        let before = sink.bytes;
        let error = match request(region, image, sink, journal).await {
            Ok(()) => return Ok(()),
            Err(RequestError::Sink(error)) => return Err(Broken::Sink(error)),
            Err(error) => error,
        };
        if sink.bytes > before {
            last_byte = Instant::now();
            pause = Pause::new();
        }
        if last_byte.elapsed() > PATIENCE {
            let (sha256, reason) = (image.sha256.to_owned(), error.to_string());
            return Err(Broken::Final(ImageError::Download { sha256, reason }));
        }
        journal.warn(&format!(
            "download of the image stopped at byte {}: {error}; resuming",
            sink.bytes
        ));
        tokio::time::sleep(pause.next()).await;
    }
}

/// One request, from where the last one broke off.
async fn request(
    region: &RegionClient,
    image: Image<'_>,
    sink: &mut Sink,
    journal: &Journal,
) -> Result<(), RequestError> {
    let mut response = region.image(image.sha256, sink.bytes).send().await?;
    let mut skip = skipped(&response, sink.bytes)?;
    while let Some(chunk) = response.chunk().await? {
        let skipped = skip.min(chunk.len() as u64);
        skip -= skipped;
        let new = chunk.slice(usize::try_from(skipped).unwrap_or(chunk.len())..);
        let told = sink.bytes >> 20;
        sink.write(new).await.map_err(RequestError::Sink)?;
        if sink.bytes >> 20 > told {
            journal.progress(&sink.told(image.bytes));
        }
    }
    if sink.bytes < image.bytes { Err(RequestError::Short(sink.bytes)) } else { Ok(()) }
}

/// How many bytes of this answer are known already: a server may ignore `Range`.
fn skipped(response: &Response, offset: u64) -> Result<u64, RequestError> {
    match response.status() {
        StatusCode::PARTIAL_CONTENT => Ok(0),
        StatusCode::OK => Ok(offset),
        status => Err(RequestError::Status(status)),
    }
}

fn check(image: Image<'_>, actual: &str, bytes: u64) -> Result<(), ImageError> {
    if actual == image.sha256 && bytes == image.bytes {
        return Ok(());
    }
    let sha256 = image.sha256.to_owned();
    Err(ImageError::Content { sha256, actual: actual.to_owned(), bytes })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{check_type, hex};

    #[test]
    fn unknown_types_are_refused() {
        assert!(check_type("root-tgz").is_ok());
        let error = check_type("squashfs").expect_err("no squashfs");
        assert_eq!(error.to_string(), "image type squashfs cannot be installed");
    }

    #[test]
    fn hashes_are_lower_case() {
        assert_eq!(hex(&[0, 0xAB, 0x0F]), "00ab0f");
    }
}
