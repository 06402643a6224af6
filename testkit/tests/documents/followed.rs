//! Documents are followed, each on a host of its own.

use std::fmt::Write;
use std::sync::Mutex;
use std::thread;

use crate::document::{self, Document};
use crate::stage::{STAGES, Stage};

/// How many are followed at once: most of the time they wait for something that takes its time.
const WORKERS: usize = 4;

/// Follows the documents that begin at one of these stages.
#[track_caller]
fn check(names: &[&str]) {
    let documents = document::all();
    let stages: Vec<&Stage> = STAGES.iter().filter(|stage| names.contains(&stage.name)).collect();
    assert_eq!(stages.len(), names.len(), "{names:?}");
    let begun = |document| Document::mark(document).map(|mark| mark.stage);
    let open = documents.values().filter_map(|document| {
        let stage = stages.iter().find(|stage| begun(document) == Some(stage.name))?;
        Some((document, *stage))
    });
    let open: Mutex<Vec<(&Document, &Stage)>> = Mutex::new(open.collect());
    let faults = Mutex::new(String::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((document, stage)) = open.lock().expect("no panic").pop() {
                    if let Some(printed) = stage.failure(&script(document)) {
                        let mut faults = faults.lock().expect("no panic");
                        writeln!(faults, "== {}\n{printed}", document.name).expect("it takes it");
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().expect("no panic");
    assert!(faults.is_empty(), "{faults}");
}

/// What prepares, then what the document says.
fn script(document: &Document) -> String {
    let before = document.mark().map(|mark| mark.before).unwrap_or_default();
    format!("{before}\n{}", document.script())
}

#[test]
fn what_is_said_of_regions_is_done() {
    check(&["a host", "a region", "three regions", "a region and a provider"]);
}

#[test]
fn what_is_said_of_racks_is_done() {
    check(&["a rack"]);
}

#[test]
fn what_is_said_of_servers_is_done() {
    check(&["a host and a server", "three regions and a server", "a machine"]);
}
