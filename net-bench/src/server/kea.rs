//! Kea: one server with its leases in a file, and two of them in hot standby.
//!
//! As ISC measures it: raw sockets, threads, no cleaning of the lease file meanwhile, and for the
//! pair its own HTTP listeners with threads instead of the control agent.

use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde_json::{Value, json};
use testkit::lab::Lab;
use testkit::lab::process::Process;
use testkit::wait::{PROCESS_STALL, wait_for};

use super::body::{Body, printed};
use super::kind::Patience;
use crate::clients::{self, Family, Pool};

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
pub(super) async fn start(mut lab: Lab, pool: Pool, family: Family) -> anyhow::Result<Body> {
    let process = launch(&mut lab, 1, family, &config(pool, family, None)).await?;
    Ok(Body::Rival { processes: vec![("kea-1".to_owned(), process)], lab })
}

/// Starts two servers in hot standby; the first one answers.
pub(super) async fn start_pair(
    mut lab: Lab,
    pool: Pool,
    family: Family,
    patience: Patience,
) -> anyhow::Result<Body> {
    let mut processes = Vec::new();
    let addresses = [1, 2].map(|number| lab.network().management(ON_MANAGEMENT - 1 + number));
    for number in [1, 2] {
        let hooks = hooks(number, addresses, patience);
        let process = launch(&mut lab, number, family, &config(pool, family, Some(hooks))).await?;
        processes.push((format!("kea-{number}"), process));
    }
    for address in addresses {
        wait_for("both servers are in hot standby", PROCESS_STALL, async |signs| {
            let state = state(address, family).await?;
            signs.see("state", &state);
            Ok((state == "hot-standby").then_some(()))
        })
        .await?;
    }
    Ok(Body::Rival { processes, lab })
}

async fn launch(
    lab: &mut Lab,
    number: u8,
    family: Family,
    config: &Value,
) -> anyhow::Result<Process> {
    let name = format!("kea-{number}");
    let (management, on_vlan) = (ON_MANAGEMENT - 1 + number, ON_VLAN - 1 + number);
    lab.network_mut().add_node(&name, Some(management), Some(on_vlan))?;
    if family == Family::V6 {
        clients::add_v6(lab, &name, &format!("{}/64", clients::on_vlan_v6(on_vlan)))?;
    }
    clients::route(lab, &name, family)?;
    let folder = lab.folder().join(&name);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder of {name}"))?;
    let file = folder.join("kea.json");
    let text = placed(config, family, &folder, on_vlan)?.to_string();
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    let (program, started) = match family {
        Family::V4 => ("kea-dhcp4", "DHCP4_STARTED"),
        Family::V6 => ("kea-dhcp6", "DHCP6_STARTED"),
    };
    let mut command = Command::new(program);
    command.arg("-c").arg(&file).env("KEA_LOCKFILE_DIR", &folder).env("KEA_PIDFILE_DIR", &folder);
    let mut process = lab.start_process(&name, &name, command)?;
    printed(&mut process, started).await?;
    Ok(process)
}

/// The settings with the file of leases in a folder, of the server whose address has this last byte.
fn placed(config: &Value, family: Family, folder: &Path, last: u8) -> anyhow::Result<Value> {
    let mut config = config.clone();
    if family == Family::V6 {
        // What relays send comes to an address, on which it listens only where that is named.
        let interface = format!("prov0/{}", clients::on_vlan_v6(last));
        config[module(family)]["interfaces-config"] = json!({ "interfaces": [interface] });
    }
    let leases = folder.join("leases.csv");
    let leases = leases.to_str().context("a path that is not UTF-8")?;
    config[module(family)]["lease-database"]["name"] = leases.into();
    Ok(config)
}

/// What Kea calls a family in its settings.
fn module(family: Family) -> &'static str {
    match family {
        Family::V4 => "Dhcp4",
        Family::V6 => "Dhcp6",
    }
}

