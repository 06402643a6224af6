//! What hot questions are answered from: the replicated objects in memory, at a known revision.
//!
//! [`Views::at`] brings the model of this process up to a view of the store by the changes in between, so whoever
//! reads after a write of its own finds it, on any node, without a task that has to keep up. The model is made
//! of persistent maps: who got it keeps it as it was. It is for *finding* (which machine is
//! ready, which address is free); what is decided with it must be compared in the transaction, and is refused
//! there when it has moved.

pub mod intervals;
pub mod lookup;
pub mod machines;
pub mod ranges;
pub mod state;

use std::sync::{Arc, Mutex, MutexGuard};

use raft_store::read::{KeyChange, ReadView};

use crate::error::TableError;
use crate::views::state::State;

/// More transactions than this behind, the model is read anew and not brought up.
const CHANGES_MAX: usize = 2048;

/// So many transactions, and so many keys, are taken in by whoever asks. More would keep its thread, which also carries
/// Raft's heartbeats, for longer than a millisecond.
const CHANGES_AT_ONCE_MAX: usize = 16;
const KEYS_AT_ONCE_MAX: usize = 64;

/// The changes between the model and a view, when they are too many to be taken in at once.
struct Far {
    /// The revision of the model.
    after: u64,
    changes: Vec<KeyChange>,
}

/// The model of one process.
#[derive(Debug, Clone, Default)]
pub struct Views {
    current: Arc<Mutex<Arc<State>>>,
    reading: Arc<tokio::sync::Mutex<()>>,
}

impl Views {
    /// The model at the revision of a view, or at a later one.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] when the process is stopping.
    pub async fn at(&self, view: &ReadView) -> Result<Arc<State>, TableError> {
        let far = match self.brought_up(view) {
            Ok(state) => return Ok(state),
            Err(far) => far,
        };
        // One reads much, and the others wait for it.
        let _reading = self.reading.lock().await;
        let from = self.current();
        if from.revision() >= view.revision() {
            return Ok(from);
        }
        let changes = far.filter(|far| far.after == from.revision()).map(|far| far.changes);
        let view = view.clone();
        let read = tokio::task::spawn_blocking(move || from.at(&view, changes)).await;
        let read = Arc::new(read.map_err(|error| TableError::Unavailable {
            reason: error.to_string(),
            outcome_open: false,
        })?);
        let mut current = self.lock();
        if current.revision() < read.revision() {
            *current = Arc::clone(&read);
        }
        Ok(read)
    }

    /// The model, if it is there or a few changes away; else what was found to be in between.
    fn brought_up(&self, view: &ReadView) -> Result<Arc<State>, Option<Far>> {
        let mut current = self.lock();
        if current.revision() < view.revision() {
            let after = current.revision();
            let changes = view.changes_after(after, CHANGES_AT_ONCE_MAX).ok_or(None)?;
            if changes.len() > KEYS_AT_ONCE_MAX {
                return Err(Some(Far { after, changes }));
            }
            let mut next = State::clone(&current);
            next.bring_up(view, &changes);
            *current = Arc::new(next);
        }
        Ok(Arc::clone(&current))
    }

    fn current(&self) -> Arc<State> {
        Arc::clone(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Arc<State>> {
        self.current.lock().expect("no panic while locked")
    }
}

impl State {
    /// The model at a view: this one brought up to it, by the changes in between if they are known
    /// already, or read anew.
    fn at(&self, view: &ReadView, changes: Option<Vec<KeyChange>>) -> Self {
        match changes.or_else(|| view.changes_after(self.revision(), CHANGES_MAX)) {
            Some(changes) => {
                let mut next = self.clone();
                next.bring_up(view, &changes);
                next
            }
            None => Self::read(view),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::id::SystemId;
    use model::machine::power::parameters::PowerParameters;
    use model::machine::power::{PowerAction, PowerJob};
    use model::time::Timestamp;
    use raft_store::Store;

    use crate::read::Reads;
    use crate::update::{Cause, Tables};

    fn job(number: u64) -> PowerJob {
        PowerJob {
            machine: SystemId::from_number(number),
            id: number,
            action: PowerAction::Off,
            driver: "manual".to_owned(),
            parameters: PowerParameters::default(),
            rack: None,
            attempt: 0,
            assigned: Timestamp::default(),
        }
    }

    /// Two processes over one store: the second looks again after so many transactions of the first.
    #[track_caller]
    fn check(transactions: u64, keys: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::in_memory();
            let (writer, reader) = (Tables::new(store.clone()), Tables::new(store));
            let cause = Cause::new("test", "test");
            writer.update(&cause, |tx| tx.put(&job(0))).await.unwrap();
            assert_eq!(reader.view().await.unwrap().state().jobs().count(), 1);
            for number in 0..transactions {
                let jobs = (1..=keys).map(|key| job(number * keys + key));
                let put = |tx: &mut crate::tx::Tx| jobs.clone().try_for_each(|job| tx.put(&job));
                writer.update(&cause, put).await.unwrap();
            }
            let view = reader.view().await.unwrap();
            assert_eq!(view.state().revision(), view.revision());
            assert_eq!(view.state().jobs().count() as u64, transactions * keys + 1);
        });
    }

    #[test]
    fn model_is_brought_up_however_far_it_is_behind() {
        check(1, 1);
        check(40, 1);
        check(1, 200);
    }
}
