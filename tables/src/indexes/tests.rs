//! An index that is added to books: found rightly at every step, whoever writes meanwhile.

use std::collections::BTreeSet;

use proptest::prelude::*;
use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::txn::{Txn, Write};
use serde::{Deserialize, Serialize};

use super::*;
use crate::read::View;
use crate::row::row_key;
use crate::update::Cause;

/// The version that knows the index; the one before does not.
const SINCE: u32 = 2;

/// A book as programs since [`SINCE`] know it. Its id has two parts, as keys of the index have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Book {
    id: (String, u32),
    shelf: String,
}

/// The same as the program before knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OldBook {
    id: (String, u32),
    shelf: String,
}

const BOOKS_OF_SHELF: Index<Book> = Index {
    name: "book.shelf",
    keys: |book| vec![crate::key::encoded(&(book.shelf.clone(), 7_u32))],
    since: SINCE,
};

/// The table that both have.
const BOOKS: &str = "book";

const SHELVES: Added = Added::of(&BOOKS_OF_SHELF);

impl Row for Book {
    type Id = (String, u32);
    const TABLE: &'static str = BOOKS;
    const INDEXES: &'static [Index<Self>] = &[BOOKS_OF_SHELF];

    fn id(&self) -> (String, u32) {
        self.id.clone()
    }
}

impl Row for OldBook {
    type Id = (String, u32);
    const TABLE: &'static str = BOOKS;

    fn id(&self) -> (String, u32) {
        self.id.clone()
    }
}

fn id(number: u32) -> (String, u32) {
    (format!("shelf mark {}", number % 3), number)
}

fn shelf(number: u32) -> String {
    format!("shelf {}", number % 4)
}

async fn write<E: std::fmt::Debug + From<TableError>>(
    tables: &Tables,
    operation: impl FnMut(&mut Tx) -> Result<(), E>,
) {
    tables.update(&Cause::new("test", "test"), operation).await.unwrap();
}

/// Puts a book as a program that knows the index.
async fn put(tables: &Tables, number: u32, shelf: &str) {
    let book = Book { id: id(number), shelf: shelf.to_owned() };
    write::<TableError>(tables, |tx| tx.put(&book)).await;
}

/// Puts a book as a program that does not.
async fn put_old(tables: &Tables, number: u32, shelf: &str) {
    let book = OldBook { id: id(number), shelf: shelf.to_owned() };
    write::<TableError>(tables, |tx| tx.put(&book)).await;
}

/// A store with books that a program wrote that does not know the index.
async fn with_books(count: u32) -> Tables {
    let tables = Tables::new(Store::in_memory());
    write::<TableError>(&tables, |tx| {
        (0..count).try_for_each(|number| tx.put(&OldBook { id: id(number), shelf: shelf(number) }))
    })
    .await;
    tables
}

/// Whether the books of every shelf are found, as a list and in pages from either end.
#[track_caller]
fn check_found(view: &View) {
    let all: Vec<Book> = view.list().unwrap();
    for name in ["shelf 0", "shelf 1", "shelf 2", "shelf 3", "elsewhere"] {
        let key = (name.to_owned(), 7_u32);
        let on_it: Vec<Book> = all.iter().filter(|book| book.shelf == name).cloned().collect();
        assert_eq!(view.list_by(&BOOKS_OF_SHELF, &key).unwrap(), on_it, "{name}");
        let ids: Vec<(String, u32)> = on_it.iter().map(Book::id).collect();
        let first = view.ids_by_after(&BOOKS_OF_SHELF, &key, None, 5).unwrap();
        assert_eq!(first, ids.iter().take(5).cloned().collect::<Vec<_>>(), "{name}");
        let after = view.ids_by_after(&BOOKS_OF_SHELF, &key, first.last(), 5).unwrap();
        assert_eq!(after, ids.iter().skip(first.len()).take(5).cloned().collect::<Vec<_>>());
        let last = view.ids_by_before(&BOOKS_OF_SHELF, &key, None, 3).unwrap();
        assert_eq!(last, ids.iter().rev().take(3).cloned().collect::<Vec<_>>(), "{name}");
        let before = view.ids_by_before(&BOOKS_OF_SHELF, &key, last.last(), 3).unwrap();
        assert_eq!(before, ids.iter().rev().skip(last.len()).take(3).cloned().collect::<Vec<_>>());
    }
}

