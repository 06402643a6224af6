//! A page as an answer has it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::list::{Count, Page};

/// What an answer says with the objects of a page.
#[derive(Debug, Serialize)]
pub(crate) struct Body<T> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) facets: BTreeMap<String, Vec<Count>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) groups: Option<Vec<Count>>,
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
    /// The revision that it is of.
    pub(crate) revision: u64,
    /// Null where nobody counts them.
    pub(crate) total: Option<usize>,
}

impl<T> Body<T> {
    /// A page at a revision, whose objects are made to what is shown of them.
    pub(crate) fn of<S>(page: Page<S>, revision: u64, shown: impl FnMut(S) -> T) -> Self {
        let Page { items, total, next, facets, groups } = page;
        let items = items.into_iter().map(shown).collect();
        Self { facets, groups, items, next, revision, total: Some(total) }
    }

    /// A page of what is neither counted nor sorted.
    pub(crate) fn uncounted(items: Vec<T>, next: Option<String>, revision: u64) -> Self {
        Self { facets: BTreeMap::new(), groups: None, items, next, revision, total: None }
    }
}
