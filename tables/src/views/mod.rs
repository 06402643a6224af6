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
pub mod state;

use std::sync::{Arc, Mutex};

use raft_store::read::ReadView;

use crate::error::TableError;
use crate::views::state::State;

/// More transactions than this behind, the model is read anew and not brought up.
const CHANGES_MAX: usize = 2048;

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
        if let Some(state) = self.brought_up(view) {
            return Ok(state);
        }
        // One reads everything, and the others wait for it.
        let _reading = self.reading.lock().await;
        if let Some(state) = self.brought_up(view) {
            return Ok(state);
        }
        let view = view.clone();
        let read = tokio::task::spawn_blocking(move || State::read(&view)).await;
        let read = Arc::new(read.map_err(|error| TableError::Unavailable {
            reason: error.to_string(),
            outcome_open: false,
        })?);
        *self.current.lock().expect("no panic while locked") = Arc::clone(&read);
        Ok(read)
    }

    fn brought_up(&self, view: &ReadView) -> Option<Arc<State>> {
        let mut current = self.current.lock().expect("no panic while locked");
        if current.revision() < view.revision() {
            let changes = view.changes_after(current.revision(), CHANGES_MAX)?;
            let mut next = State::clone(&current);
            next.bring_up(view, &changes);
            *current = Arc::new(next);
        }
        Some(Arc::clone(&current))
    }
}
