//! The past: what was done to a key, what was done at a revision, and which revision there was at a time.
//!
//! It is read from the history, which begins at some revision (`Config::retention`): every answer says how far back it
//! goes, and what is asked for before that is an error.

pub(crate) mod memory;
pub mod records;

use bytes::Bytes;

use self::records::{PastOfKey, PastTxn, PastTxns, Records};
use crate::read::ReadError;
use crate::runtime;
use crate::state::history::Disk;
use crate::store::{Backend, Store};

/// Why a time has no revision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The history begins later.
    #[error("the history begins after revision {oldest}, which is later than that")]
    BeforeHistory {
        /// The oldest revision that can be read.
        oldest: u64,
    },
    /// The history cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Store {
    /// The last changes of a key before a revision, or up to now, newest first, at most `limit`.
    ///
    /// While the key has a value, it costs a look-up for each change. Where it is absent, its deletion is searched for in at most
    /// [`SEARCHED_MAX`](records::SEARCHED_MAX) transactions; the answer says how far that came, and asking for [`PastOfKey::next`] goes on.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] without a quorum.
    pub async fn past_of(
        &self,
        key: Bytes,
        before: Option<u64>,
        limit: usize,
    ) -> Result<PastOfKey, ReadError> {
        self.look_back(move |records| records::past_of(records, &key, before, limit)).await
    }

    /// The last revision that was written not after a time, in milliseconds since the Unix epoch of the clock of the log.
    /// When nothing was written yet, it is 0.
    ///
    /// # Errors
    /// [`TimeError::BeforeHistory`] when that is not known any more.
    pub async fn revision_at(&self, time_ms: u64) -> Result<u64, TimeError> {
        let found = self.look_back(move |records| records::revision_at(records, time_ms)).await?;
        found.map_err(|oldest| TimeError::BeforeHistory { oldest })
    }

    /// What was done at a revision: transactions that share one changed different keys. Nothing, when the log has an entry
    /// without changes there.
    ///
    /// # Errors
    /// [`ReadError::Compacted`] when that is not known any more, [`ReadError::Unavailable`] for a revision that
    /// is not there yet, or without a quorum.
    pub async fn changes_of(&self, revision: u64) -> Result<Vec<PastTxn>, ReadError> {
        let look = move |records: &dyn Records| {
            let (oldest, last) = (records.oldest(), records.last());
            (oldest, last, records::changes_of(records, revision))
        };
        let (oldest, last, changes) = self.look_back(look).await?;
        if revision <= oldest {
            return Err(ReadError::Compacted { requested: revision, oldest });
        }
        if revision > last {
            let reason = format!("revision {revision} is in the future");
            return Err(ReadError::Unavailable { reason });
        }
        Ok(changes)
    }

    /// The last transactions before a revision, or up to now, that are wanted, newest first: about `limit`, among at most
    /// [`SEARCHED_MAX`](records::SEARCHED_MAX); asking for [`PastTxns::next`] goes on.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] without a quorum.
    pub async fn changes_before(
        &self,
        before: Option<u64>,
        limit: usize,
        is_wanted: impl Fn(&PastTxn) -> bool + Send + 'static,
    ) -> Result<PastTxns, ReadError> {
        self.look_back(move |records| records::before(records, before, limit, is_wanted)).await
    }

    async fn look_back<T: Send + 'static>(
        &self,
        look: impl FnOnce(&dyn Records) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        match &self.backend {
            Backend::Memory { memory, .. } => Ok(memory.look_back(|records| look(records))),
            Backend::Node(node) => {
                node.read_barrier().await?;
                let (view, applied) = node.view();
                let looked = runtime::blocking(move || look(&Disk::new(&view, &applied))).await;
                looked.map_err(|error| ReadError::Failed { reason: error.to_string() })
            }
        }
    }
}
