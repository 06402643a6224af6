//! Who changed an object since: what the answer to an undo that comes too late names.

use bytes::Bytes;
use model::error::Kind as ErrorKind;
use tables::error::TableError;
use tables::update::Tables;

use crate::error::Refusal;

/// How many changes of a key are looked at.
const CHANGES_MAX: usize = 64;

/// An object that is not as the revision left it.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// Where it is stored.
    pub(super) keys: Vec<Bytes>,
}

impl Changed {
    /// The refusal, with who did it last.
    pub(super) async fn told(self, tables: &Tables, revision: u64) -> Refusal {
        match self.last(tables, revision).await {
            Ok(by) => {
                let Self { kind, name, .. } = self;
                let message = format!("{kind} {name} was changed after revision {revision}{by}.");
                Refusal::with_message(ErrorKind::Conflict, message)
            }
            Err(error) => error.into(),
        }
    }

    async fn last(&self, tables: &Tables, revision: u64) -> Result<String, TableError> {
        let mut last = None;
        for key in &self.keys {
            let past = tables.store().past_of(key.clone(), None, CHANGES_MAX).await?;
            let since = past.changes.into_iter().map(|change| change.done);
            last = since
                .filter(|done| done.revision > revision)
                .chain(last)
                // What users did rather than what machines reported.
                .max_by_key(|done| (done.actor.starts_with("user:"), done.revision));
        }
        let by = |done: raft_store::past::records::Done| {
            format!(": at revision {} by {} ({})", done.revision, done.actor, done.reason)
        };
        Ok(last.map(by).unwrap_or_default())
    }
}
