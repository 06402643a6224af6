//! The tables as they were: views of earlier revisions, each with the model of that time.
//!
//! A model is read from all rows, which takes long and much memory at a large site. So one is built at a time,
//! and the last few are kept; the views themselves are not, because the store keeps what they show.

use std::collections::VecDeque;
use std::sync::Arc;

use raft_store::Store;

use crate::error::TableError;
use crate::read::View;
use crate::views::state::State;

/// How many models of the past are kept.
const MODELS_MAX: usize = 2;

/// The models of the past that were built last, the newest at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    /// Locked while one is built.
    models: Arc<tokio::sync::Mutex<VecDeque<Arc<State>>>>,
}

impl Past {
    /// The tables at an earlier revision.
    pub(crate) async fn view(&self, store: &Store, revision: u64) -> Result<View, TableError> {
        let at = store.read_at(revision).await?;
        let mut models = self.models.lock().await;
        if let Some(place) = models.iter().position(|model| model.revision() == revision)
            && let Some(known) = models.remove(place)
        {
            models.push_back(Arc::clone(&known));
            return Ok(View::new(at, known));
        }
        let view = at.clone();
        let built = tokio::task::spawn_blocking(move || State::read(&view)).await;
        let built = Arc::new(built.map_err(|error| TableError::Unavailable {
            reason: error.to_string(),
            outcome_open: false,
        })?);
        while models.len() >= MODELS_MAX {
            models.pop_front();
        }
        models.push_back(Arc::clone(&built));
        Ok(View::new(at, built))
    }
}
