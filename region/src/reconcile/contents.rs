//! Contents that no image refers to any more go after an hour; `image_files.rs` then removes their
//! files at each region.

use std::time::Duration;

use model::boot::files::BootFiles;
use model::boot::resource::BootResource;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::image::content_retention::review;
use tables::error::TableError;
use tables::row::prefix;
use tables::update::Tables;

/// How many steps one pass takes.
const STEPS_MAX: usize = 16;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule = Schedule {
        name: "contents",
        prefixes: vec![prefix::<BootResource>(), prefix::<BootFiles>()],
        interval: Duration::from_secs(60),
    };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Looks at the contents, a bounded number of them.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn pass(tables: &Tables) -> Result<(), TableError> {
    let mut last = None;
    for _ in 0..STEPS_MAX {
        last = review(tables, last.as_ref()).await?;
        if last.is_none() {
            break;
        }
    }
    Ok(())
}
