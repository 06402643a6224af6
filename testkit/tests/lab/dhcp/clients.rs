//! Clients on a rack's own link: from the first address to the one after a conflict.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use anyhow::ensure;
use futures::future::try_join_all;
use testkit::site::{self, Site};

use super::client::{Client, Event};
use super::program::{Program, Settings};
use super::{leased, rack_addresses, wait_leased};

const LINK: &str = "prov";
const CIDR: &str = "10.10.0.0/24";
/// The same for all clients, as clones of one system have it.
const CLONED: &str = "made-from-one-image";

/// What each of them does at the same time as the others: it gets an address with all that belongs to it,
/// renews, restarts, comes back with an identifier that others have too, gives its address back,
/// and finds that somebody else uses its address.
#[tokio::test(flavor = "multi_thread")]
async fn dhclient_udhcpc_and_dhcpcd_keep_their_addresses_and_decline_those_of_others() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 1, 0).await.expect("a site");
    let programs = [Program::Dhclient, Program::Udhcpc, Program::Dhcpcd];
    let mut clients = Vec::new();
    for (number, program) in (1..).zip(programs) {
        let client = Client::add(site.cluster.lab_mut(), program, number, LINK);
        clients.push(client.expect("a client"));
    }
    let lives = clients.iter_mut().map(|client| life(&site, client));
    let addresses = try_join_all(lives).await.expect("every client is served");
    let different: BTreeSet<Ipv4Addr> = addresses.iter().copied().collect();
    assert_eq!(different.len(), clients.len(), "two clients share an address: {addresses:?}");
    let leased: BTreeSet<Ipv4Addr> = leased(&site, CIDR).await.expect("it").into_iter().collect();
    assert_eq!(leased, different, "what regions say is what clients have");
}

/// The life of one client; returns its last address.
async fn life(site: &Site, client: &mut Client) -> anyhow::Result<Ipv4Addr> {
    let lab = site.cluster.lab();
    make_machine(site, client).await?;
    client.start(lab, &Settings::default())?;
    let first = client.has_address().await?;
    let address = first.address()?;
    check_told(site, client, &first)?;
    // dhclient renews in its own time only: see `patience`.
    if client.program.renews_at().is_some() {
        client.renew()?;
        let renewed = client.goes_on().await?;
        ensure!(renewed.address()? == address, "{} renewed another address", client.name);
    }

    come_back(site, client, None, address).await?;
    client.forget()?;
    come_back(site, client, Some(CLONED), address).await?;

    wait_leased(site, CIDR, address, true).await?;
    client.release(lab).await?;
    wait_leased(site, CIDR, address, false).await?;
    client.start(lab, &Settings::default())?;
    let again = client.has_address().await?.address()?;
    ensure!(again == address, "{} got {again} after it released {address}", client.name);

    meet_squatter(site, client, address).await
}

/// A machine that has the client's hardware address, so that there is a name for it.
async fn make_machine(site: &Site, client: &Client) -> anyhow::Result<()> {
    let name = name_of(client);
    let machine = [
        ("architecture", "amd64/generic"),
        ("power_type", "manual"),
        ("hostname", name.as_str()),
        ("mac_addresses", client.mac.as_str()),
        ("commission", "false"),
    ];
    site.client.post("machines/", &machine).await?;
    Ok(())
}

fn name_of(client: &Client) -> String {
    format!("machine-{}", client.name)
}

fn check_told(site: &Site, client: &Client, told: &Event) -> anyhow::Result<()> {
    let racks = rack_addresses(site);
    let dns = racks.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>().join(" ");
    let wanted = [
        ("mask", "255.255.255.0"),
        ("routers", "10.10.0.1"),
        ("dns", dns.as_str()),
        ("domain", "maas"),
        ("name", &name_of(client)),
    ];
    for (field, value) in wanted {
        let got = told.field(field);
        ensure!(got == value, "{}: {field} is `{got}` and not `{value}`", client.name);
    }
    ensure!(racks.contains(&told.server()?), "{} names another server", client.name);
    ensure!(told.address()?.octets()[..3] == [10, 10, 0], "{} is elsewhere", client.name);
    Ok(())
}

/// The client starts again, and gets the address that it had.
async fn come_back(
    site: &Site,
    client: &mut Client,
    identifier: Option<&str>,
    had: Ipv4Addr,
) -> anyhow::Result<()> {
    client.cut(site.cluster.lab())?;
    let address = (!client.program.keeps_leases()).then_some(had);
    client.start(site.cluster.lab(), &Settings { identifier, address, lease_s: None })?;
    let got = client.has_address().await?;
    let confirmed = client.program == Program::Dhclient && identifier.is_none();
    let reason = got.field("reason");
    ensure!(confirmed == (reason == "REBOOT"), "{} came back by {reason}", client.name);
    ensure!(got.address()? == had, "{} had {had} and got {:?}", client.name, got.address());
    Ok(())
}

/// Somebody else has taken the address of the client while it was away; returns the one it gets instead.
async fn meet_squatter(
    site: &Site,
    client: &mut Client,
    address: Ipv4Addr,
) -> anyhow::Result<Ipv4Addr> {
    let lab = site.cluster.lab();
    client.cut(lab)?;
    client.forget()?;
    match client.program {
        // It leaves looking for others to its hook.
        Program::Dhclient => client.refuse(address)?,
        Program::Udhcpc | Program::Dhcpcd => {
            // The subnet's router takes it.
            lab.network().fabric().ip(&[
                "address",
                "add",
                &format!("{address}/32"),
                "dev",
                LINK,
            ])?;
        }
    }
    client.start(lab, &Settings::default())?;
    let other = client.has_address().await?.address()?;
    ensure!(other != address, "{} got {address}, which another has", client.name);
    wait_leased(site, CIDR, other, true).await?;
    wait_leased(site, CIDR, address, false).await?;
    Ok(other)
}
