//! Kea: one server with its leases in a file, and two of them in hot standby.
//!
//! As ISC measures it: raw sockets, threads, no cleaning of the lease file meanwhile, and for the
//! pair its own HTTP listeners with threads instead of the control agent.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde_json::{Value, json};
use testkit::lab::Lab;
use testkit::lab::process::Process;
use testkit::wait::{PROCESS_STALL, wait_for};

use super::body::{Body, printed};
use super::kind::Patience;
use crate::clients::{self, Pool};

/// Threads of a server: the machine has two cores.
const THREADS: u8 = 2;
/// Packets that wait for them; ISC's advice is 7 for each thread.
const QUEUE: u8 = 64;
const HOOKS: &str = "/usr/lib/x86_64-linux-gnu/kea/hooks";
/// Where the pair talk to each other.
const HA_PORT: u16 = 8000;
/// How often an impatient pair ask for each other, milliseconds.
const SHORT_MS: u16 = 500;
/// Last bytes of the first server's addresses: management, and in the servers' subnet.
const ON_MANAGEMENT: u8 = 31;
const ON_VLAN: u8 = 2;
/// A lease lasts longer than any run, seconds.
const LEASE_S: u32 = 3600;

/// Starts one server.
pub(super) async fn start(mut lab: Lab, pool: Pool) -> anyhow::Result<Body> {
    let process = launch(&mut lab, 1, &config(pool, None)).await?;
    Ok(Body::Rival { processes: vec![("kea-1".to_owned(), process)], lab })
}

/// Starts two servers in hot standby; the first one answers.
pub(super) async fn start_pair(
    mut lab: Lab,
    pool: Pool,
    patience: Patience,
) -> anyhow::Result<Body> {
    let mut processes = Vec::new();
    let addresses = [1, 2].map(|number| lab.network().management(ON_MANAGEMENT - 1 + number));
    for number in [1, 2] {
        let hooks = hooks(number, addresses, patience);
        let process = launch(&mut lab, number, &config(pool, Some(hooks))).await?;
        processes.push((format!("kea-{number}"), process));
    }
    for address in addresses {
        wait_for("both servers are in hot standby", PROCESS_STALL, async |signs| {
            let state = state(address).await?;
            signs.see("state", &state);
            Ok((state == "hot-standby").then_some(()))
        })
        .await?;
    }
    Ok(Body::Rival { processes, lab })
}

async fn launch(lab: &mut Lab, number: u8, config: &Value) -> anyhow::Result<Process> {
    let name = format!("kea-{number}");
    let (management, on_vlan) = (ON_MANAGEMENT - 1 + number, ON_VLAN - 1 + number);
    lab.network_mut().add_node(&name, Some(management), Some(on_vlan))?;
    clients::route(lab, &name)?;
    let folder = lab.folder().join(&name);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder of {name}"))?;
    let file = folder.join("kea.json");
    let text = placed(config, &folder)?.to_string();
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    let mut command = Command::new("kea-dhcp4");
    command.arg("-c").arg(&file).env("KEA_LOCKFILE_DIR", &folder).env("KEA_PIDFILE_DIR", &folder);
    let mut process = lab.start_process(&name, &name, command)?;
    printed(&mut process, "DHCP4_STARTED").await?;
    Ok(process)
}

/// The settings with the file of leases in a folder.
fn placed(config: &Value, folder: &Path) -> anyhow::Result<Value> {
    let mut config = config.clone();
    let leases = folder.join("leases.csv");
    let leases = leases.to_str().context("a path that is not UTF-8")?;
    config["Dhcp4"]["lease-database"]["name"] = leases.into();
    Ok(config)
}

