//! A machine whose system runs in memory.

use std::os::unix::fs::MetadataExt;

use anyhow::{Context, ensure};
use testkit::lab::inside::Inside;
use testkit::lab::machine::{Firmware, Parts, VirtualMachine};

use super::inspect::{addresses, is_well};
use super::machine::Configured;

/// What the site tells every kernel.
const KERNEL_OPTIONS: &str = "ironraft.test=in-memory";

/// What the site tells every system: settings, each with what is found inside.
const TOLD: [(&str, &str, &str); 3] = [
    ("remote_syslog", "10.99.0.1:5514", "@10.99.0.1:5514"),
    ("http_proxy", "http://10.99.0.1:3128/", "http://10.99.0.1:3128/"),
    ("ntp_servers", "10.99.0.1", "NTP="),
];
const SSH_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDdHbFpgaAPlUwBtLPfcQZq3vMzDP2eEUSmhUvUNXEB";
/// A package repository, and its line.
const REPOSITORY: [(&str, &str); 4] = [
    ("name", "tools"),
    ("url", "http://10.99.0.1/tools"),
    ("distributions", "stable"),
    ("components", "main"),
];
const REPOSITORY_LINE: &str = "deb http://10.99.0.1/tools stable main";

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_runs_in_memory_at_every_start_and_its_disk_stays_blank() {
    let machine = Configured::ready("bios-in-memory", Firmware::Bios, Parts::ONE).await;
    let machine = machine.expect("a machine");
    let outcome = in_memory(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn in_memory(machine: &Configured) -> anyhow::Result<()> {
    let client = &machine.site.client;
    let told = TOLD.iter().map(|(name, value, _)| (*name, *value));
    for (name, value) in told.chain([("kernel_opts", KERNEL_OPTIONS)]) {
        client.post("maas/?op=set_config", &[("name", name), ("value", value)]).await?;
    }
    client.post("account/prefs/sshkeys/", &[("key", SSH_KEY)]).await?;
    client.post("package-repositories/", &REPOSITORY).await?;
    let first = machine.deployed_with(&[("ephemeral_deploy", "true")]).await?;
    is_as_deployed(machine, &first).await.context("at the first start")?;
    let second = machine.restarted(|_| Ok(())).await?;
    is_as_deployed(machine, &second).await.context("at the second start")
}

async fn is_as_deployed(machine: &Configured, inside: &Inside) -> anyhow::Result<()> {
    is_well(inside)?;
    let root = inside.text("root");
    ensure!(root.split_whitespace().eq(["deployed", "tmpfs"]), "the root is {root}");
    let kernel = inside.text("kernel");
    ensure!(kernel.contains(KERNEL_OPTIONS), "the kernel was told {kernel}");
    let site = inside.text("site");
    let told = TOLD.iter().map(|(_, _, found)| *found);
    for found in told.chain([SSH_KEY, REPOSITORY_LINE]) {
        ensure!(site.contains(found), "{found} did not arrive: {site}");
    }
    ensure!(
        inside.text("log sender") == "active",
        "logs are not sent: {}",
        inside.text("log sender")
    );
    let interface = &machine.get("interfaces/").await?[0];
    let name = interface["name"].as_str().context("a name")?;
    let address = interface["links"][0]["ip_address"].as_str().context("an address")?;
    let found = addresses(inside, name)?;
    ensure!(found.len() == 1 && found[0].starts_with(&format!("{address}/")), "{found:?}");
    let path = format!("machines/{}/", machine.system_id);
    let shown = machine.site.client.get(&path).await?;
    ensure!(shown["ephemeral_deploy"] == true && shown["status_name"] == "Deployed", "{shown}");
    let disk = VirtualMachine::disk(&machine.machine().folder, 1).metadata()?;
    ensure!(disk.blocks() == 0, "{} sectors of the disk were written", disk.blocks());
    Ok(())
}
