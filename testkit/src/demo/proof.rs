//! What the demo claims at its end, each checked from outside of Ironraft: by `dig`, by a TCP
//! connection, by the machine's serial console, by its BMC.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};
use client::Client;
use serde::Serialize;
use serde_json::Value;

use super::life::Subject;
use super::timeline::Timeline;
use crate::lab::LabMachine;
use crate::lab::cluster::{Cluster, Kind};
use crate::lab::namespace::Namespace;
use crate::lab::signs::MachineSigns;
use crate::wait::{MACHINE_STALL, PROCESS_STALL, wait_for};

/// How long one try to talk to a machine takes at most.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A claim that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The machine.
    pub machine: String,
    /// What holds.
    pub claim: String,
}

/// Checks every claim.
///
/// # Errors
/// The first one that does not hold.
pub async fn check(
    cluster: &Cluster,
    client: &Client,
    subjects: &[Subject],
    timeline: &Timeline,
) -> anyhow::Result<Vec<Proof>> {
    let mut proofs = Vec::new();
    let mut seen = BTreeSet::new();
    for subject in subjects {
        let mut prove = |claim: String| {
            timeline.note(&subject.name, &format!("proved: {claim}"));
            proofs.push(Proof { machine: subject.name.clone(), claim });
        };
        let machine = lab_machine(cluster, subject)?;
        ensure!(subject.shape["status_name"] == "Deployed", "{} is not Deployed", subject.name);
        prove(inventory(&subject.shape)?);
        prove(power(client, machine, subject).await?);
        let address = address_of(&subject.shape)?;
        ensure!(seen.insert(address), "address {address} was given twice");
        let fqdn = subject.shape["fqdn"].as_str().context("the machine has no name")?;
        for rack in cluster.nodes(Kind::Rack) {
            let server = rack.on_vlan.context("the rack is not on the VLAN")?;
            let fabric = cluster.lab().network().fabric();
            prove(names(fabric, &server.to_string(), fqdn, address).await?);
        }
        prove(banner(cluster.lab().network().fabric(), machine, address).await?);
        let hostname = subject.shape["hostname"].as_str().context("the machine has no name")?;
        prove(login_prompt(machine, hostname).await?);
    }
    no_failures(client).await?;
    timeline.note("cluster", "proved: no failed deployment in the event log");
    Ok(proofs)
}

fn lab_machine<'a>(cluster: &'a Cluster, subject: &Subject) -> anyhow::Result<&'a LabMachine> {
    let mut machines = cluster.lab().machines().iter();
    machines.find(|machine| machine.mac == subject.mac).context("the lab lost the machine")
}

/// CPU, memory and disk are what the lab gave it.
fn inventory(shape: &Value) -> anyhow::Result<String> {
    let cpus = shape["cpu_count"].as_u64().unwrap_or(0);
    let memory = shape["memory"].as_u64().unwrap_or(0);
    let disk = &shape["blockdevice_set"][0];
    let serial = disk["serial"].as_str().unwrap_or_default();
    ensure!(cpus > 0 && memory > 0, "the inventory has no CPU or memory");
    ensure!(serial.starts_with("LAB"), "the inventory has not the disk's serial, but {serial:?}");
    Ok(format!("inventory: {cpus} CPU, {memory} MiB, disk {serial}"))
}

/// The BMC that powers it is the machine's own.
async fn power(client: &Client, machine: &LabMachine, subject: &Subject) -> anyhow::Result<String> {
    let path = format!("machines/{}/?op=power_parameters", subject.system_id);
    let parameters = client.get(&path).await?;
    let address = machine.bmc.address().to_string();
    ensure!(
        parameters["power_address"] == address.as_str(),
        "the BMC is at {address}, and the API says {}",
        parameters["power_address"]
    );
    Ok(format!("the API knows BMC {address}, its account powers the machine"))
}

/// The machine's address on the provisioning subnet.
fn address_of(shape: &Value) -> anyhow::Result<IpAddr> {
    let addresses = shape["ip_addresses"].as_array().context("the machine has no addresses")?;
    let first = addresses.first().and_then(Value::as_str).context("the machine has no address")?;
    first.parse().with_context(|| format!("address {first}"))
}

/// A or AAAA, and PTR, of the machine on one rack.
async fn names(
    from: &Namespace,
    server: &str,
    fqdn: &str,
    address: IpAddr,
) -> anyhow::Result<String> {
    let at = format!("@{server}");
    let kind = if address.is_ipv4() { "A" } else { "AAAA" };
    wait_for(&format!("{fqdn} resolves on {server}"), PROCESS_STALL, async |_| {
        let forward = dig(from, &[&at, fqdn, kind])?;
        let tcp = dig(from, &[&at, "+tcp", fqdn, kind])?;
        let reverse = dig(from, &[&at, "-x", &address.to_string()])?;
        ensure!(forward == address.to_string(), "{kind} of {fqdn} on {server} is {forward:?}");
        ensure!(tcp == forward, "over TCP, {kind} of {fqdn} on {server} is {tcp:?}");
        ensure!(reverse == format!("{fqdn}."), "PTR of {address} on {server} is {reverse:?}");
        Ok(Some(()))
    })
    .await?;
    Ok(format!("{fqdn} is {address} and back, at {server}"))
}

fn dig(from: &Namespace, arguments: &[&str]) -> io::Result<String> {
    let fixed = ["+short", "+time=5", "+tries=2"];
    Ok(from.run("dig", &[fixed.as_slice(), arguments].concat())?.trim().to_owned())
}

/// The running system answers over the network from the deployed address.
async fn banner(from: &Namespace, machine: &LabMachine, address: IpAddr) -> anyhow::Result<String> {
    let mut shown = MachineSigns::of(machine);
    let line = wait_for(&format!("{address} answers on TCP 22"), MACHINE_STALL, async |signs| {
        shown.see(signs);
        Ok(Some(from.enter(|| read_banner(SocketAddr::new(address, 22)))?))
    })
    .await?;
    ensure!(line.starts_with("SSH-2.0"), "{address} says {line:?}");
    Ok(format!("{address}:22 says {line}"))
}

fn read_banner(address: SocketAddr) -> io::Result<String> {
    let stream = TcpStream::connect_timeout(&address, CONNECT_MAX)?;
    stream.set_read_timeout(Some(CONNECT_MAX))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// The serial console shows the login prompt of the deployed system, with its name. The kernel and
/// cloud-init may go on printing behind it.
async fn login_prompt(machine: &LabMachine, hostname: &str) -> anyhow::Result<String> {
    let console = machine.console();
    let prompt = format!("{hostname} login:");
    let mut shown = MachineSigns::of(machine);
    wait_for(&format!("{} shows `{prompt}`", machine.name), MACHINE_STALL, async |signs| {
        shown.see(signs);
        let bytes = std::fs::read(&console)?;
        Ok(String::from_utf8_lossy(&bytes).contains(&prompt).then_some(()))
    })
    .await?;
    Ok(format!("console shows `{prompt}`"))
}

/// The event log has no failed deployment.
async fn no_failures(client: &Client) -> anyhow::Result<()> {
    let events = client.get("events/?op=query&level=ERROR&limit=100").await?;
    let events = events["events"].as_array().cloned().unwrap_or_default();
    let failed = events.iter().find(|event| {
        let text = event.to_string().to_lowercase();
        text.contains("deploy") && text.contains("fail")
    });
    ensure!(failed.is_none(), "a deployment failed: {}", failed.unwrap_or(&Value::Null));
    Ok(())
}
