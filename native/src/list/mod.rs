//! Lists: which objects, in which order, which page of them, and what there is of each value.
//!
//! It works on anything that has fields ([`Subject`]) and a key. A page begins behind the last object of the one
//! before, by its sort values and its key, so objects that come and go meanwhile move nothing: no page repeats one or
//! leaves one out that was there all the time.

pub(crate) mod body;
pub mod listed;
pub mod order;
pub mod query;
pub mod token;

use std::collections::{BTreeMap, HashMap};

use model::query::field::Subject;
use serde::Serialize;

use crate::list::listed::Listed;
use crate::list::order::{SortKey, SortValue, sort_key};
use crate::list::query::ListQuery;

/// How many values of a facet or of groups are told, the most frequent first.
pub const FACET_VALUES_MAX: usize = 1_000;

/// How many objects have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Count {
    /// The value as text; null for objects that have none.
    pub value: Option<String>,
    /// How many objects have it.
    pub count: usize,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The objects, in order.
    pub items: Vec<T>,
    /// How many the filter means, on all pages.
    pub total: usize,
    /// What the next page begins with; none when this is the last one.
    pub next: Option<String>,
    /// How many have each value of the fields that were asked for.
    pub facets: BTreeMap<String, Vec<Count>>,
    /// The groups that the objects are sorted by, in their order; none without `group`.
    pub groups: Option<Vec<Count>>,
}

/// The page that is asked for.
#[must_use]
pub fn page<T: Listed>(items: impl IntoIterator<Item = T>, query: &ListQuery) -> Page<T> {
    let meant: Vec<T> = items.into_iter().filter(|item| query.filter.matches(item)).collect();
    let total = meant.len();
    let facets = query.facets.iter().map(|(name, field)| (name.clone(), facet(&meant, *field)));
    let facets = facets.collect();
    let groups = query.group.map(|field| groups(&meant, field));
    let key_of = |item: &T| sort_key(item, query.group, &query.sort);
    let mut sorted: Vec<(SortKey, T)> =
        meant.into_iter().map(|item| (key_of(&item), item)).collect();
    if let Some(after) = &query.after {
        sorted.retain(|(key, _)| key > after);
    }
    let rest = sorted.len();
    if rest > query.limit && query.limit > 0 {
        sorted.select_nth_unstable_by(query.limit - 1, |(one, _), (other, _)| one.cmp(other));
        sorted.truncate(query.limit);
    }
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    sorted.truncate(query.limit);
    let last = sorted.last().filter(|_| rest > query.limit);
    let next = last.map(|(key, _)| token::written(key, &query.order));
    Page { items: sorted.into_iter().map(|(_, item)| item).collect(), total, next, facets, groups }
}

/// How many objects have each value of a field, the most frequent first.
fn facet<T: Subject>(items: &[T], field: usize) -> Vec<Count> {
    // With how many objects have it, and the last of them, which may have it twice.
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    let mut without = 0;
    for (place, item) in items.iter().enumerate() {
        let mut has_none = true;
        item.each(field, &mut |scalar| {
            let Some(text) = order::text_of(&scalar) else { return };
            has_none = false;
            match counts.get_mut(&*text) {
                Some((_, last)) if *last == place => {}
                Some(counted) => *counted = (counted.0 + 1, place),
                None => drop(counts.insert(text.into_owned(), (1, place))),
            }
        });
        without += usize::from(has_none);
    }
    let with = counts.into_iter().map(|(value, (count, _))| Count { value: Some(value), count });
    let without = (without > 0).then_some(Count { value: None, count: without });
    let mut counts: Vec<Count> = without.into_iter().chain(with).collect();
    counts.sort_unstable_by(|one, other| {
        other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value))
    });
    counts.truncate(FACET_VALUES_MAX);
    counts
}

/// The groups of a list in the order in which it has them: each object is in one.
fn groups<T: Subject>(items: &[T], field: usize) -> Vec<Count> {
    let mut counts: BTreeMap<SortValue, Count> = BTreeMap::new();
    for item in items {
        let new = || Count { value: order::first_text(item, field), count: 0 };
        counts.entry(order::first_of(item, field)).or_insert_with(new).count += 1;
    }
    counts.into_values().take(FACET_VALUES_MAX).collect()
}

#[cfg(test)]
mod tests;