fn config(pool: Pool, family: Family, hooks: Option<Value>) -> Value {
    let Pool { first, last } = pool;
    let (first_v6, last_v6) = clients::POOL_V6;
    let name = module(family).to_lowercase();
    let (logger, of_server) = (format!("kea-{name}"), format!("kea-{name}.{name}"));
    let mut of_module = json!({
        "lease-database": { "type": "memfile", "persist": true, "lfc-interval": 0 },
        "multi-threading": {
            "enable-multi-threading": true,
            "thread-pool-size": THREADS,
            "packet-queue-size": QUEUE,
        },
        "valid-lifetime": LEASE_S,
        "hooks-libraries": hooks.unwrap_or_else(|| json!([])),
        "loggers": [{
            "name": logger,
            "severity": "WARN",
            "output_options": [{ "output": "stdout" }],
        }, {
            // It says at this level that it has started.
            "name": of_server,
            "severity": "INFO",
            "output_options": [{ "output": "stdout" }],
        }],
    });
    match family {
        Family::V4 => {
            of_module["interfaces-config"] =
                json!({ "interfaces": ["prov0"], "dhcp-socket-type": "raw" });
            let pools = json!([{ "pool": format!("{first} - {last}") }]);
            of_module["subnet4"] = json!([{ "subnet": clients::SUBNET, "pools": pools }]);
        }
        Family::V6 => {
            let pools = json!([{ "pool": format!("{first_v6} - {last_v6}") }]);
            of_module["preferred-lifetime"] = LEASE_S.into();
            // It would write a new one to a file of the host.
            of_module["server-id"] = json!({ "type": "LLT", "persist": false });
            of_module["subnet6"] = json!([{ "subnet": clients::SUBNET_V6, "pools": pools }]);
        }
    }
    json!({ module(family): of_module })
}

fn hooks(this: u8, addresses: [IpAddr; 2], patience: Patience) -> Value {
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
async fn state(address: IpAddr, family: Family) -> anyhow::Result<String> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let asked = json!({ "command": "ha-heartbeat", "service": [module(family).to_lowercase()] });
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
        let addresses = [31, 32].map(|host| IpAddr::from([10, 99, 0, host]));
        let hooks = hooks(2, addresses, Patience::Usual);
        let config = config(Pool::of(100), Family::V4, Some(hooks));
        let ha = &config["Dhcp4"]["hooks-libraries"][1]["parameters"]["high-availability"][0];
        assert_eq!(ha["this-server-name"], "kea-2");
        assert_eq!(ha["peers"][0]["url"], "http://10.99.0.31:8000/");
        assert_eq!(ha["peers"][1]["role"], "standby");
        assert_eq!(ha["max-unacked-clients"], Value::Null, "Kea's own choice");
    }

    #[test]
    fn leases_lie_in_the_folder_of_the_server_and_are_not_cleaned_meanwhile() {
        let placed =
            |family| placed(&config(Pool::LARGE, family, None), family, Path::new("/f"), 3);
        let config = placed(Family::V4).unwrap();
        let leases = &config["Dhcp4"]["lease-database"];
        assert_eq!(
            (&leases["name"], &leases["lfc-interval"]),
            (&"/f/leases.csv".into(), &0.into())
        );
        let pool = &config["Dhcp4"]["subnet4"][0]["pools"][0]["pool"];
        assert_eq!(pool, "10.128.1.0 - 10.143.255.250");
        let config = placed(Family::V6).unwrap();
        assert_eq!(config["Dhcp6"]["lease-database"]["name"], "/f/leases.csv");
        let interfaces = &config["Dhcp6"]["interfaces-config"]["interfaces"];
        assert_eq!(interfaces, &json!(["prov0/fd00:10::3"]));
        let pool = &config["Dhcp6"]["subnet6"][0]["pools"][0]["pool"];
        assert_eq!(pool, "fd00:128::10:0 - fd00:128::1f:ffff");
    }
}
