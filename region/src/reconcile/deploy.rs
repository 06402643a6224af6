//! Phases that have gone on for too long: the machine fails with the reason, as the lifecycle
//! says. Everything else of a deployment is driven by the machine itself, so there is nothing here
//! that a change of leader could interrupt.

use std::time::Duration;

use model::access::Actor;
use model::machine::Machine;
use model::machine::lifecycle::{Event, Refusal};
use raft_store::Store;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::authorize::cause;
use ops::machine::step::{self, Author, StepError};
use tables::read::Reads;
use tables::update::{Tables, now};

/// Runs until cancelled.
pub async fn run(store: Store, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "deploy", prefixes: Vec::new(), interval: Duration::from_secs(5) };
    let tables = Tables::new(store.clone());
    driver::run(store, schedule, shutdown, || pass(&tables)).await;
}

/// Fails every machine whose deadline has passed.
///
/// # Errors
/// See [`StepError`].
pub async fn pass(tables: &Tables) -> Result<(), StepError> {
    let view = tables.stale_view().await?;
    let due = |machine: &Machine| machine.lifecycle.deadline.is_some_and(|at| at <= now());
    for machine in view.list::<Machine>()?.iter().filter(|machine| due(machine)) {
        time_out(tables, machine).await?;
    }
    Ok(())
}

async fn time_out(tables: &Tables, seen: &Machine) -> Result<(), StepError> {
    let cause = cause(&Actor::Reconciler("deploy"), "machine.timeout");
    tables
        .update(&cause, |tx| {
            let Some(mut machine) = tx.get::<Machine>(&seen.system_id)? else { return Ok(()) };
            match step::advance(tx, &mut machine, &Event::Timeout, Author::System) {
                Err(StepError::Refused { refusal: Refusal::NotDue, .. }) => Ok(()),
                other => other,
            }
        })
        .await
}
