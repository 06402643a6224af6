//! What MAAS serves without a key besides its API: `/MAAS/api/`, where clients find the descriptions of it, and
//! `/MAAS/api/docs/`, a page to read.

use std::fmt::Write;

use api::describe::Description;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::describe::openapi;
use crate::reply::Reply;

/// Where the description as `OpenAPI` is.
const OPENAPI: &str = "/MAAS/api/2.0/openapi.yaml";

/// Where the page is.
pub const DOCS: &str = "/MAAS/api/docs/";

/// Where the descriptions of the API are.
#[must_use]
pub fn landing(origin: &str) -> Reply {
    let link = |path: &str, rel: &str, kind: &str, title: &str| {
        let href = format!("{origin}{path}");
        json!({ "path": path, "rel": rel, "type": kind, "title": title, "href": href })
    };
    let resources: Value = [
        link("/MAAS/api", "self", "application/json", "this document"),
        link(OPENAPI, "service-desc", openapi::CONTENT_TYPE, "the API definition"),
        link(DOCS, "service-doc", "text/html", "the API documentation"),
    ]
    .into_iter()
    .collect();
    let page = json!({
        "title": "MAAS API",
        "description": "API landing page for MAAS",
        "resources": resources,
    });
    Reply::json(&page).with_content_type("application/json")
}

/// The description of the API to be read: no script and nothing from elsewhere.
#[must_use]
pub fn docs(page: &'static str) -> Reply {
    Reply::bytes("text/html; charset=utf-8", Bytes::from_static(page.as_bytes()))
}

/// The page that is read.
pub(super) fn page(description: &Description) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>API</title></head>\n<body>\n\
         <h1>API 2.0</h1>\n<p>Each operation with its parameters. For programs: \
         <a href=\"/MAAS/api/2.0/openapi.yaml\">openapi.yaml</a> (OpenAPI 3.0) and \
         <a href=\"/MAAS/api/2.0/describe/\">describe/</a>.</p>\n",
    );
    for handler in &description.handlers {
        let (name, purpose) = (escaped(&handler.name), escaped(&handler.doc));
        let _ = writeln!(page, "<h2 id=\"{name}\">{name}</h2>\n<p>{purpose}</p>");
        for action in &handler.actions {
            let op = action.op.as_ref().map(|op| format!("op-{op}")).unwrap_or_default();
            let head = escaped(&format!("{} {}{op}", action.method, handler.path));
            let _ = writeln!(page, "<h3>{head}</h3>\n<pre>{}</pre>", escaped(&action.doc));
        }
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_text() {
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
        let page = page(&crate::describe::DESCRIPTION);
        assert!(page.contains("<h3>POST /MAAS/api/2.0/machines/op-allocate</h3>"));
        assert!(!page.contains("<script"));
    }
}
