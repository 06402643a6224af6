//! What clients do in their own time: renewals at T1, rebinding at T2, and leases that end.
//!
//! It takes minutes, so it is not part of `make test` but of `make e2e`.

use anyhow::ensure;
use testkit::lab::cluster::Kind;
use testkit::site::{self, Site};

use super::client::Client;
use super::program::{Program, Settings};
use super::rack_at;
use super::relay::{Agent, Router};

/// The shortest lease that a rack gives, seconds.
const SHORT_S: Option<u32> = Some(60);
const PROGRAMS: [Program; 3] = [Program::Dhclient, Program::Udhcpc, Program::Dhcpcd];

#[tokio::test(flavor = "multi_thread")]
async fn clients_renew_rebind_and_lose_their_leases_in_their_own_time() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 2, 0).await.expect("a site");
    let mut router = Router::add(&mut site, 1).await.expect("a router");
    router.start(&site, Agent::Dhcrelay).await.expect("dhcrelay runs");
    let mut clients = Vec::new();
    for (number, (link, program)) in (1..).zip(
        ["prov", router.link.as_str()]
            .into_iter()
            .flat_map(|link| PROGRAMS.map(|program| (link, program))),
    ) {
        let client = Client::add(site.cluster.lab_mut(), program, number, link);
        clients.push(client.expect("a client"));
    }
    let settings = Settings { lease_s: SHORT_S, ..Settings::default() };
    let mut had = Vec::new();
    for client in &mut clients {
        client.start(site.cluster.lab(), &settings).expect("it starts");
    }
    for client in &mut clients {
        had.push(client.has_address().await.expect("an address"));
    }
    // At T1 the rack that gave the address is asked.
    for (client, had) in clients.iter_mut().zip(&had) {
        let told = client.goes_on().await.expect("it renews");
        assert_eq!(told.address().expect("it"), had.address().expect("it"));
        // udhcpc asks all racks when less than a minute is left.
        let asks_one = client.program != Program::Udhcpc;
        assert!(!asks_one || told.server().expect("it") == had.server().expect("it"), "{told:?}");
    }
    // One rack dies: at T2 its clients ask any other.
    let gone = had[0].server().expect("it");
    let rack = rack_at(&site, gone).expect("a rack");
    site.cluster.kill(&rack).expect("it is killed");
    for (client, had) in clients.iter_mut().zip(&had) {
        loop {
            let told = client.goes_on().await.expect("it goes on");
            assert_eq!(told.address().expect("it"), had.address().expect("it"));
            if told.server().expect("it") != gone {
                break;
            }
        }
    }
    // All racks die: leases end.
    let racks: Vec<String> = site.cluster.nodes(Kind::Rack).map(|rack| rack.name.clone()).collect();
    for other in racks.iter().filter(|name| **name != rack) {
        site.cluster.kill(other).expect("it is killed");
    }
    for client in &mut clients {
        client.loses_address().await.expect("its lease ends");
    }
    // A rack comes back, and each client gets the address that it had.
    site.cluster.start(&rack).await.expect("it starts");
    for (client, had) in clients.iter_mut().zip(&had) {
        comes_back(client, had.address().expect("it")).await.expect("it is served again");
    }
}

async fn comes_back(client: &mut Client, had: std::net::Ipv4Addr) -> anyhow::Result<()> {
    let got = client.has_address().await?.address()?;
    ensure!(got == had, "{} had {had} and got {got}", client.name);
    Ok(())
}
