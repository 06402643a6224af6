//! Damage to the files of a stopped node is detected and named, and never served.

use std::path::{Path, PathBuf};

use chaos_tests::disk::single::Policy;
use chaos_tests::disk::trial::{Outcome, Trial};

/// What is done to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// One bit is flipped at this part of its length, in thousandths.
    Flip(usize),
    /// It is cut off at this part.
    Truncate(usize),
    /// It is removed.
    Delete,
}

/// A store that was stopped cleanly, with a snapshot, tables and a write-ahead log.
fn stopped() -> Trial {
    let binary = Path::new(env!("CARGO_BIN_EXE_ironraft-disk-node"));
    let mut trial = Trial::new(binary, Policy::default()).expect("a disk");
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 150).expect("serves");
    assert!(node.stop().expect("stops").success());
    // What the first run wrote to the log is in tables from now on.
    let mut node = trial.start().expect("starts");
    trial.snapshot(&mut node).expect("snapshot");
    trial.fill(&mut node, 150).expect("serves");
    assert!(node.stop().expect("stops").success());
    trial
}

/// The greatest file of a kind.
fn greatest(folder: &Path, wanted: impl Fn(&str) -> bool) -> PathBuf {
    let files = std::fs::read_dir(folder).expect("listed").map(|file| file.expect("entry"));
    let files = files.filter(|file| wanted(&file.file_name().to_string_lossy()));
    let greatest = files.max_by_key(|file| file.metadata().expect("metadata").len());
    greatest.expect("there is one").path()
}

fn do_damage(path: &Path, damage: Damage) {
    let mut bytes = std::fs::read(path).expect("read");
    match damage {
        Damage::Flip(place) => {
            let at = (bytes.len() - 1) * place / 1000;
            bytes[at] ^= 0x20;
        }
        Damage::Truncate(place) => bytes.truncate(bytes.len() * place / 1000),
        Damage::Delete => return std::fs::remove_file(path).expect("removed"),
    }
    std::fs::write(path, bytes).expect("written");
}

/// The node refuses; what it logs has one of `words`.
#[track_caller]
fn check_refused(find: impl Fn(&Path) -> PathBuf, damage: Damage, words: &[&str]) {
    let mut trial = stopped();
    let path = find(&trial.store());
    do_damage(&path, damage);
    match trial.outcome().expect("serves or ends") {
        Outcome::Served(violations) => {
            panic!("{damage:?} of {} is not noticed; wrong: {violations:?}", path.display());
        }
        Outcome::Ended(ended) => {
            assert!(!ended.status.success(), "{damage:?}: {ended:?}");
            let named = words.iter().any(|word| ended.log.contains(word));
            assert!(named, "{damage:?} is not named by {words:?}:\n{}", ended.log);
        }
    }
}

/// The node refuses, or what it shows is right all the same.
#[track_caller]
fn check_never_wrong(find: impl Fn(&Path) -> PathBuf, damage: Damage) {
    let mut trial = stopped();
    let path = find(&trial.store());
    do_damage(&path, damage);
    match trial.outcome().expect("serves or ends") {
        Outcome::Served(violations) => {
            assert!(violations.is_empty(), "{damage:?} of {}: {violations:?}", path.display());
        }
        Outcome::Ended(ended) => assert!(!ended.status.success(), "{damage:?}: {ended:?}"),
    }
}

fn log(store: &Path) -> PathBuf {
    greatest(&store.join("db"), |name| name.ends_with(".log"))
}

fn table(store: &Path) -> PathBuf {
    greatest(&store.join("db"), |name| name.ends_with(".sst"))
}

fn manifest(store: &Path) -> PathBuf {
    greatest(&store.join("db"), |name| name.starts_with("MANIFEST-"))
}

fn current(store: &Path) -> PathBuf {
    store.join("db/CURRENT")
}

#[test]
fn damage_to_the_write_ahead_log_is_noticed() {
    for damage in [
        Damage::Flip(0),
        Damage::Flip(500),
        Damage::Truncate(0),
        Damage::Truncate(500),
        Damage::Delete,
    ] {
        check_refused(log, damage, &["lost", ".log"]);
    }
    // The very end can be what nobody waited for.
    for damage in [Damage::Flip(1000), Damage::Truncate(999)] {
        check_never_wrong(log, damage);
    }
}

#[test]
fn damage_to_a_table_is_noticed() {
    for damage in [Damage::Truncate(500), Damage::Delete] {
        check_refused(table, damage, &[".sst"]);
    }
    for place in [0, 100, 300, 600, 800, 900, 950, 1000] {
        check_never_wrong(table, Damage::Flip(place));
    }
}

#[test]
fn a_table_with_a_wrong_bit_is_not_read() {
    let mut trial = stopped();
    for file in std::fs::read_dir(trial.store().join("db")).expect("listed") {
        let path = file.expect("entry").path();
        if path.extension().is_some_and(|extension| extension == "sst") {
            do_damage(&path, Damage::Flip(100));
        }
    }
    let outcome = trial.outcome().expect("serves or ends");
    let Outcome::Ended(ended) = outcome else { panic!("it serves: {outcome:?}") };
    assert!(!ended.status.success() && ended.log.contains(".sst"), "{}", ended.log);
}

#[test]
fn damage_to_the_list_of_tables_is_noticed() {
    for damage in [Damage::Flip(100), Damage::Truncate(0), Damage::Delete] {
        check_refused(manifest, damage, &["MANIFEST", "CURRENT", "lost"]);
    }
    // Without its end it names tables that were replaced, or too few of them.
    for part in [100, 300, 500, 700, 900, 980] {
        check_never_wrong(manifest, Damage::Truncate(part));
        check_never_wrong(manifest, Damage::Flip(part));
    }
    for damage in [Damage::Flip(300), Damage::Truncate(0), Damage::Delete] {
        check_refused(current, damage, &["MANIFEST", "CURRENT", "lost", "existing log file"]);
    }
}

#[test]
fn a_damaged_snapshot_is_not_used() {
    for damage in [Damage::Flip(0), Damage::Flip(500), Damage::Truncate(700), Damage::Delete] {
        let snapshot =
            |store: &Path| greatest(&store.join("snapshots"), |name| name.ends_with(".snapshot"));
        check_never_wrong(snapshot, damage);
    }
}

#[test]
fn an_old_copy_of_the_database_is_noticed() {
    let mut trial = stopped();
    let copy = tempfile::tempdir().expect("temporary folder");
    copy_files(&trial.store().join("db"), copy.path());
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 20).expect("serves");
    assert!(node.stop().expect("stops").success());
    let files = trial.store().join("db");
    std::fs::remove_dir_all(&files).expect("removed");
    std::fs::create_dir(&files).expect("made");
    copy_files(copy.path(), &files);
    let outcome = trial.outcome().expect("serves or ends");
    let Outcome::Ended(ended) = outcome else { panic!("it takes part: {outcome:?}") };
    assert!(!ended.status.success() && ended.log.contains("lost"), "{}", ended.log);
}

fn copy_files(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("listed") {
        let file = file.expect("entry");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}
