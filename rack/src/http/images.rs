//! Images and boot files by their SHA-256: fetched once from a region, verified, kept on disk.
//!
//! A file has one writer, a task of the cache: any number of clients that ask for it wait for that
//! one, and it goes on when they hang up. It gets its name after the bytes on disk were read again
//! and have the hash that is the name; a region that sent others is not asked again for this file.
//! The cache may be deleted at any time.

mod download;
mod partial;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::boot::content::is_sha256;
use tokio::fs;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_http::services::ServeFile;
use tracing::{info, warn};

use crate::http::HttpState;
use crate::http::images::download::Regions;
use crate::http::images::partial::Partial;
use crate::metrics::Metrics;
use crate::session::Dial;
use crate::uplink::Uplink;

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
    /// What regions gave has another hash.
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

/// What all who wait for a file are told.
type Outcome = Result<(), Arc<ImageError>>;

/// The files that are being fetched; none in the channel until the outcome is known.
type Running = Arc<Mutex<BTreeMap<String, watch::Receiver<Option<Outcome>>>>>;

/// Images on disk.
#[derive(Debug)]
pub struct ImageCache {
    filler: Filler,
    running: Running,
    /// The tasks that fetch. They end with the cache.
    tasks: Mutex<JoinSet<()>>,
}

/// What fetches a file.
#[derive(Debug, Clone)]
struct Filler {
    folder: Arc<PathBuf>,
    bytes_max: u64,
    regions: Regions,
    metrics: Arc<Metrics>,
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
        let regions = Regions::new(uplink, Arc::clone(&metrics))?;
        let folder = Arc::new(folder);
        let filler = Filler { folder, bytes_max, regions, metrics };
        Ok(Self { filler, running: Running::default(), tasks: Mutex::default() })
    }

    /// The same, fetching over mutual TLS from regions that offer it.
    #[must_use]
    pub fn over(mut self, dial: Dial) -> Self {
        self.filler.regions.dial = Some(dial);
        self
    }

    /// The file with this hash, fetched from a region unless it is here.
    ///
    /// # Errors
    /// See [`ImageError`].
    pub async fn file(&self, sha256: &str) -> Result<PathBuf, Arc<ImageError>> {
        let path = self.filler.path(sha256);
        if fs::try_exists(&path).await.unwrap_or(false) {
            return Ok(path);
        }
        let mut fill = self.fill(sha256);
        let outcome = fill.wait_for(Option::is_some).await.ok().and_then(|known| known.clone());
        let ended = || {
            let reason = "the fetch ended early".to_owned();
            Err(Arc::new(ImageError::Unreachable { sha256: sha256.to_owned(), reason }))
        };
        outcome.unwrap_or_else(ended).map(|()| path)
    }

    /// The file with this hash, if it is here; if not, it is fetched, for who asks again.
    pub async fn file_if_here(&self, sha256: &str) -> Option<PathBuf> {
        let path = self.filler.path(sha256);
        if fs::try_exists(&path).await.unwrap_or(false) {
            return Some(path);
        }
        drop(self.fill(sha256));
        None
    }

    /// The fetch of a file that is under way, or a new one.
    fn fill(&self, sha256: &str) -> watch::Receiver<Option<Outcome>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // The channel of a fetch that panicked is closed.
        if let Some(fill) = running.get(sha256).filter(|fill| fill.has_changed().is_ok()) {
            return fill.clone();
        }
        let (sender, receiver) = watch::channel(None);
        running.insert(sha256.to_owned(), receiver.clone());
        let (filler, running) = (self.filler.clone(), Arc::clone(&self.running));
        let sha256 = sha256.to_owned();
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let outcome = filler.fill(&sha256).await.map_err(Arc::new);
            running.lock().unwrap_or_else(PoisonError::into_inner).remove(&sha256);
            sender.send_replace(Some(outcome));
        });
        receiver
    }
}

impl Filler {
    fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256)
    }

    /// Fetches a file, unless an earlier fetch ended just now.
    async fn fill(&self, sha256: &str) -> Result<(), ImageError> {
        let path = self.path(sha256);
        if fs::try_exists(&path).await.unwrap_or(false) {
            return Ok(());
        }
        let mut partial = Partial::create(path.with_extension("part")).await?;
        if let Err(error) = self.regions.download(sha256, &mut partial).await {
            self.metrics.image_fill_failures.inc();
            partial.discard().await?;
            return Err(error);
        }
        let bytes = partial.publish(&path).await?;
        self.metrics.image_fills.inc();
        info!(sha256, bytes, "image {sha256} is in the cache ({bytes} bytes)");
        self.evict(&path).await
    }

    /// Removes the files that were not used for the longest time, until the rest fits.
    async fn evict(&self, newest: &FilePath) -> Result<(), ImageError> {
        let disk = |source| ImageError::Disk { path: self.folder.to_path_buf(), source };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        let mut entries = fs::read_dir(self.folder.as_path()).await.map_err(disk)?;
        while let Some(entry) = entries.next_entry().await.map_err(disk)? {
            // Another fetch may have removed it meanwhile.
            let Ok(metadata) = entry.metadata().await else { continue };
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
                match fs::remove_file(&path).await {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(disk(error));
                    }
                    Ok(()) | Err(_) => total -= bytes,
                }
            }
        }
        Ok(())
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

#[cfg(test)]
mod tests;
