//! A client over IPv6 that others made, and that is told nothing but what racks advertise: that it has to ask for an address, what
//! is on its link, and whom it asks for names.

use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

use super::ipv6::{Client, rack_address, serve_ipv6};

/// Without a word of `DHCPv6`: it asks for an address if an advertisement says so.
const DHCPCD: &str = "duid\ninterface eth0\n";

#[tokio::test(flavor = "multi_thread")]
async fn dhcpcd_does_what_two_racks_advertise() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 2, 0).await.expect("a site");
    let vlan = serve_ipv6(&mut site).await.expect("the racks serve IPv6");
    ask(&site, &vlan).await.expect("it is asked for");

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

/// Has the racks advertise, once the regions of a new cluster have agreed that all know how to tell them.
async fn ask(site: &Site, vlan: &str) -> anyhow::Result<()> {
    let cli = site.cluster.cli();
    wait_for("the regions take the setting", PROCESS_STALL, async |signs| {
        match cli.json(&["vlan", "set", vlan, "router_advertisements=on"]).await {
            Ok(set) => Ok((set["router_advertisements"] == "on").then_some(())),
            Err(error) if format!("{error:#}").contains("Not all regions know") => {
                signs.see("refused", &error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    })
    .await
}
