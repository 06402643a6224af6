//! Routers that others made: they are delegated prefixes, and keep them while the rack that answered is gone.

use std::net::Ipv6Addr;

use nix::sys::signal::Signal;
use testkit::site::{self, Site};

use super::ipv6::{Client, Said, dhclient, leased, serve_ipv6, wait_state};

const POOL: &str = "fd00:a00::/40";

/// The prefix that a hook was told, of 56 bits.
fn delegated(said: &Said) -> Ipv6Addr {
    let (network, length) = said["delegated"].split_once('/').expect("a prefix");
    assert_eq!(length, "56", "{said:?}");
    let network: Ipv6Addr = network.parse().expect("a prefix of IPv6");
    assert_eq!(network.segments()[..2], [0xfd00, 0xa00], "{said:?}");
    network
}

/// dhclient is delegated a prefix and gives it back; dhcpcd has an address and a prefix, renews both, loses the rack that
/// answered it, and goes on at the other one with the same.
#[tokio::test(flavor = "multi_thread")]
async fn dhclient_and_dhcpcd_keep_their_prefixes_while_a_rack_dies() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 2, 0).await.expect("a site");
    serve_ipv6(&mut site).await.expect("the racks serve IPv6");
    let pool = format!("prefix={POOL}");
    let create = ["prefix-pool", "create", &pool, "delegated_length=56", "subnet=provisioning6"];
    site.cluster.cli().json(&create).await.expect("there is a pool");
    let mut asking = Client::add(&mut site, "c1").expect("a client");
    let mut staying = Client::add(&mut site, "c2").expect("a client");

    asking.start(&site, dhclient(&asking.folder, "pid", &["-P"])).expect("it starts");
    let told = delegated(&asking.hook_says(&["BOUND6"]).await.expect("dhclient has a prefix"));
    let lease = leased(&site, told).await.expect("regions know of it");
    assert_eq!((&lease["kind"], &lease["prefix_length"]), (&"prefix".into(), &56.into()));
    assert_eq!(lease["state"], "active", "{lease}");
    asking.kill().expect("it ends");
    let release = dhclient(&asking.folder, "no-pid", &["-r", "-P"]);
    asking.start(&site, release).expect("it gives it back");
    wait_state(&site, told, "kept").await.expect("it is given back");

    let conf = "noipv6rs\nduid\ninterface eth0\n  ia_na 1\n  ia_pd 2\n";
    staying.start_dhcpcd(&site, conf).expect("it starts");
    let first = staying.hook_says(&["BOUND6"]).await.expect("dhcpcd has both");
    let (address, prefix) = (first["address"].clone(), delegated(&first));
    assert_ne!(prefix, told, "it is kept for who had it");
    staying.signal(Signal::SIGUSR1).expect("it runs");
    let renewed = staying.hook_says(&["RENEW6", "REBIND6"]).await.expect("it renews");
    assert_eq!((&renewed["address"], delegated(&renewed)), (&address, prefix));

    let answered = leased(&site, prefix).await.expect("regions know of it");
    let gone = answered["rack"]["hostname"].as_str().expect("a rack").to_owned();
    site.cluster.kill(&gone).expect("it is killed");
    staying.signal(Signal::SIGUSR1).expect("it runs");
    let other = staying.hook_says(&["RENEW6", "REBIND6"]).await.expect("the other rack answers");
    assert_eq!((&other["address"], delegated(&other)), (&address, prefix));
}
