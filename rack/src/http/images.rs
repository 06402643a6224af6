//! Images and boot files by their SHA-256: fetched once from a region, verified, kept on disk.
//!
//! A file is served only when all of it is here and has the hash that is its name. Any number of
//! clients that ask for the same file wait for one download. The cache may be deleted at any time.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::boot::content::is_sha256;
use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;
use tower_http::services::ServeFile;
use tracing::{info, warn};

use crate::http::HttpState;
use crate::metrics::Metrics;
use crate::uplink::Uplink;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(800);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How often regions are asked for the rest of a file before the client is told to come back.
const ATTEMPTS: usize = 12;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(300);

/// Why an image cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// No region has it.
    #[error("no region has image {sha256}")]
    Unknown {
        /// Its hash.
        sha256: String,
    },
    /// Regions cannot be reached, or do not give all of it.
    #[error("image {sha256} cannot be fetched: {reason}")]
    Unreachable {
        /// Its hash.
        sha256: String,
        /// What happened last.
        reason: String,
    },
    /// What a region gave has another hash.
    #[error("image {sha256} arrived with hash {actual}")]
    Corrupt {
        /// The hash that was asked for.
        sha256: String,
        /// The hash that it has.
        actual: String,
    },
    /// The disk failed.
    #[error("image cache {}: {source}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Images on disk.
#[derive(Debug)]
pub struct ImageCache {
    folder: PathBuf,
    bytes_max: u64,
    client: reqwest::Client,
    uplink: Uplink,
    metrics: Arc<Metrics>,
    /// One lock for each file that is being fetched.
    filling: std::sync::Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

impl ImageCache {
    /// A cache in `folder`, which is made if it does not exist. Unfinished files are removed.
    ///
    /// # Errors
    /// [`ImageError::Disk`]; [`ImageError::Unreachable`] when the HTTP client cannot be made.
    pub async fn open(
        folder: PathBuf,
        bytes_max: u64,
        uplink: Uplink,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ImageError> {
        let disk = |source| ImageError::Disk { path: folder.clone(), source };
        fs::create_dir_all(&folder).await.map_err(disk)?;
        let mut entries = fs::read_dir(&folder).await.map_err(disk)?;
        while let Some(entry) = entries.next_entry().await.map_err(disk)? {
            if entry.file_name().to_str().is_none_or(|name| !is_sha256(name)) {
                fs::remove_file(entry.path()).await.map_err(disk)?;
            }
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| ImageError::Unreachable {
                sha256: String::new(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            folder,
            bytes_max,
            client,
            uplink,
            metrics,
            filling: std::sync::Mutex::default(),
        })
    }

    /// The file with this hash, fetched from a region unless it is here.
    ///
    /// # Errors
    /// See [`ImageError`].
    pub async fn file(&self, sha256: &str) -> Result<PathBuf, ImageError> {
        let path = self.folder.join(sha256);
        if fs::try_exists(&path).await.unwrap_or(false) {
            return Ok(path);
        }
        let lock = {
            let mut filling = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(filling.entry(sha256.to_owned()).or_default())
        };
        let outcome = {
            let _filling = lock.lock().await;
            if fs::try_exists(&path).await.unwrap_or(false) {
                return Ok(path);
            }
            self.fill(sha256, &path).await
        };
        self.filling.lock().unwrap_or_else(PoisonError::into_inner).remove(sha256);
        outcome.map(|()| path)
    }

    async fn fill(&self, sha256: &str, path: &FilePath) -> Result<(), ImageError> {
        let partial = path.with_extension("part");
        let disk = |source| ImageError::Disk { path: partial.clone(), source };
        let mut download = Download {
            sha256,
            file: fs::File::create(&partial).await.map_err(disk)?,
            path: &partial,
            hash: Sha256::new(),
            bytes: 0,
        };
        let outcome = self.download(&mut download).await;
        let Download { hash, bytes, .. } = download;
        if let Err(error) = outcome {
            fs::remove_file(&partial).await.map_err(disk)?;
            return Err(error);
        }
        let actual: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if actual != sha256 {
            fs::remove_file(&partial).await.map_err(disk)?;
            return Err(ImageError::Corrupt { sha256: sha256.to_owned(), actual });
        }
        fs::rename(&partial, path).await.map_err(disk)?;
        self.metrics.image_fills.inc();
        info!(sha256, bytes, "image {sha256} is in the cache ({bytes} bytes)");
        self.evict(path).await
    }

    /// Goes on at another region, from the byte where the last one stopped.
    async fn download(&self, download: &mut Download<'_>) -> Result<(), ImageError> {
        let mut reason = "no region is known".to_owned();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(ATTEMPT_PAUSE).await;
            }
            let addresses = self.uplink.http_addresses();
            let mut absent = 0;
            for address in &addresses {
                match self.download_from(address, download).await? {
                    Transfer::Complete => return Ok(()),
                    Transfer::Absent => absent += 1,
                    Transfer::Broken(why) => {
                        warn!(region = %address, "image from region {address}: {why}");
                        reason = why;
                    }
                }
            }
            if absent > 0 && absent == addresses.len() {
                return Err(ImageError::Unknown { sha256: download.sha256.to_owned() });
            }
        }
        Err(ImageError::Unreachable { sha256: download.sha256.to_owned(), reason })
    }