/// Whether the index is complete, and has the entries of the rows and no others.
async fn check_complete(tables: &Tables) {
    let view = tables.view().await.unwrap();
    assert!(view.is_complete(&BOOKS_OF_SHELF).unwrap());
    let rows: Vec<Book> = view.list().unwrap();
    let entries = |row: &Book| {
        let keys = (BOOKS_OF_SHELF.keys)(row).into_iter();
        keys.map(|key| index_entry(BOOKS_OF_SHELF.name, &key, &row.id)).collect::<Vec<_>>()
    };
    let of_rows: BTreeSet<Bytes> = rows.iter().flat_map(entries).collect();
    let stored = view.values(&entries_prefix(BOOKS_OF_SHELF.name));
    assert_eq!(stored.into_iter().map(|(key, _)| key).collect::<BTreeSet<_>>(), of_rows);
    check_found(&view);
}

/// Fills until the index is complete; returns what the steps did.
async fn fill(tables: &Tables, rows_max: usize) -> Vec<Checked> {
    let mut steps = Vec::new();
    loop {
        match tables.fill_index(&SHELVES, rows_max).await.unwrap() {
            Filled::Some(checked) => steps.push(checked),
            Filled::Complete => return steps,
            Filled::Moved => {}
            Filled::TooEarly => panic!("all members know the index"),
        }
        check_found(&tables.view().await.unwrap());
    }
}

/// The store after all members were upgraded.
async fn upgraded(tables: &Tables) -> Tables {
    let at = tables.store().read(Consistency::Linearizable).await.unwrap();
    let all = at.range(b"").into_iter();
    let writes = all.map(|(key, stored)| Write::Put { key, value: stored.value }).collect();
    let store = Store::in_memory();
    store.transact(Txn { compares: Vec::new(), writes, meta: Meta::default() }).await.unwrap();
    Tables::new(store)
}

#[tokio::test]
async fn rows_from_before_the_index_are_found_at_every_step_of_the_fill() {
    let tables = with_books(500).await;
    check_found(&tables.view().await.unwrap());
    let steps = fill(&tables, 64).await;
    assert!(steps.iter().all(|step| step.looked_at <= 64), "{steps:?}");
    assert_eq!(steps.iter().map(|step| step.looked_at).sum::<usize>(), 500, "each row once");
    assert_eq!(steps.iter().map(|step| step.changed).sum::<usize>(), 500);
    check_complete(&tables).await;
    assert_eq!(tables.fill_index(&SHELVES, 64).await, Ok(Filled::Complete));
}

#[tokio::test]
async fn a_new_cluster_has_nothing_to_fill_but_the_mark() {
    let tables = Tables::new(Store::in_memory());
    assert_eq!(fill(&tables, 64).await, [Checked::default()]);
    put(&tables, 1, "shelf 1").await;
    check_complete(&tables).await;
}

#[tokio::test]
async fn nothing_is_filled_while_a_member_does_not_know_the_index() {
    let tables = Tables::new(Store::in_memory_at_version(SINCE - 1));
    for number in 0..40 {
        put(&tables, number, "shelf 0").await;
    }
    // The old program leaves entries of rows that it moves or deletes, and rows without entries.
    for number in 0..10 {
        put_old(&tables, number, "shelf 1").await;
    }
    for number in 10..20 {
        write(&tables, |tx| tx.delete::<OldBook>(&id(number)).map(drop)).await;
        put_old(&tables, 100 + number, "shelf 2").await;
    }
    check_found(&tables.view().await.unwrap());
    assert_eq!(tables.fill_index(&SHELVES, 64).await, Ok(Filled::TooEarly));
    let upgraded = upgraded(&tables).await;
    let steps = fill(&upgraded, 7).await;
    assert_eq!(steps.iter().map(|step| step.changed).sum::<usize>(), 20 + 20);
    check_complete(&upgraded).await;
}

#[tokio::test]
async fn a_change_of_a_row_during_a_step_wins() {
    let tables = with_books(10).await;
    let evaluated = || async { evaluate(tables.begin(0).await.unwrap(), &SHELVES, 64).unwrap().0 };
    let moves = evaluated().await;
    put(&tables, 3, "elsewhere").await;
    assert!(tables.store().transact(moves.into_txn(Meta::default())).await.is_err());
    let deletes = evaluated().await;
    write(&tables, |tx| tx.delete::<Book>(&id(4)).map(drop)).await;
    assert!(tables.store().transact(deletes.into_txn(Meta::default())).await.is_err());
    // A new row has its entry already: nobody has to wait for it.
    let inserts = evaluated().await;
    put(&tables, 50, "elsewhere").await;
    tables.store().transact(inserts.into_txn(Meta::default())).await.unwrap();
    check_complete(&tables).await;
}

