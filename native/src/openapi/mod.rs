//! The `OpenAPI` 3.1 document, made of the same tables that the router is made of: what is served is described.

mod paths;
mod schemas;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use serde_json::{Value, json};

/// The document, as text. It is the same on all regions of a version.
static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
    let mut text = serde_json::to_vec_pretty(&document()).unwrap_or_default();
    text.push(b'\n');
    text.into()
});

/// The document.
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ironraft",
            "version": "1",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Bare metal as a service that stays up: the native API. Every region answers it. \
                Send an API key as `Authorization: Bearer consumer:token:secret`, or the cookie of a session \
                with its token as `X-CSRFToken`.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "key": [] }, { "session": [], "csrf": [] }],
        "tags": paths::tags(),
        "paths": paths::paths(),
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "An API key." },
                "session": { "type": "apiKey", "in": "cookie", "name": "sessionid" },
                "csrf": { "type": "apiKey", "in": "header", "name": "X-CSRFToken" },
            },
        },
    })
}

/// The document as an answer.
#[must_use]
pub fn answer() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], TEXT.clone()).into_response()
}
