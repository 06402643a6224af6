//! The files of the pages, and the one page for every path that is none of them.
//!
//! A file below `assets/` has a hash of its content in its name, so a browser keeps it for good, and a wrong name is 404. Every
//! other path is the application's own: it gets `index.html`, which is asked for anew each time.

use std::borrow::Cow;
use std::fmt::Debug;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use crate::places::{ROOT, STATUS};

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// What is in it.
    pub(crate) bytes: Cow<'static, [u8]>,
    /// A hash of that, as text.
    pub(crate) hash: String,
}

/// Files by their paths below the root.
pub(crate) trait Pages: Debug + Send + Sync {
    /// The file at a path.
    fn find(&self, path: &str) -> Option<File>;
}

/// The page of paths that are no files.
const INDEX: &str = "index.html";

/// Files whose names change with their content.
const HASHED: &str = "assets/";

/// How long a browser keeps those: a year, and without asking.
pub(crate) const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Answers with a file, or with the application.
pub(crate) async fn page(
    State(pages): State<&'static dyn Pages>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path().strip_prefix(ROOT).unwrap_or_default();
    let is_hashed = path.starts_with(HASHED);
    if is_served(path)
        && let Some(file) = pages.find(path)
    {
        let kept = if is_hashed { FOR_GOOD } else { "no-cache" };
        return sent(pages, path, file, kept, &headers);
    }
    if is_hashed {
        return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
    }
    match pages.find(INDEX) {
        Some(file) => sent(pages, INDEX, file, "no-cache", &headers),
        None => not_built(),
    }
}

/// Whether a path may be one of a file: compressed forms are no files of their own.
fn is_served(path: &str) -> bool {
    !path.is_empty() && path.rsplit_once('.').is_none_or(|(_, extension)| extension != "gz")
}

fn sent(
    pages: &dyn Pages,
    path: &str,
    file: File,
    kept: &'static str,
    asked: &HeaderMap,
) -> Response {
    let packed = if takes_gzip(asked) { pages.find(&format!("{path}.gz")) } else { None };
    let is_packed = packed.is_some();
    // The two forms are different bytes, so they have different tags.
    let tag = format!("\"{}{}\"", file.hash, if is_packed { "-gz" } else { "" });
    let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| names(known, &tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(packed.unwrap_or(file).bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if is_packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let takes = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    takes.unwrap_or_default().split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && weight.trim() != "q=0"
    })
}

fn names(known: &HeaderValue, tag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known.split(',').any(|one| one.trim() == tag || one.trim() == "*")
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The program was compiled without the pages.
fn not_built() -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<title>Ironraft</title>\n<h1>The web interface was not built</h1>\n\
         <p>Run <code>make ui</code>, and compile again. <a href=\"{STATUS}\">Status of this node</a>, \
         <a href=\"/api/v1/docs\">API</a>.</p>\n</html>\n",
    );
    let headers = [(header::CONTENT_TYPE, media_type(INDEX)), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, page).into_response()
}
