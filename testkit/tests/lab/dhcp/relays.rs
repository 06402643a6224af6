//! Clients behind relay agents: they get addresses of their own link, and go on without the agent.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use anyhow::ensure;
use nix::sys::signal::Signal;
use testkit::site::{self, Site};

use super::client::{Client, Event};
use super::program::{Program, Settings};
use super::relay::{Agent, Router};
use super::{rack_addresses, rack_at, wait_leased};

/// The shortest lease that a rack gives, seconds.
const SHORT_S: Option<u32> = Some(60);

#[tokio::test(flavor = "multi_thread")]
async fn clients_behind_dhcrelay_and_dnsmasq_live_on_their_own_links() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 2, 0).await.expect("a site");
    let mut isc = Router::add(&mut site, 1).await.expect("a router");
    let mut other = Router::add(&mut site, 2).await.expect("a router");
    isc.start(&site, Agent::Dhcrelay).await.expect("dhcrelay runs");
    other.start(&site, Agent::Dnsmasq).await.expect("dnsmasq runs");
    let mut clients = [
        add(&mut site, Program::Dhclient, 1, &isc),
        add(&mut site, Program::Udhcpc, 2, &isc),
        add(&mut site, Program::Dhcpcd, 3, &isc),
        add(&mut site, Program::Dhclient, 4, &other),
        add(&mut site, Program::Udhcpc, 5, &other),
        add(&mut site, Program::Dhcpcd, 6, &other),
    ];
    let routers = [&isc, &isc, &isc, &other, &other, &other];
    let mut all = BTreeSet::new();
    for client in &mut clients {
        client.start(site.cluster.lab(), &Settings::default()).expect("it starts");
    }
    for (client, router) in clients.iter_mut().zip(routers) {
        let told = client.has_address().await.expect("an address");
        check(&site, router, &told).expect("its own link's");
        all.insert(told.address().expect("it"));
    }
    assert_eq!(all.len(), clients.len(), "two clients share an address: {all:?}");
    let links = routers.map(Router::cidr);

    // They renew and release past their relays (RFC 2131 §4.3.6), which are gone. udhcpc opens the socket
    // for the answer after it has asked, may miss it, and then needs its relay.
    for client in clients.iter_mut().filter(|client| client.program == Program::Udhcpc) {
        client.renew().expect("it runs");
        client.goes_on().await.expect("it is answered");
    }
    isc.stop(site.cluster.lab()).expect("dhcrelay ends");
    other.stop(site.cluster.lab()).expect("dnsmasq ends");
    for (client, cidr) in clients.iter_mut().zip(&links) {
        renew_and_release(&site, client, cidr).await.expect("it is heard");
    }

    // Relays that come back serve again; the first one names the link apart from its own address now.
    isc.start(&site, Agent::DhcrelayWithLinkSelection).await.expect("dhcrelay runs");
    other.start(&site, Agent::Dnsmasq).await.expect("dnsmasq runs");
    for (number, router) in [(7, &isc), (8, &other)] {
        let mut client = add(&mut site, Program::Udhcpc, number, router);
        client.start(site.cluster.lab(), &Settings::default()).expect("it starts");
        let told = client.has_address().await.expect("an address");
        check(&site, router, &told).expect("its own link's");
        assert!(all.insert(told.address().expect("it")), "the others' addresses are kept for them");
        client.cut(site.cluster.lab()).expect("it ends");
    }
}

/// The rack that a client has its address from dies, and the client finds the other one: udhcpc and
/// dhcpcd rebind at once when they are told to.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_rack_died_rebinds_through_its_relay_at_the_other_rack() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 2, 0).await.expect("a site");
    let mut router = Router::add(&mut site, 1).await.expect("a router");
    router.start(&site, Agent::Dhcrelay).await.expect("dhcrelay runs");
    let mut beside = Router::add_beside(&mut site, &router, 2).expect("a router");
    beside.start(&site, Agent::Dhcrelay).await.expect("dhcrelay runs");
    let settings = Settings { lease_s: SHORT_S, ..Settings::default() };
    let mut clients =
        [add(&mut site, Program::Udhcpc, 1, &router), add(&mut site, Program::Dhcpcd, 2, &router)];
    for client in &mut clients {
        client.start(site.cluster.lab(), &settings).expect("it starts");
    }
    let mut told = Vec::new();
    for client in &mut clients {
        told.push(client.has_address().await.expect("an address"));
    }
    let gone = told[0].server().expect("it");
    let rack = rack_at(&site, gone).expect("a rack");
    site.cluster.kill(&rack).expect("it is killed");
    clients[0].renew().expect("udhcpc runs");
    clients[1].signal(Signal::SIGHUP).expect("dhcpcd runs");
    for (client, told) in clients.iter_mut().zip(told) {
        let address = rebound(&site, client, gone).await.expect("another rack answers");
        assert_eq!(address, told.address().expect("it"));
    }
}

fn add(site: &mut Site, program: Program, number: u8, router: &Router) -> Client {
    Client::add(site.cluster.lab_mut(), program, number, &router.link).expect("a client")
}

/// What a client behind a router is told.
fn check(site: &Site, router: &Router, told: &Event) -> anyhow::Result<()> {
    let racks = rack_addresses(site);
    let gateway = router.gateway();
    ensure!(told.field("routers") == gateway, "another router than {gateway}: {told:?}");
    let network = gateway.trim_end_matches('1');
    ensure!(told.field("address").starts_with(network), "another link than {network}: {told:?}");
    ensure!(racks.contains(&told.server()?), "no rack is its server: {told:?}");
    let dns: BTreeSet<Ipv4Addr> =
        told.field("dns").split(' ').filter_map(|server| server.parse().ok()).collect();
    ensure!(dns == racks.into_iter().collect(), "other name servers: {told:?}");
    Ok(())
}

/// dhcpcd renews; each client gives its address back.
async fn renew_and_release(site: &Site, client: &mut Client, cidr: &str) -> anyhow::Result<()> {
    let address = client.address()?;
    if client.program == Program::Dhcpcd {
        client.renew()?;
        ensure!(client.goes_on().await?.address()? == address, "another address than {address}");
    }
    wait_leased(site, cidr, address, true).await?;
    client.release(site.cluster.lab()).await?;
    wait_leased(site, cidr, address, false).await
}

/// Waits until a client goes on with its address by another server.
async fn rebound(site: &Site, client: &mut Client, gone: Ipv4Addr) -> anyhow::Result<Ipv4Addr> {
    let had = client.address()?;
    let told = client.goes_on().await?;
    ensure!(told.address()? == had, "it had {had}: {told:?}");
    let server = told.server()?;
    ensure!(server != gone && rack_addresses(site).contains(&server), "who answered? {told:?}");
    Ok(had)
}
