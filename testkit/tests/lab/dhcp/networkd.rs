//! systemd-networkd, which needs no hook: it writes what it was told to a file.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use testkit::lab::process::Process;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

use super::program::INTERFACE;

const NODE: &str = "networkd";
/// Its configuration, and a `/sys` that tells it to wait for no udev, in a mount namespace of its own.
const START: &str = "mount -t tmpfs run /run && mkdir -p /run/systemd/network && \
    printf '[Match]\\nName=eth0\\n[Network]\\nDHCP=ipv4\\nLinkLocalAddressing=no\\n' \
        >/run/systemd/network/10-eth0.network && \
    mount --bind /sys /sys && mount -o remount,bind,ro /sys && exec /lib/systemd/systemd-networkd";

/// Its identifier is a DUID (RFC 4361) that is made of the host's machine id.
#[tokio::test(flavor = "multi_thread")]
async fn systemd_networkd_gets_its_address_and_gets_it_again() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 1, 0).await.expect("a site");
    let network = site.cluster.lab_mut().network_mut();
    network.add_node(NODE, None, None).expect("a namespace");
    network.connect(NODE, "prov", INTERFACE).expect("a link");
    let rack = site.cluster.node("k1").expect("a rack").on_vlan.expect("its address");
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let mut process = start(&site).expect("it starts");
        let lease = lease(&process).await.expect("a lease");
        for (field, value) in [
            ("NETMASK", "255.255.255.0"),
            ("ROUTER", "10.10.0.1"),
            ("DNS", rack.to_string().as_str()),
            ("DOMAINNAME", "maas"),
            ("SERVER_ADDRESS", rack.to_string().as_str()),
        ] {
            assert_eq!(field_of(&lease, field), Some(value), "{lease}");
        }
        assert!(field_of(&lease, "CLIENTID").is_some_and(|id| id.starts_with("ff")), "{lease}");
        addresses.push(field_of(&lease, "ADDRESS").expect("an address").to_owned());
        process.kill().expect("it ends");
    }
    assert_eq!(addresses[0], addresses[1]);
}

fn start(site: &Site) -> anyhow::Result<Process> {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", START]);
    site.cluster.lab().start_process(NODE, NODE, command)
}

/// Waits for the file of its lease, which is in its own mount namespace.
async fn lease(process: &Process) -> anyhow::Result<String> {
    let folder = PathBuf::from(format!("/proc/{}/root/run/systemd/netif/leases", process.id()));
    wait_for("systemd-networkd has a lease", PROCESS_STALL, async |signs| {
        signs.see("log", fs::metadata(process.log())?.len());
        let mut files = fs::read_dir(&folder).context("no folder of leases yet")?;
        let Some(file) = files.next() else { return Ok(None) };
        let lease = fs::read_to_string(file?.path())?;
        Ok(lease.contains("CLIENTID=").then_some(lease))
    })
    .await
}

fn field_of<'a>(lease: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = lease.lines().filter_map(|line| line.split_once('='));
    fields.find(|(found, _)| *found == name).map(|(_, value)| value)
}
