//! Operators in a browser: the programs of `ui/journeys`, each at a cluster of its own.
//!
//! A journey runs on a host of the management network, where it finds the regions and nothing else, and ends with the lab. What a
//! browser cannot do, it asks the lab for: a line of JSON on its standard output is an order, answered by a line on its standard input.
//! Everything else that it prints says how far it is.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::lab::LabMachine;
use crate::lab::cluster::{ADMIN, Cluster, Kind};
use crate::sim::gate::Gates;
use crate::wait::{PROCESS_STALL, wait_for};

/// The host that the operator sits at, and the last byte of its address.
const HOST: (&str, u8) = ("operator", 91);
/// How many lines a failure shows of what the journey said.
const SAID_MAX: usize = 60;
/// How long a journey may say nothing: each of its own waits fails after two minutes, and it says more often where it is.
const SILENCE: Duration = Duration::from_secs(900);
/// Lines that wait for the lab, at most: a journey waits for the answer to an order.
const LINES_MAX: usize = 64;

/// What a journey asks the lab for.
#[derive(Debug, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
enum Order {
    /// The name of the region that leads.
    Leader,
    /// Kills a node with SIGKILL.
    Kill { node: String },
    /// Starts a node and waits until it is ready.
    Start { node: String },
    /// A machine's BMC is told to power it on.
    PowerOn { machine: String },
    /// Waits until a machine's BMC says that it is off.
    IsOff { machine: String },
    /// Stops a machine the next time it comes to a gate.
    Hold { machine: String, gate: String },
    /// Waits until a machine stands at a gate.
    AtGate { machine: String, gate: String },
    /// Lets a machine go on.
    Release { machine: String, gate: String },
    /// An operator's command; the answer is what it printed.
    Command { arguments: Vec<String> },
}

/// Where the pictures of a journey go.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The folder of the journeys.
    pub programs: PathBuf,
    /// Where pictures and reports go.
    pub artifacts: PathBuf,
}

impl Paths {
    /// Those of a source tree.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        Self { programs: root.join("ui/journeys"), artifacts: root.join("artifacts/ui") }
    }
}

/// Makes a journey, to its end. `told` hears each line that it says.
///
/// # Errors
/// When it fails; the error has the end of what it said.
pub async fn make(
    cluster: &mut Cluster,
    paths: &Paths,
    name: &str,
    mut told: impl FnMut(&str),
) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut journey = Journey::start(cluster, paths, name)?;
    let mut said = Vec::new();
    loop {
        let Ok(heard) = timeout(SILENCE, journey.lines.recv()).await else {
            bail!(
                "the journey {name} has said nothing for {} s:\n{}",
                SILENCE.as_secs(),
                last(&said)
            );
        };
        let Some(line) = heard else { break };
        if let Some(order) = order_of(&line) {
            let answer = match carry_out(cluster, order?).await {
                Ok(answer) => json!({ "answer": answer }),
                Err(error) => json!({ "error": format!("{error:#}") }),
            };
            journey.answer(&answer)?;
            continue;
        }
        let line = format!("{:6.1} s  {line}", began.elapsed().as_secs_f64());
        told(&line);
        said.push(line);
    }
    let status = journey.child.wait().with_context(|| format!("cannot wait for {name}"))?;
    ensure!(status.success(), "the journey {name} ended with {status}:\n{}", last(&said));
    Ok(())
}

/// What a failure shows of what a journey said.
fn last(said: &[String]) -> String {
    said[said.len().saturating_sub(SAID_MAX)..].join("\n")
}

/// A journey that runs; it ends when this goes out of scope.
struct Journey {
    child: Child,
    answers: ChildStdin,
    lines: mpsc::Receiver<String>,
}

impl Journey {
    fn start(cluster: &mut Cluster, paths: &Paths, name: &str) -> anyhow::Result<Self> {
        let program = paths.programs.join(format!("{name}.mjs"));
        ensure!(program.exists(), "there is no journey {name}: {}", program.display());
        let (host, address) = HOST;
        if cluster.lab().network().node(host).is_err() {
            cluster.lab_mut().network_mut().add_node(host, Some(address), None)?;
        }
        let site = described(cluster, &paths.artifacts.join(name)).to_string();
        // What the browser writes ends with the lab.
        let home = cluster.lab().folder().join("browser");
        std::fs::create_dir_all(&home).context("cannot make the browser's folder")?;
        let mut command = Command::new("node");
        command.arg(&program).env("IRONRAFT_SITE", site).env("HOME", &home).env("TMPDIR", &home);
        command.env("NO_COLOR", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = cluster.lab().spawn(host, &mut command)?;
        let answers = child.stdin.take().context("the journey's standard input")?;
        let output = child.stdout.take().context("the journey's standard output")?;
        let (sender, lines) = mpsc::channel(LINES_MAX);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, answers, lines })
    }

    fn answer(&mut self, answer: &Value) -> anyhow::Result<()> {
        writeln!(self.answers, "{answer}").context("the journey has ended before its answer")
    }
}

