//! `version/`: what clients look at before anything else.

use api::version::Version;

use crate::operation::Operation;
use crate::reply::Reply;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[Operation::get("VersionHandler", "version/", |_| {
    Box::pin(std::future::ready(Ok(Reply::json(&Version::current()))))
})
.anonymous()
.doc("Read the version and the capabilities of the API.")];