#[tokio::test]
async fn a_row_that_came_back_during_the_sweep_keeps_its_entry() {
    let tables = Tables::new(Store::in_memory());
    put(&tables, 1, "shelf 1").await;
    write(&tables, |tx| tx.delete::<OldBook>(&id(1)).map(drop)).await;
    let (sweeps, checked) = evaluate(tables.begin(0).await.unwrap(), &SHELVES, 64).unwrap();
    assert_eq!(checked.changed, 1);
    put(&tables, 1, "shelf 1").await;
    assert!(tables.store().transact(sweeps.into_txn(Meta::default())).await.is_err());
    fill(&tables, 64).await;
    check_complete(&tables).await;
}

#[tokio::test]
async fn another_leader_goes_on_where_the_last_one_ended() {
    let tables = with_books(100).await;
    for _ in 0..3 {
        tables.fill_index(&SHELVES, 16).await.unwrap();
    }
    // The old leader has begun a step that the new one does, too.
    let (late, _) = evaluate(tables.begin(0).await.unwrap(), &SHELVES, 16).unwrap();
    let next = Tables::new(tables.store().clone());
    let steps = fill(&next, 16).await;
    assert_eq!(steps.iter().map(|step| step.looked_at).sum::<usize>(), 100 - 3 * 16);
    assert!(tables.store().transact(late.into_txn(Meta::default())).await.is_err());
    check_complete(&tables).await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_leaves_the_index_incomplete() {
    let tables = with_books(10).await;
    let key = row_key::<Book>(&id(5));
    let writes = vec![Write::Put { key, value: Bytes::from_static(b"\x01{}") }];
    let damage = Txn { compares: Vec::new(), writes, meta: Meta::default() };
    tables.store().transact(damage).await.unwrap();
    let refused = tables.fill_index(&SHELVES, 64).await;
    assert!(matches!(refused, Err(TableError::Corrupt { .. })), "{refused:?}");
    assert!(!tables.view().await.unwrap().is_complete(&BOOKS_OF_SHELF).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_index_is_exact_when_others_write_while_it_is_filled() {
    let tables = with_books(300).await;
    let writer = |from: u32| {
        let tables = Tables::new(tables.store().clone());
        async move {
            for turn in 0..150 {
                let number = (from + turn * 7) % 320;
                match turn % 3 {
                    0 => write(&tables, |tx| tx.delete::<Book>(&id(number)).map(drop)).await,
                    _ => put(&tables, number, &shelf(number + turn)).await,
                }
            }
        }
    };
    let filling = async {
        while tables.fill_index(&SHELVES, 16).await.unwrap() != Filled::Complete {
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(filling, writer(0), writer(100), writer(200));
    check_complete(&tables).await;
}

#[derive(Debug, Clone)]
enum Deed {
    Put(u32, u32),
    Delete(u32),
    Fill(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..24_u32, 0..4_u32).prop_map(|(number, shelf)| Deed::Put(number, shelf)),
        (0..24_u32).prop_map(Deed::Delete),
        (1..6_usize).prop_map(Deed::Fill),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_done_between_the_steps_is_found(
        before in proptest::collection::vec((any::<bool>(), deed()), 0..24),
        during in proptest::collection::vec(deed(), 0..48),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mixed = Tables::new(Store::in_memory_at_version(SINCE - 1));
            for (is_old, deed) in before {
                match deed {
                    Deed::Put(number, at) if is_old => put_old(&mixed, number, &shelf(at)).await,
                    Deed::Delete(number) if is_old => {
                        write(&mixed, |tx| tx.delete::<OldBook>(&id(number)).map(drop)).await;
                    }
                    deed => carry_out(&mixed, deed).await,
                }
                check_found(&mixed.view().await.unwrap());
            }
            let tables = upgraded(&mixed).await;
            for deed in during {
                carry_out(&tables, deed).await;
                check_found(&tables.view().await.unwrap());
            }
            fill(&tables, 5).await;
            check_complete(&tables).await;
        });
    }
}

async fn carry_out(tables: &Tables, deed: Deed) {
    match deed {
        Deed::Put(number, at) => put(tables, number, &shelf(at)).await,
        Deed::Delete(number) => write(tables, |tx| tx.delete::<Book>(&id(number)).map(drop)).await,
        Deed::Fill(rows_max) => drop(tables.fill_index(&SHELVES, rows_max).await.unwrap()),
    }
}
