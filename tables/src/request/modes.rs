//! The clones of the tables that a request is carried out with.

use std::sync::Arc;

use crate::audit::Origin;
use crate::error::TableError;
use crate::read::View;
use crate::request::fingerprint::Fingerprint;
use crate::request::once::Once;
use crate::request::planned::Planned;
use crate::request::{Expected, Request};
use crate::row::{Row, part_key, row_key};
use crate::update::Tables;

impl Tables {
    /// The same tables for one request: each transaction also writes an event of what it changed.
    #[must_use]
    pub fn on_behalf(&self, origin: Origin) -> Self {
        self.with(|request| request.behalf = Some(Arc::new(origin)))
    }

    /// The same tables, whose [views](Tables::view) are all that one. Transactions are evaluated on new views.
    #[must_use]
    pub fn pinned(&self, view: View) -> Self {
        self.with(|request| request.pinned = Some(view))
    }

    /// The same tables, in which transactions are evaluated and nothing is sent: they answer as if they had been
    /// committed, and what they would change is noted.
    ///
    /// All of them, and all views, see the one state that there is now, so a second transaction does not see
    /// what a first one would have written. It fails, or plans too little, where it needs that.
    ///
    /// # Errors
    /// As [`Tables::view`].
    pub async fn planning(&self) -> Result<(Self, Planned), TableError> {
        let view = self.view().await?;
        let planned = Planned::at(view.revision());
        let tables = self.with(|request| {
            request.pinned = Some(view);
            request.planned = Some(planned.clone());
        });
        Ok((tables, planned))
    }

    /// Whether transactions are only evaluated: an operation that does more than transactions must not do it then.
    #[must_use]
    pub fn is_planning(&self) -> bool {
        self.request.planned_at().is_some()
    }

    /// The same tables, in which transactions are committed only if they rest on what they rested on when they were
    /// [planned](Planned::fingerprint): on the same revisions of the same keys. Numbers, random ids and times may be others.
    ///
    /// Otherwise they fail with [`TableError::Moved`]. The request must be the one that was planned.
    #[must_use]
    pub fn only_if(&self, planned: Fingerprint) -> Self {
        self.with(|request| request.only_if = Some(Arc::new(planned)))
    }

    /// The same tables, in which nothing is committed unless that row is at that
    /// [revision](crate::read::Reads::revision_of) before the request: the first transaction that writes compares it.
    ///
    /// Otherwise it fails with [`TableError::Changed`], but for errors of the operation, which come first.
    #[must_use]
    pub fn expecting<T: Row>(&self, id: &T::Id, revision: u64) -> Self {
        let parts = T::PARTS.iter().map(|part| part_key::<T>(part, id));
        let keys = std::iter::once(row_key::<T>(id)).chain(parts).collect();
        self.with(|request| request.expected.push(Expected { keys, revision }))
    }

    /// The same tables for a request that is carried out once: the first transaction that writes also remembers it, and
    /// when it was remembered before, every transaction fails with [`TableError::Answered`].
    #[must_use]
    pub fn answering_once(&self, once: Once) -> Self {
        self.with(|request| request.once = Some(once))
    }

    /// The same tables for a request that begins.
    fn with(&self, change: impl FnOnce(&mut Request)) -> Self {
        let mut tables = self.clone();
        tables.request.progress = Arc::default();
        change(&mut tables.request);
        tables
    }
}
