//! Brings an image onto the new root file system: download, check and unpack in one stream.
//!
//! Nothing is stored in between, so images may be larger than memory. A connection that breaks is
//! taken up where it broke; the unpacking never notices. Only when no byte came for a long time,
//! or when the content is not what was ordered, does it fail.

use std::process::Stdio;
use std::time::{Duration, Instant};

use api::agent::Install;
use reqwest::{Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin};

use crate::command::Invocation;
use crate::journal::Journal;
use crate::region::{Pause, RegionClient};

/// Without a byte for this long, the installation fails.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

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

/// Downloads the image of an order and unpacks it below `root`.
///
/// # Errors
/// When the content is wrong, it cannot be unpacked, or nobody delivers it for 15 minutes.
pub async fn unpack(
    region: &RegionClient,
    order: &Install,
    root: &str,
    journal: &Journal,
) -> Result<(), ImageError> {
    let failed = |reason: String| ImageError::Unpack { sha256: order.image_sha256.clone(), reason };
    let mut child = tar(&order.image_type, root)?
        .command()
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let stdin = child.stdin.take().ok_or_else(|| failed("no standard input".to_owned()))?;
    let mut sink = Sink { stdin, hash: Sha256::new(), bytes: 0 };
    match download(region, order, &mut sink, journal).await {
        Err(Broken::Final(error)) => return Err(error),
        Err(Broken::Sink(error)) => {
            return Err(failed(last_error(child, &error.to_string()).await));
        }
        Ok(()) => {}
    }
    let Sink { stdin, hash, bytes } = sink;
    drop(stdin);
    let output = child.wait_with_output().await.map_err(|error| failed(error.to_string()))?;
    check(order, &hex(&hash.finalize()), bytes)?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// The program that unpacks an image of this type from its standard input.
fn tar(image_type: &str, root: &str) -> Result<Invocation, ImageError> {
    let decompress = match image_type {
        "root-tgz" | "tgz" => "pigz",
        "root-txz" | "txz" => "xz",
        "root-tbz" | "tbz" => "bzip2",
        other => return Err(ImageError::Type { image_type: other.to_owned() }),
    };
    Ok(Invocation::new(
        "tar",
        [
            "--extract",
            "--file=-",
            // Large reads and writes: 256 KiB.
            "--blocking-factor=512",
            &format!("--use-compress-program={decompress}"),
            &format!("--directory={root}"),
            "--numeric-owner",
            "--same-owner",
            "--preserve-permissions",
            "--xattrs",
            "--xattrs-include=*",
        ],
    ))
}

/// Where the bytes go.
struct Sink {
    stdin: ChildStdin,
    hash: Sha256,
    bytes: u64,
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
    order: &Install,
    sink: &mut Sink,
    journal: &Journal,
) -> Result<(), Broken> {
    let mut pause = Pause::new();
    let mut last_byte = Instant::now();
    loop {
        let before = sink.bytes;
        let error = match request(region, order, sink, journal).await {
            Ok(()) => return Ok(()),
            Err(RequestError::Sink(error)) => return Err(Broken::Sink(error)),
            Err(error) => error,
        };
        if sink.bytes > before {
            last_byte = Instant::now();
            pause = Pause::new();
        }
        if last_byte.elapsed() > PATIENCE {
            let (sha256, reason) = (order.image_sha256.clone(), error.to_string());
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
    order: &Install,
    sink: &mut Sink,
    journal: &Journal,
) -> Result<(), RequestError> {
    let mut response = region.image(&order.image_sha256, sink.bytes).send().await?;
    let mut skip = skipped(&response, sink.bytes)?;
    while let Some(chunk) = response.chunk().await? {
        let skipped = skip.min(chunk.len() as u64);
        skip -= skipped;
        let new = chunk.slice(usize::try_from(skipped).unwrap_or(chunk.len())..);
        sink.stdin.write_all(&new).await.map_err(RequestError::Sink)?;
        sink.hash.update(&new);
        sink.bytes += new.len() as u64;
        let percent = sink.bytes.saturating_mul(100) / order.image_bytes.max(1);
        journal.progress(&format!("unpacking image ({percent} %)"));
    }
    if sink.bytes < order.image_bytes { Err(RequestError::Short(sink.bytes)) } else { Ok(()) }
}

/// How many bytes of this answer are known already: a server may ignore `Range`.
fn skipped(response: &Response, offset: u64) -> Result<u64, RequestError> {
    match response.status() {
        StatusCode::PARTIAL_CONTENT => Ok(0),
        StatusCode::OK => Ok(offset),
        status => Err(RequestError::Status(status)),
    }
}

fn check(order: &Install, actual: &str, bytes: u64) -> Result<(), ImageError> {
    if actual == order.image_sha256 && bytes == order.image_bytes {
        return Ok(());
    }
    let sha256 = order.image_sha256.clone();
    Err(ImageError::Content { sha256, actual: actual.to_owned(), bytes })
}

/// What an unpacking program printed on standard error before it ended.
async fn last_error(child: Child, fallback: &str) -> String {
    let output = child.wait_with_output().await;
    let text = output.map(|output| String::from_utf8_lossy(&output.stderr).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or_else(|| fallback.to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{hex, tar};

    #[test]
    fn unknown_types_are_refused() {
        assert!(tar("root-tgz", "/target").is_ok());
        let error = tar("squashfs", "/target").expect_err("no squashfs");
        assert_eq!(error.to_string(), "image type squashfs cannot be installed");
    }

    #[test]
    fn hashes_are_lower_case() {
        assert_eq!(hex(&[0, 0xAB, 0x0F]), "00ab0f");
    }
}
