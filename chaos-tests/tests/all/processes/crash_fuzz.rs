//! A node loses nothing that it acknowledged, however it ends: see `chaos_tests::disk::fuzz`.

use std::path::Path;
use std::time::Duration;

use chaos_tests::disk::fuzz;

/// Enough for some dozen ends; `make chaos` runs it longer.
const BUDGET: Duration = Duration::from_secs(30);

#[test]
fn a_node_keeps_what_it_acknowledged_through_kills_and_power_cuts() {
    let binary = Path::new(env!("CARGO_BIN_EXE_ironraft-disk-node"));
    let report = fuzz::run(binary, 1, BUDGET).expect("the harness works");
    assert!(report.violations.is_empty(), "{report}");
    // How far it comes in the time depends on the machine; a run that did nothing proves nothing.
    assert!(report.power_cuts + report.kills > 0 && report.acknowledged > 0, "{report}");
    eprintln!("{report}");
}
