//! Phases that have gone on for too long: the machine fails with the reason, as the lifecycle
//! says. Everything else of a deployment is driven by the machine itself, so there is nothing here
//! that a change of leader could interrupt.

use std::time::Duration;

use model::access::Actor;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::lifecycle::{Event, Refusal};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::reconcile::driver::{self, Schedule};
use ops::authorize::cause;
use ops::machine::step::{self, Author, StepError};
use tables::read::Reads;
use tables::update::{Tables, now};

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "deploy", prefixes: Vec::new(), interval: Duration::from_secs(5) };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Fails every machine whose deadline has passed. One that cannot be written does not keep the others
/// waiting.
///
/// # Errors
/// See [`StepError`]: the last of those that came up.
pub async fn pass(tables: &Tables) -> Result<(), StepError> {
    let view = tables.stale_view().await?;
    let overdue: Vec<SystemId> = view.state().overdue(now()).cloned().collect();
    let mut outcome = Ok(());
    for id in &overdue {
        if let Err(error) = time_out(tables, id).await {
            warn!(machine.id = %id, "machine {id} cannot be timed out: {error}");
            outcome = Err(error);
        }
    }
    outcome
}

async fn time_out(tables: &Tables, id: &SystemId) -> Result<(), StepError> {
    let cause = cause(&Actor::Reconciler("deploy"), "machine.timeout");
    tables
        .update(&cause, |tx| {
            let Some(mut machine) = tx.get::<Machine>(id)? else { return Ok(()) };
            // It may have been switched on since, and then refuses what it was told to boot.
            machine.hardware.secure_boot = None;
            match step::advance(tx, &mut machine, &Event::Timeout, Author::System) {
                Err(StepError::Refused { refusal: Refusal::NotDue, .. }) => Ok(()),
                other => other,
            }
        })
        .await
}
