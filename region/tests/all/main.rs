//! A region from without: what stands in its store, machines and the REST API, many at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod golden;
mod machines;
mod many;
mod webhooks;
