//! Clients behind relay agents: they get addresses of their own link, and go on without the agent.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use anyhow::{Context, ensure};
use nix::sys::signal::Signal;
use testkit::lab::cluster::Kind;
use testkit::site::{self, Site};

use super::client::{Client, Event};
use super::program::{Program, Settings};
use super::relay::{Agent, Router};
use super::{rack_addresses, wait_leased};

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
    let mut patient = add(&mut site, Program::Dhclient, 1, &isc);
    let mut near = [
        add(&mut site, Program::Udhcpc, 2, &isc),
        add(&mut site, Program::Dhcpcd, 3, &isc),
        add(&mut site, Program::Udhcpc, 4, &other),
        add(&mut site, Program::Dhcpcd, 5, &other),
    ];
    let mut late = add(&mut site, Program::Dhclient, 6, &other);
    let mut selected = add(&mut site, Program::Udhcpc, 7, &isc);
    let mut hurried = add(&mut site, Program::Udhcpc, 8, &isc);

    let mut all = BTreeSet::new();
    let lab = site.cluster.lab();
    patient.start(lab, &Settings { lease_s: SHORT_S, ..Settings::default() }).expect("it starts");
    for client in &mut near {
        client.start(lab, &Settings::default()).expect("it starts");
    }
    let told = patient.has_address().await.expect("an address");
    check(&site, &isc, &told).expect("its own link's");
    all.insert(told.address().expect("it"));
    for (client, router) in near.iter_mut().zip([&isc, &isc, &other, &other]) {
        let told = client.has_address().await.expect("an address");
        check(&site, router, &told).expect("its own link's");
        all.insert(told.address().expect("it"));
    }
    assert_eq!(all.len(), 5, "two clients share an address: {all:?}");

    // They renew and release past their relays (RFC 2131 §4.3.6), which are gone.
    isc.stop(lab).expect("dhcrelay ends");
    other.stop(lab).expect("dnsmasq ends");
    for client in &mut near {
        client.renew().expect("it runs");
        let told = client.goes_on().await.expect("it is answered");
        assert!(all.contains(&told.address().expect("it")));
    }
    for (client, router) in near.iter_mut().zip([&isc, &isc, &other, &other]).take(3) {
        release(&site, client, router).await.expect("it is taken back");
    }

    // Relays that come back serve again; this one names the link apart from its own address.
    isc.start(&site, Agent::DhcrelayWithLinkSelection).await.expect("dhcrelay runs");
    other.start(&site, Agent::Dnsmasq).await.expect("dnsmasq runs");
    let lab = site.cluster.lab();
    for (client, router) in [(&mut late, &other), (&mut selected, &isc)] {
        client.start(lab, &Settings::default()).expect("it starts");
        let told = client.has_address().await.expect("an address");
        check(&site, router, &told).expect("its own link's");
        assert!(all.insert(told.address().expect("it")), "another address than the others'");
    }

    // The rack that gave the address dies: its clients find the other one.
    hurried.start(lab, &Settings { lease_s: SHORT_S, ..Settings::default() }).expect("it starts");
    let told = hurried.has_address().await.expect("an address");
    let server = told.server().expect("it");
    let rack = rack_at(&site, server).expect("a rack");
    site.cluster.kill(&rack).expect("it is killed");
    hurried.renew().expect("it runs");
    let told = rebound(&site, &mut hurried, server).await.expect("another rack answers");
    assert!(all.insert(told), "another address than the others'");
    near[3].signal(Signal::SIGHUP).expect("dhcpcd runs");
    near[3].goes_on().await.expect("it rebinds");
    patient.goes_on().await.expect("it renews or rebinds in its own time");
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

async fn release(site: &Site, client: &mut Client, router: &Router) -> anyhow::Result<()> {
    let address = client.address()?;
    wait_leased(site, &router.cidr(), address, true).await?;
    client.release(site.cluster.lab()).await?;
    wait_leased(site, &router.cidr(), address, false).await
}

fn rack_at(site: &Site, address: Ipv4Addr) -> anyhow::Result<String> {
    let mut racks = site.cluster.nodes(Kind::Rack);
    let rack = racks.find(|rack| rack.on_vlan == Some(address));
    Ok(rack.with_context(|| format!("no rack has {address}"))?.name.clone())
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
