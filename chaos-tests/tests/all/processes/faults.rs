//! A cluster of real processes keeps its promises through the faults that matter most.
//!
//! `make chaos` runs many more; see `chaos_tests::scenario`.

use std::path::Path;

use chaos_tests::disk::mounts;
use chaos_tests::report::{contradictions, text};
use chaos_tests::scenario::{Verdict, catalog, run};

/// Runs a scenario of the catalog and demands that it passes.
#[track_caller]
fn prove(name: &str) {
    let scenario = catalog::find(1, name).expect("the catalog has it");
    let binary = Path::new(env!("CARGO_BIN_EXE_ironraft-store-node"));
    let evidence = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults");
    // Before the runtime has threads, so that all of them share the mounts.
    mounts::enter_private().expect("root");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ran = runtime.expect("a runtime").block_on(run::run(&scenario, binary, &evidence));
    let outcome = ran.expect("a cluster");
    eprintln!("{}", text::scenario(&outcome).expect("text"));
    let broken = contradictions(&outcome);
    assert_eq!(outcome.verdict, Verdict::Pass, "{broken:#?}, evidence in {}", evidence.display());
}

#[test]
fn a_killed_leader_takes_nothing_with_it() {
    prove("F1 kill leader");
}

#[test]
fn a_leader_that_was_paused_serves_no_stale_read() {
    prove("F6 pause leader");
}

#[test]
fn nothing_acknowledged_is_lost_when_all_lose_power_at_once() {
    prove("F22 power cut of all nodes");
}

#[test]
fn a_leader_whose_disk_is_full_does_no_harm() {
    prove("F29 disk full on leader");
}
