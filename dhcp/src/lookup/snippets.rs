//! Snippets of DHCP configuration by what they are for, and IP ranges by their addresses.

use std::collections::BTreeMap;

use model::dhcp::program::Program;
use model::dhcp::snippet::{Scope, ServedSnippet};
use model::id::{DhcpSnippetId, IpRangeId};
use model::lease::cut::Span;

/// Snippets by what they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snippets<A> {
    by_scope: BTreeMap<(Scope, DhcpSnippetId), Program>,
    scopes: BTreeMap<DhcpSnippetId, Scope>,
    /// Where ranges begin and end; they do not overlap.
    ranges: BTreeMap<A, (A, IpRangeId)>,
}

impl<A> Default for Snippets<A> {
    fn default() -> Self {
        Self { by_scope: BTreeMap::new(), scopes: BTreeMap::new(), ranges: BTreeMap::new() }
    }
}

impl<A: Copy + Ord> Snippets<A> {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_scope.is_empty()
    }

    pub(crate) fn put(&mut self, snippet: ServedSnippet) {
        let ServedSnippet { id, scope, program } = snippet;
        self.remove(id);
        if !program.is_empty() {
            self.scopes.insert(id, scope.clone());
            self.by_scope.insert((scope, id), program);
        }
    }

    pub(crate) fn remove(&mut self, id: DhcpSnippetId) {
        if let Some(scope) = self.scopes.remove(&id) {
            self.by_scope.remove(&(scope, id));
        }
    }

    /// A range is elsewhere now, or nowhere.
    pub(crate) fn move_range(
        &mut self,
        id: IpRangeId,
        before: Option<Span<A>>,
        after: Option<Span<A>>,
    ) {
        let is_its = |own: &(A, IpRangeId)| own.1 == id;
        if let Some(before) = before
            && self.ranges.get(&before.first).is_some_and(is_its)
        {
            self.ranges.remove(&before.first);
        }
        if let Some(after) = after {
            self.ranges.insert(after.first, (after.last, id));
        }
    }

    /// The range that an address lies in.
    pub(crate) fn range_of(&self, ip: A) -> Option<IpRangeId> {
        let (_, (last, id)) = self.ranges.range(..=ip).next_back()?;
        (ip <= *last).then_some(*id)
    }

    /// Those of a scope, the lowest id first.
    pub(crate) fn of(
        &self,
        scope: &Scope,
    ) -> impl DoubleEndedIterator<Item = (DhcpSnippetId, &Program)> {
        let first = (scope.clone(), DhcpSnippetId(0));
        let last = (scope.clone(), DhcpSnippetId(u32::MAX));
        self.by_scope.range(first..=last).map(|((_, id), program)| (*id, program))
    }
}
