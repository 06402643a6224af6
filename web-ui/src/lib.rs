//! The web interface as a region serves it: built pages out of the program, and a status page that the server makes itself.
//!
//! The pages are a client of `/api/v1/` like any other; nothing here knows what a machine is. `make ui` builds them into
//! `ui/dist/pages`, which is embedded; without it a page says so.

mod embedded;
mod headers;
mod pages;
mod places;
mod standing;
mod status;

use axum::Router;
use axum::middleware::from_fn;
use axum::response::Redirect;
use axum::routing::get;
use tables::update::Tables;

use crate::embedded::Embedded;
use crate::headers::guarded;
use crate::pages::{Pages, page};
use crate::places::{ROOT, STATUS, STATUS_STYLE};

/// Everything that browsers are served besides the API.
pub fn router(tables: Tables) -> Router {
    let status = Router::new()
        .route(STATUS, get(status::page))
        .route(STATUS_STYLE, get(status::style))
        .with_state(tables);
    doors(&Embedded).merge(status).layer(from_fn(guarded))
}

/// The pages, and what leads to them.
fn doors(pages: &'static dyn Pages) -> Router {
    let home = || get(async || Redirect::to(ROOT));
    Router::new()
        .route("/", home())
        .route("/MAAS", home())
        .route("/MAAS/", home())
        .route("/MAAS/r", home())
        .route(ROOT, get(page))
        .route("/MAAS/r/{*path}", get(page))
        .with_state(pages)
}

#[cfg(test)]
mod tests;
