//! Clients of both families go on while the leader and a rack are killed, and no promise to them is broken.
//!
//! `make continuity` does much more, to more of them, and measures how long each waits; here a slow host may make answers late.

use std::path::Path;
use std::time::Duration;

use chaos_tests::continuity::catalog;
use chaos_tests::continuity::plan::{Plan, RACKS};
use chaos_tests::continuity::report::text;
use chaos_tests::continuity::run;
use chaos_tests::disk::mounts;
use testkit::site;

#[test]
fn clients_go_on_while_the_leader_and_a_rack_are_killed() {
    let newcomers = 2.0;
    let only = ["leader killed", "rack killed"].map(str::to_owned);
    let plan = Plan {
        binary: site::binaries().expect("the binaries are built").join("ironraft"),
        racks: RACKS,
        residents: 150,
        arrival: Duration::from_secs(6),
        newcomers_per_second: newcomers,
        lease_s: 60,
        span: Duration::from_secs(5),
        quiet: Duration::from_secs(3),
        seed: 1,
        faults: catalog::chosen(&only, newcomers).expect("the catalog has them"),
        keep: Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned(),
    };
    // Before the runtime has threads, so that all of them share the mounts.
    mounts::enter_private().expect("root");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let report = runtime.expect("a runtime").block_on(run::run(&plan)).expect("a site");
    eprintln!("{}", text::text(&report));
    let broken = report.goals.iter().filter(|goal| !goal.met && !goal.is_of_speed());
    let broken: Vec<_> = broken.map(|goal| goal.claim.as_str()).collect();
    assert!(broken.is_empty(), "{broken:?}: logs in {}", plan.keep.display());
}
