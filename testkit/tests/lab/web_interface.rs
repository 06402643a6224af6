//! The web interface in a browser, at real regions. What operators do and see there is in `ui/journeys`.

use std::path::Path;

use testkit::journey::{self, Paths};
use testkit::site::{self, Site};

/// Makes a journey. What it says is shown if it fails, also when it is ended from outside.
async fn make(site: &mut Site, name: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the source tree");
    let made =
        journey::make(&mut site.cluster, &Paths::of(root), name, |line| println!("{line}")).await;
    made.unwrap_or_else(|error| panic!("{error:#}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_the_screen_outlives_the_leader() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::form(&binaries, 3, 0, 0).await.expect("a cluster");
    make(&mut site, "leader").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_site_is_set_up_and_its_machines_are_deployed_and_released() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::form(&binaries, 3, 1, 2).await.expect("a cluster");
    site.upload().await.expect("what machines boot and are deployed with");
    make(&mut site, "site").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_at_every_width_in_both_colors() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 1, 1).await.expect("a site");
    make(&mut site, "pages").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn network_and_disks_of_a_machine_are_configured_on_its_page() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 1, 1).await.expect("a site");
    make(&mut site, "machine").await;
}
