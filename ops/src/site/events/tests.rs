//! Queries over a thousand events of two machines and of none, before and after their levels are indexed.

use model::time::Timestamp;
use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::txn::{Meta, Txn, Write};
use tables::indexes::{ADDED, Filled};
use tables::update::{Cause, Tables};

use super::*;

const EVENTS: u64 = 1_000;

/// Event `n` is of machine `n % 3`, where 0 is none; every tenth is an error, every fourth is only
/// for debugging.
struct Views {
    before: View,
    halfway: View,
    complete: View,
}

async fn filled() -> Views {
    let tables = Tables::new(Store::in_memory());
    let events: Vec<Event> = (1..=EVENTS).map(event).collect();
    for part in events.chunks(250) {
        let cause = Cause::new("test", "event.record");
        let put = tables.update(&cause, |tx| part.iter().try_for_each(|event| tx.insert(event)));
        put.await.expect("written");
    }
    without_entries(&tables).await;
    let view = || async { tables.view().await.expect("a view") };
    let before = view().await;
    let by_level = ADDED.iter().find(|added| added.name == EVENTS_OF_LEVEL.name).expect("listed");
    tables.fill_index(by_level, 500).await.expect("filled");
    let halfway = view().await;
    while tables.fill_index(by_level, 500).await != Ok(Filled::Complete) {}
    let complete = view().await;
    let marks = [&before, &halfway, &complete].map(|view| view.is_complete(&EVENTS_OF_LEVEL));
    assert_eq!(marks, [Ok(false), Ok(false), Ok(true)]);
    Views { before, halfway, complete }
}

/// Makes the store what a program leaves that does not know the index.
async fn without_entries(tables: &Tables) {
    let at = tables.store().read(Consistency::Linearizable).await.expect("a view");
    let entries = at.range(b"i/event.level/").into_iter();
    let writes: Vec<Write> = entries.map(|(key, _)| Write::Delete { key }).collect();
    assert_eq!(writes.len() as u64, EVENTS);
    let txn = Txn { compares: Vec::new(), writes, meta: Meta::default() };
    tables.store().transact(txn).await.expect("removed");
}

fn event(id: u64) -> Event {
    let level = match (id % 10, id % 4) {
        (0, _) => EventLevel::Error,
        (_, 0) => EventLevel::Debug,
        _ => EventLevel::Info,
    };
    Event {
        id,
        node: (!id.is_multiple_of(3)).then(|| SystemId::from_number(id % 3)),
        hostname: String::new(),
        kind: String::new(),
        level,
        description: String::new(),
        username: id.is_multiple_of(7).then(|| "anna".to_owned()),
        created: Timestamp::default(),
        audit: None,
    }
}

fn all() -> EventQuery {
    EventQuery { limit: 5, level: Some(EventLevel::Debug), ..EventQuery::default() }
}

fn errors_of(query: &EventQuery) -> EventQuery {
    EventQuery { level: Some(EventLevel::Error), ..query.clone() }
}

#[track_caller]
fn check(views: &Views, wanted: &EventQuery, expected: &[u64]) {
    for view in [&views.before, &views.halfway, &views.complete] {
        let found = query(view, wanted).expect("readable");
        let ids: Vec<u64> = found.iter().map(|event| event.id).collect();
        assert_eq!(ids, expected, "{wanted:?}");
    }
}

#[tokio::test]
async fn the_newest_come_first_and_before_and_after_page_from_an_id() {
    let view = filled().await;
    check(&view, &all(), &[1000, 999, 998, 997, 996]);
    check(&view, &EventQuery { before: Some(500), ..all() }, &[499, 498, 497, 496, 495]);
    check(&view, &EventQuery { after: Some(500), ..all() }, &[505, 504, 503, 502, 501]);
    check(&view, &EventQuery { before: Some(3), ..all() }, &[2, 1]);
    check(&view, &EventQuery { after: Some(998), ..all() }, &[1000, 999]);
    check(&view, &EventQuery { limit: 0, ..all() }, &[]);
}

#[tokio::test]
async fn events_of_machines_are_merged_by_their_ids() {
    let view = filled().await;
    let of = |numbers: &[u64]| {
        let ids = numbers.iter().map(|number| SystemId::from_number(*number));
        EventQuery { system_ids: Some(ids.collect()), ..all() }
    };
    check(&view, &of(&[1]), &[1000, 997, 994, 991, 988]);
    check(&view, &of(&[1, 2, 1]), &[1000, 998, 997, 995, 994]);
    check(&view, &EventQuery { after: Some(500), ..of(&[2, 1]) }, &[508, 506, 505, 503, 502]);
    check(&view, &EventQuery { before: Some(3), ..of(&[2]) }, &[2]);
    check(&view, &of(&[]), &[]);
    check(&view, &of(&[9]), &[]);
}

#[tokio::test]
async fn levels_and_owners_are_found_behind_many_others() {
    let view = filled().await;
    let errors = errors_of(&all());
    check(&view, &errors, &[1000, 990, 980, 970, 960]);
    let of_anna = EventQuery { owner: Some("anna".to_owned()), ..errors };
    check(&view, &of_anna, &[980, 910, 840, 770, 700]);
    check(&view, &EventQuery { level: None, limit: 2, ..all() }, &[1000, 999]);
    check(&view, &EventQuery { level: Some(EventLevel::Audit), ..all() }, &[]);
    let oldest = EventQuery { after: Some(0), ..errors_of(&all()) };
    check(&view, &oldest, &[50, 40, 30, 20, 10]);
    check(&view, &EventQuery { before: Some(30), ..errors_of(&all()) }, &[20, 10]);
}

#[tokio::test]
async fn all_events_are_read_over_many_pages() {
    let view = filled().await;
    let newest_first: Vec<u64> = (1..=EVENTS).rev().collect();
    check(&view, &EventQuery { limit: 2_000, ..all() }, &newest_first);
    check(&view, &EventQuery { limit: 2_000, after: Some(0), ..all() }, &newest_first);
}

#[tokio::test]
async fn a_complete_index_reads_no_event_of_another_level() {
    let views = filled().await;
    let query = errors_of(&all());
    let ids = |view| {
        let mut ids = Ids::of(view, &query).expect("readable");
        std::iter::from_fn(|| ids.next().expect("readable")).count()
    };
    assert_eq!((ids(&views.before), ids(&views.complete)), (1000, 100));
}