impl Drop for Journey {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a journey is told of its site.
fn described(cluster: &Cluster, artifacts: &Path) -> Value {
    let regions: BTreeMap<&str, String> =
        cluster.nodes(Kind::Region).map(|node| (node.name.as_str(), node.url())).collect();
    let machines: BTreeMap<&str, &str> = cluster
        .lab()
        .machines()
        .iter()
        .map(|machine| (machine.name.as_str(), machine.mac.as_str()))
        .collect();
    let network = cluster.lab().network();
    json!({
        "regions": regions,
        "user": ADMIN.0,
        "password": ADMIN.1,
        "key": cluster.key().text(),
        "machines": machines,
        "operator": network.management(HOST.1),
        "provisioning": network.addresses().provisioning(0),
        "gateway": network.provisioning(1),
        "folder": cluster.lab().folder(),
        "artifacts": artifacts,
    })
}

/// The order that a line is, if it is one.
fn order_of(line: &str) -> Option<anyhow::Result<Order>> {
    line.starts_with("{\"order\"")
        .then(|| serde_json::from_str(line).with_context(|| format!("the order {line}")))
}

async fn carry_out(cluster: &mut Cluster, order: Order) -> anyhow::Result<Value> {
    match order {
        Order::Leader => {
            let leads = wait_for("a region leads", PROCESS_STALL, async |_| {
                cluster.leader().await.map(Some)
            });
            return Ok(Value::String(leads.await?));
        }
        Order::Kill { node } => cluster.kill(&node)?,
        Order::Start { node } => cluster.start(&node).await?,
        Order::PowerOn { machine } => {
            let fabric = cluster.lab().network().fabric();
            machine_called(cluster, &machine)?.bmc.ipmitool(fabric, &["power", "on"])?;
        }
        Order::IsOff { machine } => {
            let fabric = cluster.lab().network().fabric();
            let bmc = &machine_called(cluster, &machine)?.bmc;
            let mut shown = cluster.lab().signs();
            wait_for(&format!("{machine} is off"), PROCESS_STALL, async |signs| {
                shown.iter_mut().for_each(|machine| machine.see(signs));
                Ok(bmc.ipmitool(fabric, &["power", "status"])?.contains("is off").then_some(()))
            })
            .await?;
        }
        Order::Hold { machine, gate } => gates(cluster, &machine)?.hold(&gate)?,
        Order::Release { machine, gate } => gates(cluster, &machine)?.release(&gate)?,
        Order::AtGate { machine, gate } => {
            let gates = gates(cluster, &machine)?;
            let mut shown = cluster.lab().signs();
            wait_for(&format!("{machine} is at gate {gate}"), PROCESS_STALL, async |signs| {
                shown.iter_mut().for_each(|machine| machine.see(signs));
                Ok(gates.is_waiting(&gate).then_some(()))
            })
            .await?;
        }
        Order::Command { arguments } => {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            return Ok(Value::String(cluster.cli().run(&arguments).await?));
        }
    }
    Ok(Value::Null)
}

fn machine_called<'a>(cluster: &'a Cluster, name: &str) -> anyhow::Result<&'a LabMachine> {
    let mut machines = cluster.lab().machines().iter();
    machines
        .find(|machine| machine.name == name)
        .with_context(|| format!("the lab has no machine {name}"))
}

fn gates(cluster: &Cluster, machine: &str) -> anyhow::Result<Gates> {
    Ok(Gates::new(&machine_called(cluster, machine)?.folder))
}

#[cfg(test)]
mod tests {
    use super::{Order, order_of};

    #[test]
    fn orders_are_told_from_what_is_only_said() {
        assert!(order_of("the leader is killed").is_none());
        let order = order_of(r#"{"order":"at-gate","machine":"m1-sim","gate":"install"}"#);
        assert!(matches!(order, Some(Ok(Order::AtGate { gate, .. })) if gate == "install"));
        assert!(matches!(order_of(r#"{"order":"dance"}"#), Some(Err(_))));
    }
}
