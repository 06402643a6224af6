//! Racks as relay agents, to the racks of another link and to a server of others, for clients that others made.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;

use anyhow::{Context, ensure};
use testkit::lab::cluster::metric;
use testkit::lab::process::Process;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

use super::client::Client;
use super::ipv6::{self, rack_address, serve_ipv6};
use super::program::{Program, Settings};
use super::rack_addresses;

/// The shortest lease that a rack gives, seconds.
const SHORT_S: Option<u32> = Some(60);
const RELAYED: &str = "ironraft_rack_dhcp_relayed_total{result=\"sent to a client\"}";

/// A link on which racks have an interface, and which they do not serve.
#[derive(Debug, Clone, Copy)]
struct Far {
    number: u8,
    racks: &'static [&'static str],
}

impl Far {
    fn link(self) -> String {
        format!("far{}", self.number)
    }

    fn cidr(self) -> String {
        format!("10.20.{}.0/24", self.number)
    }

    fn has(self, address: Ipv4Addr) -> bool {
        address.octets()[..3] == [10, 20, self.number]
    }

    /// Gives its racks an interface with addresses on it, from the next start of their programs on.
    fn connect(self, site: &mut Site) -> anyhow::Result<()> {
        site.cluster.lab_mut().network_mut().add_link(&self.link())?;
        for rack in self.racks {
            let (lab, interface) = (site.cluster.lab(), format!("lan{}", self.number));
            lab.network().connect(rack, &self.link(), &interface)?;
            let (number, host) = (self.number, host_of(rack)?);
            let node = lab.network().node(rack)?;
            for address in
                [format!("10.20.{number}.{host}/24"), format!("fd00:10:20:{number}::{host}/64")]
            {
                let nodad = if address.contains(':') { &["nodad"][..] } else { &[] };
                node.ip(&[&["address", "add", &address, "dev", &interface], nodad].concat())?;
            }
        }
        Ok(())
    }

    /// Lets a host find its racks' addresses on it.
    fn route(self, site: &Site, from: &str) -> anyhow::Result<()> {
        let network = site.cluster.lab().network();
        for rack in self.racks {
            let host = host_of(rack)?;
            let via = site.cluster.node(rack)?.on_vlan.context("an address")?.to_string();
            let behind = format!("10.20.{}.{host}/32", self.number);
            network.node(from)?.ip(&["route", "add", &behind, "via", &via])?;
        }
        Ok(())
    }

    /// The same over IPv6.
    fn route_ipv6(self, site: &Site, from: &str) -> anyhow::Result<()> {
        for rack in self.racks {
            let host = host_of(rack)?;
            let via = rack_address(10 + u16::from(host)).to_string();
            let behind = format!("fd00:10:20:{}::{host}/128", self.number);
            let node = site.cluster.lab().network().node(from)?;
            node.ip(&["-6", "route", "add", &behind, "via", &via])?;
        }
        Ok(())
    }

    /// Describes it, with these settings of its VLAN, once the regions of a new cluster have agreed that all know them.
    async fn describe(self, site: &Site, settings: &[&str]) -> anyhow::Result<String> {
        let cli = site.cluster.cli();
        let vid = (100 + u16::from(self.number)).to_string();
        let create = ["fabric", "vlan", "create", "fabric-0", &format!("vid={vid}")];
        let vlan = cli.json(&create).await?["id"].to_string();
        let number = self.number;
        for (cidr, first, last) in [
            (self.cidr(), format!("10.20.{number}.100"), format!("10.20.{number}.199")),
            (
                format!("fd00:10:20:{number}::/64"),
                format!("fd00:10:20:{number}::1:0"),
                format!("fd00:10:20:{number}::1:ffff"),
            ),
        ] {
            let create = ["subnet", "create", &format!("cidr={cidr}"), &format!("vlan={vlan}")];
            let subnet = cli.json(&create).await?["id"].to_string();
            let range = [
                "ip-range",
                "create",
                "type=dynamic",
                &format!("start_ip={first}"),
                &format!("end_ip={last}"),
                &format!("subnet={subnet}"),
            ];
            cli.json(&range).await?;
        }
        set(site, &vid, settings).await?;
        Ok(vid)
    }
}

