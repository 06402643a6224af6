//! A disk that fails ends the node at once, with a message that names what failed; after a restart
//! on a disk that works, nothing that was acknowledged is missing.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use chaos_tests::disk::fuse::fault::{Effect, Fault, Operation};
use chaos_tests::disk::fuse::journal::Unsynced;
use chaos_tests::disk::single::Policy;
use chaos_tests::disk::trial::{Ended, Outcome, Trial};
use fuser::Errno;

/// The write-ahead log, the tables, the snapshots.
const LOG: &str = "/store/db/*.log";
const TABLES: &str = "/store/db/*.sst";
const SNAPSHOTS: &str = "/store/snapshots/*";
/// More requests than a fault takes to show.
const LIMIT: u64 = 2_000;

fn trial(policy: Policy) -> Trial {
    let binary = Path::new(env!("CARGO_BIN_EXE_ironraft-disk-node"));
    Trial::new(binary, policy).expect("a disk")
}

#[track_caller]
fn check_ended(ended: &Ended, words: &[&str]) {
    assert!(!ended.status.success(), "{ended:?}");
    for word in words {
        assert!(ended.log.contains(word), "{word:?} is not in the log:\n{}", ended.log);
    }
}

/// The power is cut after the failure, so that nothing survives that the disk did not have.
#[track_caller]
fn check_whole_after_restart(trial: &mut Trial) {
    trial.disk.cut(Unsynced::Lost).expect("cut");
    let mut node = trial.start().expect("starts on a disk that works");
    let violations = trial.look(&mut node).expect("shows its keys");
    assert!(violations.is_empty(), "{violations:?}");
    trial.fill(&mut node, 20).expect("goes on");
    assert!(node.stop().expect("stops").success());
}

/// A node that serves meets the fault.
#[track_caller]
fn check(fault: Fault, words: &[&str]) {
    let mut trial = trial(Policy::default());
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 50).expect("serves");
    trial.disk.faults().add(fault);
    let ended = trial.work_until_end(&mut node, LIMIT);
    let ended = ended.unwrap_or_else(|error| panic!("{error:#}; {:?}", trial.disk.faults()));
    check_ended(&ended, words);
    check_whole_after_restart(&mut trial);
}

/// The harness itself: what the disk is told to do is what a process sees.
#[test]
fn a_fault_of_the_disk_reaches_who_uses_it() {
    let trial = trial(Policy::default());
    let path = trial.disk.folder().join("file");
    let mut file = std::fs::File::create(&path).expect("made");
    let write = |file: &mut std::fs::File| file.write_all(b"bytes").map_err(|e| e.raw_os_error());
    let effect = Effect::Fail(Errno::EIO);
    let faults = trial.disk.faults();
    faults.add(Fault { operation: Operation::Write, path: "/file", skip: 1, times: 1, effect });
    faults.add(Fault::always(Operation::Read, "/file", Effect::Rot));
    faults.add(Fault::always(Operation::Sync, "/file", Effect::Fail(Errno::ENOSPC)));
    assert_eq!(Ok(()), write(&mut file));
    assert_eq!(Err(Some(Errno::EIO.code())), write(&mut file));
    assert_eq!(Ok(()), write(&mut file));
    assert!(file.sync_all().is_err());
    assert_ne!(b"bytesbytes".to_vec(), std::fs::read(&path).expect("read"));
    faults.heal();
    assert!(file.sync_all().is_ok());
}

#[test]
fn a_failed_fsync_ends_the_node() {
    let effect = Effect::Fail(Errno::EIO);
    let once = Fault { operation: Operation::Sync, path: LOG, skip: 7, times: 1, effect };
    check(once, &["fsync of the store", "failed", "Input/output error"]);
}

#[test]
fn a_failed_write_ends_the_node() {
    // Once would not do: of a long write the kernel passes on the part that went well.
    let effect = Effect::Fail(Errno::EIO);
    let later = Fault { operation: Operation::Write, path: LOG, skip: 7, times: u64::MAX, effect };
    check(later, &["writing to the store", "failed", "Input/output error"]);
}

#[test]
fn a_full_disk_ends_the_node() {
    let full = Fault::always(Operation::Write, "*", Effect::Fail(Errno::ENOSPC));
    check(full, &["failed", "No space left"]);
}

