//! Power jobs that need a rack: new ones that found none, those whose rack is gone or silent, and
//! failed attempts after their pause. After too many attempts the order has failed.

use std::sync::Arc;
use std::time::Duration;

use model::controller::RackController;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::power::{PowerJob, PowerState};
use model::time::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::reconcile::driver::{self, Schedule};
use ops::power::{
    self, ATTEMPTS_MAX, POLL_INTERVAL_MS, PowerError, REPORT_TIMEOUT_MS, RETRY_PAUSE_MS,
};
use tables::read::Reads;
use tables::row::prefix;
use tables::tx::Tx;
use tables::update::{Cause, Tables, now};

/// How many machines are asked for their power state in one pass.
const POLLED_MAX: usize = 20;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule = Schedule {
        name: "power",
        prefixes: vec![prefix::<PowerJob>(), prefix::<RackController>()],
        interval: Duration::from_secs(1),
    };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Hands out every job that nobody works on, and asks for power states that are old.
///
/// # Errors
/// See [`PowerError`].
pub async fn pass(tables: &Tables) -> Result<(), PowerError> {
    let view = tables.stale_view().await?;
    let racks = view.list::<RackController>()?;
    let waiting = view.state().jobs().filter(|job| needs_rack(job, &racks, now()));
    let waiting: Vec<Arc<PowerJob>> = waiting.cloned().collect();
    let mut outcome = Ok(());
    for job in &waiting {
        keep_error(&mut outcome, &job.machine, hand_out(tables, job).await);
    }
    let old = view.state().observed_before(now().minus_ms(POLL_INTERVAL_MS));
    let old = old.filter(|id| view.state().job(id).is_none());
    let old: Vec<SystemId> = old.take(POLLED_MAX).cloned().collect();
    for id in &old {
        keep_error(&mut outcome, id, power::query(tables, id).await);
    }
    outcome
}

/// One machine that fails does not keep the others waiting.
fn keep_error(
    outcome: &mut Result<(), PowerError>,
    machine: &SystemId,
    done: Result<(), PowerError>,
) {
    if let Err(error) = done {
        warn!(machine.id = %machine, "power of machine {machine}: {error}");
        *outcome = Err(error);
    }
}

fn needs_rack(job: &PowerJob, racks: &[RackController], now: Timestamp) -> bool {
    let waited_ms = now.since_ms(job.assigned);
    let Some(rack) = &job.rack else {
        return waited_ms >= RETRY_PAUSE_MS || job.attempt == 0;
    };
    let connected = racks.iter().any(|known| known.system_id == *rack && known.session.is_some());
    !connected || waited_ms >= REPORT_TIMEOUT_MS
}

/// Gives a job to a rack, or gives it up. Only if it is still as it was seen.
async fn hand_out(tables: &Tables, seen: &PowerJob) -> Result<(), PowerError> {
    let cause = Cause::new("reconciler:power", "power.assign");
    tables
        .update(&cause, |tx| {
            let job = tx.get::<PowerJob>(&seen.machine)?;
            let (Some(job), Some(mut machine)) =
                (job.filter(|job| job == seen), tx.get::<Machine>(&seen.machine)?)
            else {
                return Ok(());
            };
            assign(tx, &mut machine, job)
        })
        .await
}

fn assign(tx: &mut Tx, machine: &mut Machine, job: PowerJob) -> Result<(), PowerError> {
    let Some(rack) = power::choose_rack(tx, machine, job.rack.as_ref())? else {
        // Without any rack the job waits; the phase's own deadline limits that.
        return Ok(());
    };
    if job.attempt >= ATTEMPTS_MAX {
        machine.power.state = PowerState::Error;
        return power::give_up(tx, machine, &job, "no rack reported on the last attempt");
    }
    let attempt = job.attempt + 1;
    tx.put(&PowerJob { rack: Some(rack), attempt, assigned: tx.now(), ..job })?;
    Ok(())
}
