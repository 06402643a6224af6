//! Requests that are carried out once, however often they are sent.

use model::answered::Answered;
use model::time::Timestamp;

use crate::error::TableError;
use crate::read::Reads;
use crate::row::Row;
use crate::tx::Tx;

/// What a request is remembered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    key: String,
    request: String,
}

impl Once {
    /// A request by the hash of its key, which must include who sent it, and the hash of all that it asks for.
    #[must_use]
    pub fn new(key: &[u8; 32], request: &[u8; 32]) -> Self {
        Self { key: hex(key), request: hex(request) }
    }

    /// Whether it was carried out before, as far as that is remembered at this time: the error that says so.
    ///
    /// # Errors
    /// [`TableError::Answered`], or when the row cannot be read.
    pub fn check(&self, tables: &impl Reads, now: Timestamp) -> Result<(), TableError> {
        let answered = tables.get::<Answered>(&self.key)?;
        let Some(answered) = answered.filter(|found| !found.is_forgotten(1, now)) else {
            return Ok(());
        };
        let revision = tables.revision_of::<Answered>(&self.key).unwrap_or_default();
        Err(TableError::Answered { revision, same_request: answered.request == self.request })
    }

    /// Adds to a transaction that the request is carried out by it.
    pub(crate) fn remember(&self, tx: &mut Tx) -> Result<(), TableError> {
        let (id, request) = (self.key.clone(), self.request.clone());
        tx.put(&Answered { id, request, at: tx.now() })
    }
}

impl Row for Answered {
    type Id = String;
    const TABLE: &'static str = "answered";

    fn id(&self) -> String {
        self.id.clone()
    }
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
