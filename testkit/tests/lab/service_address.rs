//! The service address of a VLAN moves to a rack that lives, and at most one rack holds it.

use std::net::IpAddr;

use testkit::lab::cluster::Kind;
use testkit::sim::dhcp_client;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

/// The namespace that clients are in, and its interface on the VLAN.
const CLIENTS: &str = "clients";
const INTERFACE: &str = "eth0";
/// The last byte of the service address: outside of the range for clients.
const SERVICE: u8 = 5;
const VOUCHED: &str = "ironraft_rack_service_addresses_vouched ";
const NAME: &str = "probe.service.example";

/// The racks whose kernels have an address.
fn holders(site: &Site, ip: IpAddr) -> Vec<String> {
    let network = site.cluster.lab().network();
    let racks = site.cluster.nodes(Kind::Rack);
    let has = |rack: &str| {
        let said = network.node(rack).and_then(|node| Ok(node.run("ip", &["-o", "address"])?));
        said.expect("addresses").contains(&format!(" {ip}/"))
    };
    racks.filter(|rack| has(&rack.name)).map(|rack| rack.name.clone()).collect()
}

/// Waits until this rack alone has the address.
async fn held_by(site: &Site, ip: IpAddr, wanted: impl Fn(&str) -> bool) -> String {
    let held = wait_for("one rack holds the service address", PROCESS_STALL, async |signs| {
        let holders = holders(site, ip);
        signs.see("holders", holders.join(", "));
        Ok(match holders.as_slice() {
            [one] if wanted(one) => Some(one.clone()),
            _ => None,
        })
    });
    held.await.unwrap_or_else(|error| panic!("{error:#}"))
}

/// A resolver that knows no server but the service address, and asks it anew when it is not answered. The kernel of a rack whose
/// process died refuses until it forgets the address, so it may have to ask more often.
async fn resolves(site: &Site, ip: IpAddr) {
    let clients = site.cluster.lab().network().node(CLIENTS).expect("the clients' namespace");
    let server = format!("@{ip}");
    let resolved = wait_for("a name is resolved", PROCESS_STALL, async |signs| {
        let said = clients.run("dig", &[&server, NAME, "+short", "+tries=1", "+time=5"]);
        signs.see("dig", format!("{said:?}"));
        Ok(said.ok().map(|said| said.trim().to_owned()).filter(|said| !said.is_empty()))
    });
    let said = resolved.await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(said, "192.0.2.9");
}

/// Connects a rack to a link of the lab or cuts it off.
fn connect(site: &Site, link: &str, rack: &str, state: &str) {
    let fabric = site.cluster.lab().network().fabric();
    fabric.ip(&["link", "set", &format!("{link}-{rack}"), state]).expect("the link is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_address_moves_when_its_rack_dies_and_stays_without_a_quorum() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 3, 2, 0).await.expect("a site");
    let network = site.cluster.lab_mut().network_mut();
    network.add_simulated(CLIENTS, 99, "52:54:00:99:00:00").expect("a namespace");
    let service = network.provisioning(SERVICE);
    let address = format!("{}/24", network.provisioning(98));
    let clients = network.node(CLIENTS).expect("the clients' namespace");
    clients.ip(&["address", "add", &address, "dev", INTERFACE]).expect("an address");
    let cli = site.cluster.cli();
    cli.run(&["domain", "create", "name=service.example"]).await.expect("a domain");
    let record = ["fqdn=probe.service.example", "ip_addresses=192.0.2.9"];
    cli.run(&["dns-resource", "create", record[0], record[1]]).await.expect("a name");
    let set = format!("service_addresses={service}");
    cli.run(&["vlan", "set", "1", &set]).await.expect("a service address");

    let first = held_by(&site, service, |_| true).await;
    resolves(&site, service).await;
    let leased = tokio::task::block_in_place(|| {
        let clients = site.cluster.lab().network().node(CLIENTS).expect("the namespace");
        clients.enter(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let mac = model::mac::MacAddress([0x52, 0x54, 0, 0x99, 1, 1]);
            let lease = dhcp_client::lease(INTERFACE, mac, 1_u128.to_be_bytes());
            runtime.block_on(lease).map_err(std::io::Error::other)
        })
    });
    let lease = leased.expect("a lease");
    assert_eq!(IpAddr::from(lease.server), service);
    assert!(lease.boot_file.contains(&service.to_string()), "{}", lease.boot_file);

    // Its rack dies: the other one takes it.
    site.cluster.kill(&first).expect("it is killed");
    resolves(&site, service).await;
    let second = held_by(&site, service, |rack| rack != first).await;
    assert_ne!(first, second);
    let shown = cli.json(&["vlan", "get", "1"]).await.expect("a VLAN");
    assert!(shown["service_rack"].is_string(), "{shown}");

    // The first one is back, and takes nothing from who lives.
    site.cluster.start(&first).await.expect("it is back");
    assert_eq!(held_by(&site, service, |_| true).await, second);

    // One that hears no region gives way to the other, which is named in its place.
    connect(&site, "mgmt", &second, "down");
    held_by(&site, service, |rack| rack == first).await;
    resolves(&site, service).await;
    connect(&site, "mgmt", &second, "up");

    // The host of the one that holds it is gone as a whole, and back.
    for link in ["prov", "mgmt"] {
        connect(&site, link, &first, "down");
    }
    resolves(&site, service).await;
    for link in ["mgmt", "prov"] {
        connect(&site, link, &first, "up");
    }
    assert_eq!(held_by(&site, service, |rack| rack == second).await, second);

    // Without any region whoever holds it goes on.
    for region in ["r1", "r2", "r3"] {
        site.cluster.kill(region).expect("it is killed");
    }
    let rack = site.cluster.node(&second).expect("a rack");
    let on_its_own = wait_for("nobody vouches for it", PROCESS_STALL, async |signs| {
        let metrics = site.cluster.metrics(rack).await?;
        let line = metrics.lines().find(|line| line.starts_with(VOUCHED)).unwrap_or_default();
        signs.see("metrics", line);
        Ok(line.ends_with(" 0").then_some(()))
    });
    on_its_own.await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(holders(&site, service), [second]);
    resolves(&site, service).await;
}
