//! Time: regions follow the site's time server, racks regions, and clients racks; what is lost above is not noticed below.

use std::process::Command;

use serde_json::Value;
use testkit::cli::Cli;
use testkit::lab::cluster::Kind;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

/// The host with the site's time server, and the last byte of its address.
const UPSTREAM: (&str, u8) = ("clock", 92);
/// The host of a client, and the last byte of its address.
const CLIENT: (&str, u8) = ("watch", 93);

/// What controllers of a kind say of their time services.
async fn told(cli: &Cli, kind: &str) -> anyhow::Result<Vec<String>> {
    let controllers = cli.json(&[kind, "list"]).await?;
    let services = controllers.as_array().into_iter().flatten();
    let services = services.flat_map(|it| it["service_set"].as_array().into_iter().flatten());
    let time =
        services.filter(|it| it["name"].as_str().is_some_and(|name| name.starts_with("ntp_")));
    let text = |service: &Value, name: &str| service[name].as_str().unwrap_or_default().to_owned();
    Ok(time.map(|it| format!("{} {}", text(it, "status"), text(it, "status_info"))).collect())
}

/// Waits until all controllers of a kind say something of their time services.
async fn all_say(cli: &Cli, kind: &str, count: usize, words: &str) {
    let what = format!("{count} {kind}: {words}");
    let all = wait_for(&what, PROCESS_STALL, async |signs| {
        let told = told(cli, kind).await?;
        signs.see(kind, told.join("; "));
        Ok((told.len() == count && told.iter().all(|said| said.contains(words))).then_some(()))
    });
    all.await.unwrap_or_else(|error| panic!("{error:#}"));
}

/// Has a client ask a server for the time once.
fn asks(site: &Site, server: &str) {
    let network = site.cluster.lab().network();
    let client = network.node(CLIENT.0).expect("the client");
    let command = format!("server {server} iburst maxsamples 2");
    let said = client.run("chronyd", &["-Q", "-t", "60", "-u", "root", &command]);
    said.unwrap_or_else(|error| panic!("{server} gives no time: {error}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_a_rack_have_time_when_the_time_server_and_a_region_are_gone() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 3, 1, 0).await.expect("a site");
    let cli = site.cluster.cli();
    let network = site.cluster.lab_mut().network_mut();
    network.add_node(UPSTREAM.0, Some(UPSTREAM.1), None).expect("a host");
    network.add_node(CLIENT.0, None, Some(CLIENT.1)).expect("a host");
    let upstream = network.management(UPSTREAM.1).to_string();
    let folder = site.cluster.lab().folder().join("clock");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("chrony.conf");
    let pid = folder.join("pid");
    let text =
        format!("allow\nlocal stratum 3\ncmdport 0\nbindcmdaddress /\npidfile {}\n", pid.display());
    std::fs::write(&file, text).expect("a file");
    let mut command = Command::new("chronyd");
    command.args(["-x", "-d", "-u", "root", "-f"]).arg(&file);
    let clock = site.cluster.lab().start_process(UPSTREAM.0, "clock", command);
    let mut clock = clock.expect("a time server");

    cli.run(&["setting", "set", "ntp_servers", &format!("value={upstream}")])
        .await
        .expect("a setting");
    all_say(&cli, "region", 3, &format!("running follows {upstream}, stratum 4")).await;
    all_say(&cli, "rack", 1, "stratum 5").await;
    let rack = site.cluster.nodes(Kind::Rack).find_map(|rack| rack.on_vlan).expect("a rack");
    let rack = rack.to_string();
    asks(&site, &rack);

    clock.kill().expect("the time server ends");
    site.cluster.kill("r2").expect("a region ends");
    asks(&site, &rack);
}
