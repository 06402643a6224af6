//! A host that nobody enlisted: a rack process finds it, and an operator sees and forgets it.

use serde_json::Value;
use testkit::cli::Cli;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

const HOST: &str = "printer";
const MAC: &str = "52:54:00:99:00:07";

/// The hosts of a list with that hardware address.
async fn found(cli: &Cli, list: &str) -> anyhow::Result<Vec<Value>> {
    let hosts = cli.json(&["discovery", list]).await?;
    let hosts = hosts.as_array().cloned().unwrap_or_default();
    Ok(hosts.into_iter().filter(|host| host["mac_address"] == MAC).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_on_the_link_is_found_by_a_search() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 1, 0).await.expect("a site");
    let network = site.cluster.lab_mut().network_mut();
    network.add_simulated(HOST, 99, MAC).expect("a host");
    let (address, cidr) = (network.provisioning(77), format!("{}/26", network.provisioning(64)));
    let host = network.node(HOST).expect("the host");
    host.ip(&["address", "add", &format!("{address}/24"), "dev", "eth0"]).expect("an address");

    let cli = site.cluster.cli();
    let started = cli.json(&["discovery", "scan", &format!("cidr={cidr}")]).await.expect("a scan");
    assert_eq!(started["result"], "Scanning is in-progress on all rack controllers.", "{started}");
    let hosts = wait_for("the host is found", PROCESS_STALL, async |signs| {
        let hosts = found(&cli, "by-unknown-ip-and-mac").await?;
        signs.see("hosts", hosts.len());
        Ok((!hosts.is_empty()).then_some(hosts))
    });
    let hosts = hosts.await.expect("the host is found");
    assert_eq!((hosts.len(), &hosts[0]["ip"]), (1, &address.to_string().into()));
    assert_eq!(hosts[0]["observer"]["interface_name"], "prov0");

    let host = [&format!("ip={address}"), &format!("mac={MAC}")];
    let forget = ["discovery", "clear-by-mac-and-ip", host[0], host[1], "--yes"];
    cli.run(&forget).await.expect("forgotten");
    assert_eq!(found(&cli, "list").await.expect("a list"), Vec::<Value>::new());
}
