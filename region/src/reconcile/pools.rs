//! Operators are told when the dynamic ranges or the pools of prefixes of a subnet fill up, and when there is room again.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::network::pools::levels::{Easing, tell_levels};
use tables::error::TableError;
use tables::update::Tables;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "pools", prefixes: Vec::new(), interval: Duration::from_secs(5) };
    let (tables, easing) = (&tables, &Mutex::new(Easing::default()));
    let pass = || async {
        tell_levels(tables, &mut *easing.lock().await).await?;
        Ok::<_, TableError>(())
    };
    driver::run(tables.store().clone(), schedule, shutdown, pass).await;
}
