//! Random mixes of many requests at once, through the router over a real store of one region: as
//! many succeed as there are resources, nothing is given twice, nobody is refused for what others
//! did at the same time.

mod harness;
mod mix;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::many::harness::Region;

/// Rows of mixes that are tried; each costs seconds.
const CASES: u32 = 4;
/// Steps towards a smaller mix that fails; each costs as much as a mix.
const SHRINKS_MAX: u32 = 2;

#[test]
fn mixes_of_many_requests_give_nothing_twice_and_refuse_nobody() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let region = runtime.block_on(Region::start());
    let config = Config {
        cases: CASES,
        max_shrink_iters: SHRINKS_MAX,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&mix::mixes(), |mix| {
        let findings = runtime.block_on(mix::run(&region, &mix));
        if findings.is_empty() {
            return Ok(());
        }
        Err(TestCaseError::fail(findings.join("\n")))
    });
    runtime.block_on(region.stop());
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