#[test]
fn a_disk_that_turns_read_only_ends_the_node() {
    let mut trial = trial(Policy::default());
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 50).expect("serves");
    for operation in [Operation::Write, Operation::Sync, Operation::SyncFolder, Operation::Change] {
        trial.disk.faults().add(Fault::always(operation, "*", Effect::Fail(Errno::EROFS)));
    }
    let ended = trial.work_until_end(&mut node, LIMIT).expect("ends");
    check_ended(&ended, &["failed", "Read-only file system"]);
    let refused = trial.outcome().expect("ends");
    let Outcome::Ended(ended) = refused else { panic!("it starts: {refused:?}") };
    check_ended(&ended, &["Read-only file system"]);
    check_whole_after_restart(&mut trial);
}

#[test]
fn a_table_that_cannot_be_written_stops_the_start() {
    let mut trial = trial(Policy::default());
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 50).expect("serves");
    node.kill().expect("killed");
    trial.take_answers(&node);
    // What is recovered from the write-ahead log is written to tables.
    let fault = Fault::always(Operation::Write, TABLES, Effect::Fail(Errno::EIO));
    trial.disk.faults().add(fault);
    let refused = trial.outcome().expect("ends");
    let Outcome::Ended(ended) = refused else { panic!("it starts: {refused:?}") };
    check_ended(&ended, &["Input/output error", ".sst"]);
    check_whole_after_restart(&mut trial);
}

#[test]
fn a_snapshot_that_cannot_be_written_ends_the_node() {
    let mut trial = trial(Policy { snapshot_every: 100, snapshot_keep: 10, ..Policy::default() });
    let mut node = trial.start().expect("starts");
    trial.disk.faults().add(Fault::always(Operation::Write, SNAPSHOTS, Effect::Fail(Errno::EIO)));
    let ended = trial.work_until_end(&mut node, LIMIT).expect("ends");
    check_ended(&ended, &["snapshot", "Input/output error"]);
    check_whole_after_restart(&mut trial);
}

#[test]
fn an_fsync_that_hangs_ends_the_node_after_the_limit() {
    let mut trial = trial(Policy { stall_ms: 1_500, ..Policy::default() });
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 50).expect("serves");
    let hangs = Effect::Stall(Duration::from_secs(45));
    trial.disk.faults().add(Fault::always(Operation::Sync, LOG, hangs));
    trial.send_one(&mut node);
    trial.wait_logged("the process ends", Duration::from_secs(30)).expect("gives up");
    // The kernel keeps the process until its disk answers.
    trial.disk.faults().heal();
    let status = node.wait_end(Duration::from_secs(30)).expect("ends");
    assert!(!status.success(), "{status}");
    trial.take_answers(&node);
    check_whole_after_restart(&mut trial);
}

#[test]
fn a_disk_that_lied_about_fsync_is_noticed_after_a_power_cut() {
    let mut trial = trial(Policy::default());
    let mut node = trial.start().expect("starts");
    trial.disk.faults().add(Fault::always(Operation::Sync, LOG, Effect::Lie));
    trial.fill(&mut node, 50).expect("serves");
    // A clean stop remembers what the disk said is durable.
    assert!(node.stop().expect("stops").success());
    trial.disk.cut(Unsynced::Lost).expect("cut");
    let refused = trial.outcome().expect("ends");
    let Outcome::Ended(ended) = refused else { panic!("it takes part: {refused:?}") };
    check_ended(&ended, &["/store", "lost", "new node"]);
}

/// The fuzz would notice a node that acknowledges before the disk has it: here the disk makes it
/// one, in every file.
#[test]
fn the_model_notices_acknowledged_writes_that_are_lost() {
    let mut trial = trial(Policy::default());
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 10).expect("serves");
    node.kill().expect("killed");
    trial.take_answers(&node);
    for operation in [Operation::Sync, Operation::SyncFolder] {
        trial.disk.faults().add(Fault::always(operation, "*", Effect::Lie));
    }
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 50).expect("serves");
    node.kill().expect("killed");
    trial.take_answers(&node);
    trial.disk.cut(Unsynced::Lost).expect("cut");
    match trial.outcome().expect("serves or ends") {
        Outcome::Served(violations) => assert!(!violations.is_empty(), "nothing was noticed"),
        Outcome::Ended(ended) => check_ended(&ended, &["lost"]),
    }
}

#[test]
fn a_new_store_is_there_after_a_power_cut_that_loses_every_unsynced_name() {
    let mut trial = trial(Policy::default());
    let mut node = trial.start().expect("starts");
    trial.fill(&mut node, 1).expect("serves");
    node.kill().expect("killed");
    trial.take_answers(&node);
    check_whole_after_restart(&mut trial);
}
