//! A client over IPv6 that others made, and that is told nothing but what racks advertise: that it has to ask for an address, what
//! is on its link, and whom it asks for names.

use testkit::operator::advertise;
use testkit::site::{self, Site};

use super::ipv6::{Client, rack_address, serve_ipv6};

/// Without a word of `DHCPv6`: it asks for an address if an advertisement says so.
const DHCPCD: &str = "duid\ninterface eth0\n";

#[tokio::test(flavor = "multi_thread")]
async fn dhcpcd_does_what_two_racks_advertise() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 2, 0).await.expect("a site");
    let vlan = serve_ipv6(&mut site).await.expect("the racks serve IPv6");
    advertise(&site.cluster.cli(), &vlan).await.expect("it is asked for");

    let mut client = Client::add(&mut site, "c1").expect("a client");
    client.start_dhcpcd(&site, DHCPCD).expect("it starts");
    let heard = client.hook_says(&["ROUTERADVERT"]).await.expect("dhcpcd hears a rack");
    assert_eq!(heard["prefix"], "fd00:10:10::", "{heard:?}");
    let racks = [11, 12].map(|host| rack_address(host).to_string());
    assert!(racks.iter().all(|rack| heard["resolvers"].contains(rack)), "{heard:?}");
    assert!(!heard["domains"].is_empty(), "{heard:?}");
    let bound = client.hook_says(&["BOUND6"]).await.expect("dhcpcd asks for an address");
    assert!(bound["address"].starts_with("fd00:10:10:"), "{bound:?}");
}
