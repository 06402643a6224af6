//! Leases that ended: names that go, bindings nobody may claim any more, and blocks whose range is gone.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::controller::RackController;
use tokio_util::sync::CancellationToken;

use crate::reconcile::contact::Contact;
use crate::reconcile::driver::{self, Schedule};
use ops::network::leases::{end_leases, remove_expired};
use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Tables, now};

/// How many rows one transaction removes.
const REMOVED_MAX: usize = 256;

/// How many leases one transaction ends.
const ENDED_MAX: usize = 256;
/// How often ended leases are looked for: a name goes within a second.
const ENDED_EVERY: Duration = Duration::from_millis(500);

/// Ends leases whose clients did not renew them in time. Runs until cancelled.
pub async fn run_ends(tables: Tables, shutdown: CancellationToken) {
    let contact = Mutex::new(Contact::default());
    let schedule = Schedule { name: "ends of leases", prefixes: Vec::new(), interval: ENDED_EVERY };
    driver::run(tables.store().clone(), schedule, shutdown, async || -> Result<(), TableError> {
        let racks = tables.stale_view().await?.list::<RackController>()?;
        let untold = {
            let mut contact = contact.lock().unwrap_or_else(PoisonError::into_inner);
            contact.untold(&racks, now(), Instant::now())
        };
        while end_leases(&tables, &untold, ENDED_MAX).await? >= ENDED_MAX {}
        Ok(())
    })
    .await;
}

/// Removes what means nothing any more. Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "leases", prefixes: Vec::new(), interval: Duration::from_secs(60) };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Removes what has expired, a bounded number at a time.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn pass(tables: &Tables) -> Result<(), TableError> {
    while remove_expired(tables, REMOVED_MAX).await? >= REMOVED_MAX {}
    Ok(())
}
