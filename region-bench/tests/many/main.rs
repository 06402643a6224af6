//! Many requests of one kind at once, at all regions of clusters of one, three and five: as many
//! succeed as there are resources, nothing is given twice, and nobody is refused for what others
//! did at the same time.

mod groups;
mod machines;
mod round;
mod site;

use crate::round::Round;
use crate::site::Site;

/// Runs all kinds on a cluster of that many regions, and shows everything that is wrong at the end.
async fn check(net: u8, regions: u8) {
    let site = Site::build(net, regions).await.expect("a site");
    let mut rounds: Vec<Round> = Vec::new();
    rounds.extend(machines::all(&site).await.expect("machines"));
    rounds.extend(groups::all(&site).await.expect("groups"));
    let wrong: Vec<String> = rounds.iter().filter_map(Round::wrong).collect();
    assert!(wrong.is_empty(), "{} of {} kinds:\n{}", wrong.len(), rounds.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_on_one_region() {
    check(71, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_on_three_regions() {
    check(72, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_on_five_regions() {
    check(73, 5).await;
}
