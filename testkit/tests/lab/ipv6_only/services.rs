//! What racks serve where there is no IPv4, while regions come and go.

use anyhow::{Context, ensure};
use testkit::lab::Lab;
use testkit::lab::LabMachine;
use testkit::lab::addresses::Family;
use testkit::lab::bmc::{FACTORY_PASSWORD, FACTORY_USER};
use testkit::lab::machine::Firmware;
use testkit::lab::namespace::Namespace;
use testkit::operator;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

use crate::dhcp::ipv6::Client;

const RACK: &str = "fd00:10::2";
/// It does what routers advertise.
const DHCPCD: &str = "duid ll\noption dhcp6_name_servers\ninterface eth0\n";

/// Three regions and a rack join each other. A host gets its address, its name, the script that it boots and its metadata from
/// the rack, also when a region is gone; and the rack reaches a BMC.
#[tokio::test(flavor = "multi_thread")]
async fn regions_and_a_rack_serve_hosts_and_reach_bmcs_without_ipv4() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut lab = Lab::create_of(Family::V6).expect("a lab");
    lab.add_virtual_machine(Firmware::Bios).expect("a machine");
    let mut site = Site::form_in(lab, &binaries, 3, 1).await.expect("a cluster");
    operator::create_network(&site.cluster).await.expect("a network");
    site.upload().await.expect("images");
    no_ipv4(&site).expect("there is no IPv4");

    let mut client = Client::add(&mut site, "c1").expect("a client");
    let mac = mac_of(&site, "c1").expect("its hardware address");
    let form = [("architecture", "amd64/generic"), ("power_type", "manual"), ("hostname", "host")];
    let form = [&form[..], &[("mac_addresses", mac.as_str()), ("commission", "false")]].concat();
    site.client.post("machines/", &form).await.expect("a machine");
    client.start_dhcpcd(&site, DHCPCD).expect("it starts");
    let told = client.hook_says(&["BOUND6"]).await.expect("an address");
    assert!(told["address"].starts_with("fd00:10::1:"), "{told:?}");
    assert!(told["dns"].contains(RACK), "{told:?}");

    serves(&site, &mac, &told["address"]).await.expect("the rack serves it");
    let leader = site.cluster.leader().await.expect("a region leads");
    site.cluster.kill(&leader).expect("it is killed");
    serves(&site, &mac, &told["address"]).await.expect("the rack serves it through another region");
    let machine = &site.cluster.lab().machines()[0];
    is_powered(&site, machine).await.expect("the rack reaches the BMC");
}

/// Nobody in the lab has an address of IPv4 but that of the host itself.
fn no_ipv4(site: &Site) -> anyhow::Result<()> {
    for node in ["r1", "r2", "r3", "k1"] {
        let shown =
            site.cluster.lab().network().node(node)?.run("ip", &["-4", "-brief", "address"])?;
        let other: Vec<&str> = shown.lines().filter(|line| !line.starts_with("lo ")).collect();
        ensure!(other.is_empty(), "{node}: {other:?}");
    }
    Ok(())
}

fn mac_of(site: &Site, node: &str) -> anyhow::Result<String> {
    // What stands below `/sys` is of this host's interfaces.
    let node = site.cluster.lab().network().node(node)?;
    let shown = node.run("ip", &["-brief", "link", "show", "dev", "eth0"])?;
    Ok(shown.split_whitespace().nth(2).context("a hardware address")?.to_owned())
}

/// Names both ways, a boot script with the rack's address, and metadata, which comes from a region.
async fn serves(site: &Site, mac: &str, address: &str) -> anyhow::Result<()> {
    let host = site.cluster.lab().network().node("c1")?;
    wait_for("the rack has all that it serves", PROCESS_STALL, async |signs| {
        let name = asked(host, "dig", &[&format!("@{RACK}"), "+short", "host.maas", "AAAA"])?;
        signs.see("name", &name);
        let back = asked(host, "dig", &[&format!("@{RACK}"), "+short", "-x", address])?;
        signs.see("back", &back);
        let script = fetched(host, &format!("boot.ipxe?mac={mac}"))?;
        signs.see("script", &script);
        let metadata = fetched(host, "MAAS/metadata/")?;
        signs.see("metadata", &metadata);
        let served = name == address
            && back == "host.maas."
            && script.contains(&format!(" ironraft.rack=http://[{RACK}]:5248 "))
            && metadata.starts_with("2012-03-01");
        Ok(served.then_some(()))
    })
    .await
}

fn fetched(host: &Namespace, path: &str) -> anyhow::Result<String> {
    asked(host, "curl", &["-gsS", "--max-time", "20", &format!("http://[{RACK}]:5248/{path}")])
}

fn asked(host: &Namespace, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    Ok(host.run(program, arguments)?.trim().to_owned())
}

/// A rack asks a machine's BMC.
async fn is_powered(site: &Site, machine: &LabMachine) -> anyhow::Result<()> {
    let address = machine.bmc.address().to_string();
    let form = [
        ("architecture", "amd64/generic"),
        ("mac_addresses", machine.mac.as_str()),
        ("commission", "false"),
        ("power_type", "ipmi"),
        ("power_parameters_power_address", &address),
        ("power_parameters_power_user", FACTORY_USER),
        ("power_parameters_power_pass", FACTORY_PASSWORD),
    ];
    let made = site.client.post("machines/", &form).await?;
    let id = made["system_id"].as_str().unwrap_or_default();
    wait_for("the BMC says that the machine is off", PROCESS_STALL, async |signs| {
        let asked = site.client.get(&format!("machines/{id}/?op=query_power_state")).await?;
        signs.see("power", &asked);
        Ok((asked["state"] == "off").then_some(()))
    })
    .await
}
