//! The documentation of this API as a page: it renders the `OpenAPI` document in the browser, and asks nobody else for
//! anything. Kinds of problems stand in it as they are, so that links to them work without a script, too.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;

use crate::problem::KINDS;

/// A file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The page.
    Page,
    /// How it looks.
    Style,
    /// What it does.
    Script,
}

/// What the page may load and do: its own files, and the document. Its icon is empty and within the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the kinds of problems go.
const KINDS_HERE: &str = "<!-- kinds -->";

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let mut kinds = String::new();
    for (status, name, title) in KINDS {
        let _infallible = writeln!(
            kinds,
            "<div id=\"{name}\"><dt><a href=\"#{name}\">{name}</a> ({status})</dt><dd>{title}.</dd></div>"
        );
    }
    include_str!("../assets/docs.html").replace(KINDS_HERE, &kinds)
});

impl File {
    /// What it is.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Page => "text/html; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Page => &PAGE,
            Self::Style => include_str!("../assets/docs.css"),
            Self::Script => include_str!("../assets/docs.js"),
        }
    }

    /// The file as an answer.
    #[must_use]
    pub fn answer(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.media_type()),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        (headers, self.text()).into_response()
    }
}
