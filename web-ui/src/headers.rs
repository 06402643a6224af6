//! What every page tells browsers: nothing from elsewhere, in no frame of others, and over TLS only where there is TLS.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};

/// What a page may load: what comes from here, as files.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'self'; form-action 'self'";

/// A year of TLS only.
const TLS_ONLY: &str = "max-age=31536000";

/// Adds the headers.
pub(crate) async fn guarded(request: Request, next: Next) -> Response {
    // Said by this region's TLS port, or by what stands before it; browsers heed the answer over TLS alone.
    let scheme = request.headers().get("x-forwarded-proto");
    let is_encrypted =
        scheme.is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if is_encrypted {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TLS_ONLY));
    }
    response
}
