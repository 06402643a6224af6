//! Two racks on one VLAN: real clients get addresses from both while one is cut off from the
//! regions, killed, and restarted, and no address is ever acknowledged to two of them.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::try_join_all;
use model::mac::MacAddress;
use testkit::lab::cluster::Cluster;
use testkit::sim::dhcp_client::{self, Lease};
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

/// The namespace that clients are in, and its interface on the VLAN.
const CLIENTS: &str = "clients";
const INTERFACE: &str = "eth0";

#[tokio::test(flavor = "multi_thread")]
async fn no_address_is_acknowledged_to_two_clients() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 3, 2, 0).await.expect("a site");
    let network = site.cluster.lab_mut().network_mut();
    network.add_simulated(CLIENTS, 99, "52:54:00:99:00:00").expect("a namespace for clients");
    let cluster = &mut site.cluster;
    let mut holders = Holders::default();

    let first = ask(cluster, 0..16);
    let servers: std::collections::BTreeSet<_> = first.values().map(|lease| lease.server).collect();
    assert_eq!(2, servers.len(), "both racks answer");
    holders.add(&first);

    connect(cluster, "k1", "down");
    holders.add(&ask(cluster, 16..28));
    connect(cluster, "k1", "up");
    holders.add(&ask(cluster, 12..34));

    cluster.kill("k1").expect("k1 is killed");
    holders.add(&ask(cluster, 28..42));
    cluster.start("k1").await.expect("k1 is back");
    holders.add(&ask(cluster, 0..50));
}

/// Every client that was ever acknowledged an address, by the address.
#[derive(Default)]
struct Holders(BTreeMap<Ipv4Addr, MacAddress>);

impl Holders {
    /// Leases last much longer than the test, so an address stays its client's to the end.
    #[track_caller]
    fn add(&mut self, leases: &BTreeMap<MacAddress, Lease>) {
        for (mac, lease) in leases {
            let holder = *self.0.entry(lease.address).or_insert(*mac);
            assert_eq!(holder, *mac, "{} was given twice, by {}", lease.address, lease.server);
        }
    }
}

/// Connects a rack to the regions or cuts it off; it stays on the VLAN.
fn connect(cluster: &Cluster, rack: &str, state: &str) {
    let fabric = cluster.lab().network().fabric();
    fabric.ip(&["link", "set", &format!("mgmt-{rack}"), state]).expect("the link is there");
}

/// These clients boot at the same time; each is answered.
#[track_caller]
fn ask(cluster: &Cluster, numbers: std::ops::Range<u8>) -> BTreeMap<MacAddress, Lease> {
    let clients = cluster.lab().network().node(CLIENTS).expect("the clients' namespace");
    let leased = tokio::task::block_in_place(|| {
        clients.enter(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(lease_all(numbers)).map_err(io::Error::other)
        })
    });
    leased.expect("every client is answered").into_iter().collect()
}

/// A rack may be away and the host busy: it fails when no further client is answered for a long time.
async fn lease_all(numbers: std::ops::Range<u8>) -> anyhow::Result<Vec<(MacAddress, Lease)>> {
    let answered = AtomicUsize::new(0);
    let asked = try_join_all(numbers.map(|number| lease(number, &answered)));
    let stalled = wait_for("every client is answered", PROCESS_STALL, async |signs| {
        signs.see("answered clients", answered.load(Ordering::Relaxed));
        Ok(None::<std::convert::Infallible>)
    });
    tokio::select! {
        leased = asked => leased,
        error = stalled => error.map(|never| match never {}),
    }
}

async fn lease(number: u8, answered: &AtomicUsize) -> anyhow::Result<(MacAddress, Lease)> {
    let mac = MacAddress([0x52, 0x54, 0x00, 0x99, 0x01, number]);
    let lease = dhcp_client::lease(INTERFACE, mac, u128::from(number).to_be_bytes()).await?;
    answered.fetch_add(1, Ordering::Relaxed);
    Ok((mac, lease))
}
