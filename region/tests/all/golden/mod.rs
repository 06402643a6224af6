//! What stands in a store never changes its meaning: lines of what this and earlier versions wrote.
//!
//! `rows` has a line for each key, `table key stored-bytes-in-base64 # what`: rows, the entries of
//! their indexes, counters and guards. `meaning` has a line for each row in it, in the same order:
//! what the version that wrote it meant. Lines are only ever added. Today's program must read every
//! row as what it meant, find it by all of today's indexes, and what it writes must be among the
//! lines. A change of shape needs a new row in `today` (or a new field of one), and a run with
//! `UPDATE_GOLDEN` in the environment, which appends what is missing.

mod lines;
mod meaning;
mod store;
mod tables;
mod today;

use std::collections::BTreeSet;
use std::path::Path;

use ::tables::indexes::ADDED;

use crate::golden::lines::Line;

#[test]
fn rows_of_every_version_are_read_as_what_they_meant() {
    let meanings = meaning::read();
    let rows: Vec<Line> = lines::read().into_iter().filter(Line::is_row).collect();
    assert!(meanings.len() <= rows.len(), "a meaning of a row that is gone");
    let missing = rows.get(meanings.len()..).unwrap();
    for (row, meant) in rows.iter().zip(&meanings) {
        let (table, key) = (&row.table, &row.key);
        assert_eq!((table, key), (&meant.table, &meant.key), "meanings are in the rows' order");
        let is = tables::meaning(row);
        assert!(meaning::keeps(&meant.value, &is), "{table} {key} meant {}, is {is}", meant.value);
    }
    meaning::add(missing);
}

#[tokio::test]
async fn todays_rows_are_among_the_lines() {
    let known: BTreeSet<(String, String, String)> =
        lines::read().into_iter().map(|line| (line.table, line.key, line.stored)).collect();
    let written = store::of_today().await;
    let is_new =
        |line: &Line| !known.contains(&(line.table.clone(), line.key.clone(), line.stored.clone()));
    let new: Vec<Line> = written.into_iter().filter(is_new).collect();
    lines::add(&new);
}

#[tokio::test]
async fn rows_are_found_by_all_indexes_of_today() {
    let view = store::of_lines(&lines::read()).await;
    tables::check_indexes(&view);
}

#[tokio::test]
async fn rows_of_earlier_versions_get_the_entries_of_added_indexes() {
    let of_added =
        |line: &Line| ADDED.iter().any(|index| line.table == format!("i/{}", index.name));
    let mut lines = lines::read();
    let with_entries = lines.len();
    lines.retain(|line| !of_added(line));
    assert!(lines.len() < with_entries, "lines with entries of an added index");
    let [before, after] = store::of_lines_before_and_after_filling(&lines).await;
    for index in ADDED {
        assert_eq!(index.is_complete(&before), Ok(false), "{}", index.name);
        assert_eq!(index.is_complete(&after), Ok(true), "{}", index.name);
    }
    tables::check_indexes(&after);
    let found = tables::found_by_added_indexes(&before);
    assert!(!found.is_empty());
    assert_eq!(found, tables::found_by_added_indexes(&after));
}

#[test]
fn every_index_that_was_added_is_filled() {
    let added: BTreeSet<&str> = ADDED.iter().map(|index| index.name).collect();
    assert_eq!(tables::added_indexes(), added);
}

#[tokio::test]
async fn counters_go_on_after_what_they_gave() {
    let lines = lines::read();
    let counters = lines.iter().filter(|line| line.table == "counter");
    for line in counters {
        let number: u64 = std::str::from_utf8(&line.bytes()).unwrap().parse().unwrap();
        assert_eq!(store::next_number(&lines, &line.key).await, number, "{}", line.key);
    }
}

#[test]
fn every_table_has_a_line() {
    let lines = lines::read();
    let with_line: BTreeSet<&str> = lines.iter().map(|line| line.table.as_str()).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let declared = tables::declared_in(root);
    assert!(declared.len() > 20, "the tables are declared elsewhere: {declared:?}");
    for table in declared {
        assert!(with_line.contains(table.as_str()), "no line of table {table}; add it to `today`");
    }
}
