//! The tables as they were: views of earlier revisions, each with the model of that time.
//!
//! A view reads all that was changed since, and a model all rows, which takes long and much memory at a large site. So one
//! is read at a time, and the last few models are kept; the views themselves are not, because the store keeps what they show.

use std::collections::VecDeque;
use std::sync::Arc;

use raft_store::Store;
use tokio::runtime::Handle;

use crate::error::TableError;
use crate::read::View;
use crate::views::state::State;

/// How many models of the past are kept.
const MODELS_MAX: usize = 2;

/// The models of the past that were built last, the newest at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    /// Locked while one is read.
    models: Arc<tokio::sync::Mutex<VecDeque<Arc<State>>>>,
}

impl Past {
    /// The tables at an earlier revision.
    pub(crate) async fn view(&self, store: &Store, revision: u64) -> Result<View, TableError> {
        let mut models = Arc::clone(&self.models).lock_owned().await;
        let (store, runtime) = (store.clone(), Handle::current());
        // It holds the lock to its end, also when nobody waits for it any more.
        let read = tokio::task::spawn_blocking(move || {
            let at = runtime.block_on(store.read_at(revision))?;
            let place = models.iter().position(|model| model.revision() == revision);
            let known = place.and_then(|place| models.remove(place));
            let model = known.unwrap_or_else(|| Arc::new(State::read(&at)));
            while models.len() >= MODELS_MAX {
                models.pop_front();
            }
            models.push_back(Arc::clone(&model));
            Ok::<_, TableError>(View::new(at, model))
        });
        read.await.map_err(|error| TableError::Unavailable {
            reason: error.to_string(),
            outcome_open: false,
        })?
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::update::{Cause, Tables};

    #[tokio::test]
    async fn a_model_that_nobody_waits_for_any_more_is_built_before_the_next_one() {
        let tables = Tables::new(Store::in_memory());
        let zone = model::zone::AvailabilityZone {
            id: model::id::AvailabilityZoneId(7),
            name: "attic".to_owned(),
            description: String::new(),
        };
        let cause = Cause::new("test", "test");
        let put = tables.update(&cause, |tx| tx.put(&zone));
        put.await.expect("written");
        let revision = tables.view().await.expect("read").revision();
        let past = Past::default();
        assert!(past.view(tables.store(), revision).now_or_never().is_none(), "it is being built");
        let models = past.models.lock().await;
        let known: Vec<u64> = models.iter().map(|model| model.revision()).collect();
        assert_eq!(known, [revision]);
    }
}