    async fn download_from(
        &self,
        address: &str,
        download: &mut Download<'_>,
    ) -> Result<Transfer, ImageError> {
        let url = format!("http://{address}/MAAS/images/{}", download.sha256);
        let range = format!("bytes={}-", download.bytes);
        let request = self.client.get(url).header(header::RANGE, range);
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Transfer::Broken(error.to_string())),
        };
        match answer.status() {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK if download.bytes == 0 => {}
            StatusCode::OK => download.restart().await?,
            // All of it was here when the last region broke off.
            StatusCode::RANGE_NOT_SATISFIABLE if download.bytes > 0 => {
                return Ok(Transfer::Complete);
            }
            StatusCode::NOT_FOUND => return Ok(Transfer::Absent),
            status => return Ok(Transfer::Broken(format!("it answered {status}"))),
        }
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => download.write(&chunk).await?,
                Ok(None) => break,
                Err(error) => return Ok(Transfer::Broken(error.to_string())),
            }
        }
        download.file.flush().await.map_err(|source| download.disk(source))?;
        Ok(Transfer::Complete)
    }

    /// Removes the files that were not used for the longest time, until the rest fits.
    async fn evict(&self, newest: &FilePath) -> Result<(), ImageError> {
        let disk = |source| ImageError::Disk { path: self.folder.clone(), source };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        let mut entries = fs::read_dir(&self.folder).await.map_err(disk)?;
        while let Some(entry) = entries.next_entry().await.map_err(disk)? {
            let metadata = entry.metadata().await.map_err(disk)?;
            let used = metadata.accessed().or_else(|_| metadata.modified()).map_err(disk)?;
            files.push((used, metadata.len(), entry.path()));
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if total <= self.bytes_max {
                break;
            }
            if path != newest && path.extension().is_none() {
                info!("image {} leaves the cache", path.display());
                fs::remove_file(&path).await.map_err(disk)?;
                total -= bytes;
            }
        }
        Ok(())
    }
}

enum Transfer {
    Complete,
    Absent,
    Broken(String),
}

/// A file that is being fetched, and the hash of what has arrived.
struct Download<'a> {
    sha256: &'a str,
    file: fs::File,
    path: &'a FilePath,
    hash: Sha256,
    bytes: u64,
}

impl Download<'_> {
    async fn write(&mut self, chunk: &[u8]) -> Result<(), ImageError> {
        self.hash.update(chunk);
        self.bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.file.write_all(chunk).await.map_err(|source| self.disk(source))
    }

    async fn restart(&mut self) -> Result<(), ImageError> {
        self.file = fs::File::create(self.path).await.map_err(|source| self.disk(source))?;
        self.hash = Sha256::new();
        self.bytes = 0;
        Ok(())
    }

    fn disk(&self, source: io::Error) -> ImageError {
        ImageError::Disk { path: self.path.to_owned(), source }
    }
}

/// Answers GET and HEAD, with ranges.
pub(super) async fn serve(
    State(state): State<HttpState>,
    Path(sha256): Path<String>,
    request: Request,
) -> Response {
    if !is_sha256(&sha256) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = match state.images.file(&sha256).await {
        Ok(path) => path,
        Err(error) => return refuse(&error),
    };
    match ServeFile::new(path).try_call(request).await {
        Ok(response) => {
            let mut response = response.into_response();
            let kind = HeaderValue::from_static("application/octet-stream");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

fn refuse(error: &ImageError) -> Response {
    warn!("{error}");
    let text = format!("{error}\n");
    match error {
        ImageError::Unknown { .. } => (StatusCode::NOT_FOUND, text).into_response(),
        ImageError::Unreachable { .. } | ImageError::Corrupt { .. } => {
            let retry = [(header::RETRY_AFTER, "2")];
            (StatusCode::SERVICE_UNAVAILABLE, retry, text).into_response()
        }
        ImageError::Disk { .. } => (StatusCode::INTERNAL_SERVER_ERROR, text).into_response(),
    }
}
