//! Clients while regions die: the leader in the middle of an exchange, then all of them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use testkit::lab::cluster::Kind;
use testkit::site::{self, Site};

use super::client::Client;
use super::program::{Program, Settings};
use super::wait_leased;

const LINK: &str = "prov";
const CIDR: &str = "10.10.0.0/24";

#[tokio::test(flavor = "multi_thread")]
async fn clients_get_and_keep_addresses_while_regions_die() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 3, 2, 0).await.expect("a site");
    let mut holders = Holders::default();
    let programs = [Program::Udhcpc, Program::Dhcpcd, Program::Dhclient];
    let [mut known, mut cautious, mut asking] = add(&mut site, programs, 1);
    let [mut new, mut also_new, mut later] = add(&mut site, programs, 4);
    for client in [&mut known, &mut cautious] {
        start(&site, client);
    }
    for client in [&mut known, &mut cautious] {
        let address = has_address(client).await;
        holders.add(client, address);
    }

    // The leader dies when a client begins to ask.
    start(&site, &mut asking);
    asking.next(&["PREINIT"]).await.expect("it begins");
    let leader = site.cluster.leader().await.expect("a region leads");
    site.cluster.kill(&leader).expect("it is killed");
    let address = has_address(&mut asking).await;
    holders.add(&asking, address);

    // Without any region, known clients go on and new ones get addresses of the racks' blocks.
    let regions: Vec<String> = names(&site);
    for region in regions.iter().filter(|region| **region != leader) {
        site.cluster.kill(region).expect("it is killed");
    }
    for client in [&mut known, &mut cautious] {
        client.renew().expect("it runs");
        let told = client.goes_on().await.expect("it goes on");
        holders.add(client, told.address().expect("it"));
    }
    for client in [&mut new, &mut also_new] {
        start(&site, client);
    }
    for client in [&mut new, &mut also_new] {
        let address = has_address(client).await;
        holders.add(client, address);
    }

    // What was given meanwhile stays given.
    for region in &regions {
        site.cluster.launch(region).expect("it starts");
    }
    for region in &regions {
        site.cluster.wait_ready(region).await.expect("it is ready");
    }
    start(&site, &mut later);
    let address = has_address(&mut later).await;
    holders.add(&later, address);
    for address in holders.0.keys() {
        wait_leased(&site, CIDR, *address, true).await.expect("regions know of it");
    }
    for client in [&mut known, &mut cautious, &mut new, &mut also_new] {
        client.renew().expect("it runs");
        let told = client.goes_on().await.expect("it goes on");
        holders.add(client, told.address().expect("it"));
    }
    assert_eq!(holders.0.len(), 6, "each client has had one address: {holders:?}");
}

/// Every client that ever had an address, by the address.
#[derive(Debug, Default)]
struct Holders(BTreeMap<Ipv4Addr, String>);

impl Holders {
    #[track_caller]
    fn add(&mut self, client: &Client, address: Ipv4Addr) {
        let holder = self.0.entry(address).or_insert_with(|| client.name.clone());
        assert_eq!(*holder, client.name, "{address} was given twice");
    }
}

fn names(site: &Site) -> Vec<String> {
    site.cluster.nodes(Kind::Region).map(|region| region.name.clone()).collect()
}

fn add<const N: usize>(site: &mut Site, programs: [Program; N], first: u8) -> [Client; N] {
    let mut number = first - 1;
    programs.map(|program| {
        number += 1;
        Client::add(site.cluster.lab_mut(), program, number, LINK).expect("a client")
    })
}

fn start(site: &Site, client: &mut Client) {
    client.start(site.cluster.lab(), &Settings::default()).expect("it starts");
}

async fn has_address(client: &mut Client) -> Ipv4Addr {
    let told = client.has_address().await.expect("an address");
    told.address().expect("its address")
}
