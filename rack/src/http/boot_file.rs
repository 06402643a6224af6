//! `GET /boot/<name>`: network boot programs for firmware that boots over HTTP (UEFI 2.10 §24.7).

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing::{info, warn};

use crate::http::HttpState;
use crate::tftp::files::FileError;

/// The media type of UEFI applications (RFC 5970 §3, UEFI 2.10 §24.7.3.1).
const EFI: &str = "application/efi";

pub(super) async fn serve(State(state): State<HttpState>, Path(name): Path<String>) -> Response {
    match state.boot_files.read(&name).await {
        Ok(content) => {
            info!(file = name, size_bytes = content.len(), "boot file {name} is sent over HTTP");
            ([(header::CONTENT_TYPE, EFI)], content).into_response()
        }
        Err(error @ (FileError::NotFound { .. } | FileError::Outside { .. })) => {
            (StatusCode::NOT_FOUND, error.to_string()).into_response()
        }
        Err(error @ FileError::Unreadable { .. }) => {
            warn!(file = name, "a boot file is not served: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
        }
    }
}