/// The last byte of a rack's addresses: that of its name.
fn host_of(rack: &str) -> anyhow::Result<u8> {
    rack.trim_start_matches('k').parse().with_context(|| format!("{rack} is no rack"))
}

/// Sets something of a VLAN that not every version knows.
pub(super) async fn set(site: &Site, vid: &str, settings: &[&str]) -> anyhow::Result<()> {
    let cli = site.cluster.cli();
    wait_for("the regions take the setting", PROCESS_STALL, async |signs| {
        match cli.json(&[&["fabric", "vlan", "set", "fabric-0", vid], settings].concat()).await {
            Ok(_) => Ok(Some(())),
            Err(error) if format!("{error:#}").contains("Not all regions know") => {
                signs.see("refused", &error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    })
    .await
}

fn add(site: &mut Site, number: u8, link: Far) -> Client {
    Client::add(site.cluster.lab_mut(), Program::Udhcpc, number, &link.link()).expect("a client")
}

/// How many messages a rack has relayed to clients.
async fn relayed(site: &Site, rack: &str) -> f64 {
    let node = site.cluster.node(rack).expect("a rack");
    let metrics = site.cluster.metrics(node).await.expect("its metrics");
    metrics.lines().find_map(|line| line.strip_prefix(RELAYED)?.trim().parse().ok()).unwrap_or(0.0)
}

/// Two racks relay a link to two others. Clients get addresses of it from those, over IPv4 and IPv6; the rack that relays
/// a client dies, and the client goes on, as new ones do.
#[tokio::test(flavor = "multi_thread")]
async fn clients_live_on_a_link_that_racks_relay_and_go_on_when_one_of_them_dies() {
    let far = Far { number: 1, racks: &["k3", "k4"] };
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 4, 0).await.expect("a site");
    far.connect(&mut site).expect("a link");
    let serving = serve_ipv6(&mut site).await.expect("the racks serve IPv6");
    for rack in ["k1", "k2"] {
        far.route(&site, rack).expect("a way back");
        far.route_ipv6(&site, rack).expect("a way back");
    }
    let relay = [
        &format!("relay_vlan={serving}"),
        "relay_agent=true",
        "primary_rack=k3",
        "secondary_rack=k4",
    ];
    let vid = far.describe(&site, &relay).await.expect("it is relayed");
    let told = site.cluster.cli().json(&["fabric", "vlan", "describe", "fabric-0", &vid]).await;
    let by = told.expect("the VLAN")["relayed_by"].as_array().map(Vec::len);
    assert_eq!(by, Some(2), "both racks relay");

    let settings = Settings { lease_s: SHORT_S, ..Settings::default() };
    let mut first = add(&mut site, 1, far);
    first.start(site.cluster.lab(), &settings).expect("it starts");
    let told = first.has_address().await.expect("an address");
    let address = told.address().expect("an address");
    let servers = &rack_addresses(&site)[..2];
    assert!(far.has(address) && servers.contains(&told.server().expect("it")), "{told:?}");
    let [third, fourth] = [relayed(&site, "k3").await, relayed(&site, "k4").await];
    let gone = if third > fourth { "k3" } else { "k4" };
    assert!(third + fourth >= 2.0, "an offer and an acknowledgement: {third} and {fourth}");
    let mut over_ipv6 = ipv6::Client::add_on(&mut site, "c2", &far.link()).expect("a client");
    over_ipv6.start_dhclient(&site).expect("it starts");
    let told = over_ipv6.hook_says(&["BOUND6"]).await.expect("an address");
    assert!(told["address"].starts_with("fd00:10:20:1:"), "{told:?}");

    site.cluster.kill(gone).expect("it is killed");
    first.renew().expect("it runs");
    let told = first.goes_on().await.expect("it is answered through the other rack");
    assert_eq!(told.address().expect("an address"), address);
    for number in [3, 4] {
        let mut next = add(&mut site, number, far);
        next.start(site.cluster.lab(), &settings).expect("it starts");
        let told = next.has_address().await.expect("an address");
        assert!(far.has(told.address().expect("an address")), "{told:?}");
    }
    let mut next = ipv6::Client::add_on(&mut site, "c5", &far.link()).expect("a client");
    next.start_dhclient(&site).expect("it starts");
    let told = next.hook_says(&["BOUND6"]).await.expect("an address");
    assert!(told["address"].starts_with("fd00:10:20:1:"), "{told:?}");
}

/// dnsmasq, on the racks' link, with addresses for clients elsewhere.
fn start_other_server(site: &mut Site, far: Far) -> anyhow::Result<(Process, IpAddr)> {
    let network = site.cluster.lab_mut().network_mut();
    network.add_node("other", None, Some(70))?;
    let address = network.provisioning(70);
    let mut command = Command::new("dnsmasq");
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root"]);
    command.args(["--pid-file=", "--log-facility=-", "--log-dhcp", "--dhcp-authoritative"]);
    let leases = site.cluster.lab().folder().join("dnsmasq.leases");
    command.arg(format!("--dhcp-leasefile={}", leases.display()));
    let number = far.number;
    let range = format!("10.20.{number}.200,10.20.{number}.220,255.255.255.0,120");
    command.arg(format!("--dhcp-range={range}"));
    Ok((site.cluster.lab().start_process("other", "other", command)?, address))
}

/// A rack serves its own link, and relays another one to a server of others, and to one that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_rack_relays_one_link_to_a_server_of_others_and_serves_another_one_itself() {
    let far = Far { number: 2, racks: &["k2"] };
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 2, 0).await.expect("a site");
    far.connect(&mut site).expect("a link");
    site.cluster.kill("k2").expect("it is killed");
    site.cluster.start("k2").await.expect("it says which addresses it has");
    let (mut server, address) = start_other_server(&mut site, far).expect("dnsmasq runs");
    far.route(&site, "other").expect("a way back");
    let to = format!("relay_to={address},192.0.2.67");
    let vid = far.describe(&site, &[&to, "primary_rack=k2"]).await.expect("it is relayed");

    let mut client = add(&mut site, 1, far);
    client.start(site.cluster.lab(), &Settings::default()).expect("it starts");
    let told = client.has_address().await.expect("an address");
    assert_eq!(IpAddr::from(told.server().expect("it")), address, "{told:?}");
    let given = told.address().expect("an address");
    assert!(far.has(given) && given.octets()[3] >= 200, "{told:?}");
    check_served(&mut site, 2).await.expect("the own link is served");
    let told = site.cluster.cli().json(&["fabric", "vlan", "describe", "fabric-0", &vid]).await;
    let told = told.expect("the VLAN");
    assert!(told["external_dhcp"].is_null(), "it is asked for: {told}");
    server.kill().expect("it ends");
}

/// A client on the racks' own link has an address of a rack.
async fn check_served(site: &mut Site, number: u8) -> anyhow::Result<()> {
    let lab = site.cluster.lab_mut();
    let mut client = Client::add(lab, Program::Udhcpc, number, "prov")?;
    client.start(site.cluster.lab(), &Settings::default())?;
    let told = client.has_address().await?;
    ensure!(rack_addresses(site).contains(&told.server()?), "no rack is its server: {told:?}");
    let node = site.cluster.node("k2")?;
    let metrics = site.cluster.metrics(node).await?;
    ensure!(metric(&metrics, "ironraft_rack_dhcp_relayed_total").is_some(), "nothing is counted");
    Ok(())
}
