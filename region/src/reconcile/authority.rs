//! Begins the next round of replacing the certificate authority as soon as no node stands in its
//! way. Nodes say themselves what they have; nothing is asked of them here.

use std::time::Duration;

use identity::rotation::short;
use model::controller::{RackController, RegionController};
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::cluster::authority::{AuthorityError, advance};
use tables::cluster::{StoredAuthority, StoredHolding};
use tables::row::prefix;
use tables::update::Tables;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule = Schedule {
        name: "authority",
        prefixes: vec![
            prefix::<StoredAuthority>(),
            prefix::<StoredHolding>(),
            prefix::<RegionController>(),
            prefix::<RackController>(),
        ],
        interval: Duration::from_secs(30),
    };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Begins the next round, if it is due.
///
/// # Errors
/// See [`AuthorityError`].
pub async fn pass(tables: &Tables) -> Result<(), AuthorityError> {
    if let Some(phase) = advance(tables).await? {
        let signing = short(phase.signing());
        tracing::info!(phase = phase.name(), "authority {signing} signs now: {}", phase.name());
    }
    Ok(())
}
