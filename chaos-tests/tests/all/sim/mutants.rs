//! Each deliberate defect is found within a few seeds: the simulation and its checkers have teeth.

use chaos_tests::sim::{self, Setup, overwritten};
use raft_store::sim::mutant::Mutant;

/// The seeds that are tried for one defect.
const SEEDS_MAX: u64 = 30;

/// Tries `first`, which found the defect when this was written, and others if it does not now.
#[track_caller]
fn is_found(mutant: Mutant, first: u64) {
    let found = (first..first + SEEDS_MAX)
        .any(|seed| sim::run_with(Setup { seed, mutant: Some(mutant) }).verdict.is_violated());
    assert!(found, "{mutant:?} is not found with {SEEDS_MAX} seeds");
}

macro_rules! found {
    ($($name:ident: $mutant:ident with $first:literal,)*) => {
        $(#[test] fn $name() { is_found(Mutant::$mutant, $first); })*

        #[test]
        fn every_defect_has_its_test() {
            // Two have tests of their own.
            let mut tested =
                vec![Mutant::TruncationDropped, Mutant::ReadByLease, $(Mutant::$mutant),*];
            tested.sort_by_key(|mutant| Mutant::ALL.iter().position(|one| one == mutant));
            assert_eq!(Mutant::ALL.as_slice(), tested);
        }
    };
}

found! {
    an_fsync_that_is_skipped_is_found: FsyncSkipped with 1,
    a_callback_before_the_fsync_is_found: CallbackBeforeSync with 53,
    a_vote_that_is_not_saved_is_found: VoteNotSaved with 0,
    an_applied_batch_out_of_order_is_found: AppliedUnordered with 0,
    a_request_applied_twice_is_found: DedupDropped with 3,
    a_compare_that_is_not_looked_at_is_found: CompareDropped with 0,
    a_snapshot_without_request_ids_is_found: SessionsNotInSnapshot with 0,
    a_purge_that_goes_too_far_is_found: PurgeTooFar with 0,
    a_read_without_a_barrier_is_found: ReadWithoutBarrier with 0,
    a_read_without_a_quorum_is_found: ReadWithoutQuorum with 3,
    a_watch_that_drops_changes_is_found: WatchDrops with 0,
    replicas_that_diverge_are_found: ApplyDiverges with 0,
    a_retry_without_its_request_id_is_found: RetryWithoutId with 3,
}

#[test]
fn a_truncation_that_is_dropped_is_found() {
    let run = |mutant| overwritten::run(Setup { seed: 0, mutant });
    assert_eq!(Ok(()), run(None));
    run(Some(Mutant::TruncationDropped)).expect_err("old entries follow new ones");
}