fn config(pool: Pool, hooks: Option<Value>) -> Value {
    let Pool { first, last } = pool;
    json!({ "Dhcp4": {
        "interfaces-config": { "interfaces": ["prov0"], "dhcp-socket-type": "raw" },
        "lease-database": { "type": "memfile", "persist": true, "lfc-interval": 0 },
        "multi-threading": {
            "enable-multi-threading": true,
            "thread-pool-size": THREADS,
            "packet-queue-size": QUEUE,
        },
        "valid-lifetime": LEASE_S,
        "subnet4": [{
            "subnet": clients::SUBNET,
            "pools": [{ "pool": format!("{first} - {last}") }],
        }],
        "hooks-libraries": hooks.unwrap_or_else(|| json!([])),
        "loggers": [{
            "name": "kea-dhcp4",
            "severity": "WARN",
            "output_options": [{ "output": "stdout" }],
        }, {
            // It says at this level that it has started.
            "name": "kea-dhcp4.dhcp4",
            "severity": "INFO",
            "output_options": [{ "output": "stdout" }],
        }],
    } })
}

fn hooks(this: u8, addresses: [Ipv4Addr; 2], patience: Patience) -> Value {
    let peer = |(index, role): (usize, &str)| {
        json!({
            "name": format!("kea-{}", index + 1),
            "url": format!("http://{}:{HA_PORT}/", addresses[index]),
            "role": role,
        })
    };
    let peers: Vec<Value> = ["primary", "standby"].into_iter().enumerate().map(peer).collect();
    let mut ha = json!({
        "this-server-name": format!("kea-{this}"),
        "mode": "hot-standby",
        "multi-threading": {
            "enable-multi-threading": true,
            "http-dedicated-listener": true,
            "http-listener-threads": THREADS,
            "http-client-threads": THREADS,
        },
        "peers": peers,
    });
    if patience == Patience::Short {
        ha["heartbeat-delay"] = SHORT_MS.into();
        ha["max-response-delay"] = (2 * SHORT_MS).into();
        // Whether clients are not answered is not waited for.
        ha["max-unacked-clients"] = 0.into();
    }
    json!([
        { "library": format!("{HOOKS}/libdhcp_lease_cmds.so") },
        {
            "library": format!("{HOOKS}/libdhcp_ha.so"),
            "parameters": { "high-availability": [ha] },
        },
    ])
}

/// The state of one of the pair, as it says itself.
async fn state(address: Ipv4Addr) -> anyhow::Result<String> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let asked = json!({ "command": "ha-heartbeat", "service": ["dhcp4"] });
    let answer = http.post(format!("http://{address}:{HA_PORT}/")).json(&asked).send().await?;
    let answer: Value = answer.json().await?;
    let state = answer[0]["arguments"]["state"].as_str();
    state.map(str::to_owned).with_context(|| format!("no state in {answer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_the_pair_knows_which_one_it_is() {
        let addresses = [Ipv4Addr::new(10, 99, 0, 31), Ipv4Addr::new(10, 99, 0, 32)];
        let config = config(Pool::of(100), Some(hooks(2, addresses, Patience::Usual)));
        let ha = &config["Dhcp4"]["hooks-libraries"][1]["parameters"]["high-availability"][0];
        assert_eq!(ha["this-server-name"], "kea-2");
        assert_eq!(ha["peers"][0]["url"], "http://10.99.0.31:8000/");
        assert_eq!(ha["peers"][1]["role"], "standby");
        assert_eq!(ha["max-unacked-clients"], Value::Null, "Kea's own choice");
    }

    #[test]
    fn leases_lie_in_the_folder_of_the_server_and_are_not_cleaned_meanwhile() {
        let config = placed(&config(Pool::LARGE, None), Path::new("/f")).unwrap();
        let leases = &config["Dhcp4"]["lease-database"];
        assert_eq!(
            (&leases["name"], &leases["lfc-interval"]),
            (&"/f/leases.csv".into(), &0.into())
        );
        let pool = &config["Dhcp4"]["subnet4"][0]["pools"][0]["pool"];
        assert_eq!(pool, "10.128.1.0 - 10.143.255.250");
    }
}
