//! A few simulated clusters, and the defects that the simulation must find.

mod mutants;

use chaos_tests::check::Verdict;
use chaos_tests::sim::slow_leader::Clocks;
use chaos_tests::sim::stale_read::Answer;
use chaos_tests::sim::{self, Setup, slow_leader, stale_read};
use raft_store::sim::mutant::Mutant;

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [1, 2] {
        let (one, other) = (sim::run(seed), sim::run(seed));
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_eq!(one.history, other.history, "seed {seed}");
        assert_eq!(Verdict::Holds, one.verdict, "seed {seed}: {:#?}", one.faults);
        assert!(one.messages > 1000, "{} messages", one.messages);
    }
}

#[test]
fn promises_are_kept_whatever_goes_wrong() {
    for seed in 3..7 {
        let report = sim::run(seed);
        assert_eq!(Verdict::Holds, report.verdict, "seed {seed}: {:#?}", report.faults);
    }
}

#[test]
fn a_resumed_leader_never_shows_what_was_overwritten() {
    for seed in 0..8 {
        let setup = Setup { seed, mutant: None };
        assert_ne!(Answer::Stale, stale_read::run(setup), "seed {seed}");
    }
    let setup = Setup { seed: 0, mutant: Some(Mutant::ReadWithoutQuorum) };
    assert_eq!(Answer::Stale, stale_read::run(setup), "it would show if nobody were asked");
}

#[test]
fn a_leader_whose_clock_is_slow_never_shows_what_was_overwritten() {
    for seed in 0..8 {
        let setup = Setup { seed, mutant: None };
        assert_ne!(Answer::Stale, slow_leader::run(setup, Clocks::Apart), "seed {seed}");
    }
    let setup = Setup { seed: 0, mutant: Some(Mutant::ReadByLease) };
    let by_lease = |clocks| slow_leader::run(setup, clocks);
    assert_eq!(Answer::Stale, by_lease(Clocks::Apart), "a lease would show it");
    assert_ne!(Answer::Stale, by_lease(Clocks::Alike), "if its clock were right, it would not");
}
