//! The cluster in a lab: region and rack processes of the real binary, made by its own CLI.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use client::key::ApiKey;
use client::{Client, Patience};
use nix::sys::signal::Signal;

use super::Lab;
use super::process::Process;
use super::signs::Tail;
use crate::cli::Cli;
use crate::wait::{PROCESS_STALL, wait_for};

/// How long operators of the lab wait. They look at what is there before they order it, so that a
/// change may be sent again when a region died before it answered.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(30),
    total: Duration::from_secs(30),
    pause: Duration::from_millis(100),
    repeat_unanswered: true,
};
/// Last bytes of the first region's and the first rack's management address, and of the first
/// rack's provisioning address.
const FIRST_REGION: u8 = 11;
const FIRST_RACK: u8 = 21;
const FIRST_RACK_ON_VLAN: u8 = 2;

/// The administrator of a lab's cluster: name and password. Nobody but this host reaches it.
pub const ADMIN: (&str, &str) = ("admin", "racks-and-regions");

const REGION_HTTP: u16 = 5240;
const REGION_GRPC: u16 = 5241;
const RACK_HTTP: u16 = 5248;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A region controller.
    Region,
    /// A rack controller.
    Rack,
}

/// A node of the cluster.
#[derive(Debug)]
pub struct Node {
    /// `r1`, `k2`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its address on the management network.
    pub address: IpAddr,
    /// A rack's address on the provisioning VLAN.
    pub on_vlan: Option<IpAddr>,
    data: PathBuf,
    /// Variables that its process is started with.
    environment: Vec<(String, OsString)>,
    process: Option<Process>,
}

impl Node {
    /// The beginning of its URLs, as seen from the management network.
    #[must_use]
    pub fn url(&self) -> String {
        let port = match self.kind {
            Kind::Region => REGION_HTTP,
            Kind::Rack => RACK_HTTP,
        };
        format!("http://{}", SocketAddr::new(self.address, port))
    }

    /// Whether its process runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// The folder of its data.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The id of its process on the host, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The end of its log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.process.as_ref().map(Process::log_tail).unwrap_or_default()
    }
}

/// Regions and racks in a lab.
#[derive(Debug)]
pub struct Cluster {
    // Nodes end before the lab that they live in.
    nodes: BTreeMap<String, Node>,
    binary: PathBuf,
    founded: Founded,
    http: reqwest::Client,
    lab: Lab,
}

impl Cluster {
    /// Forms a cluster with the CLI of `binary`: `init` on the first region, `join` on the others.
    ///
    /// # Errors
    /// When a command fails or a node does not get ready.
    pub async fn form(lab: Lab, binary: &Path, regions: u8, racks: u8) -> anyhow::Result<Self> {
        let mut cluster = Self::begin(lab, binary, regions, racks).await?;
        cluster.complete().await?;
        Ok(cluster)
    }

    /// Begins to form a cluster: only its first region, `r1`, runs, so that its store can be filled
    /// while it is stopped.
    ///
    /// # Errors
    /// When a command fails or the region does not get ready.
    pub async fn begin(lab: Lab, binary: &Path, regions: u8, racks: u8) -> anyhow::Result<Self> {
        let mut cluster = Self::prepare(lab, binary, regions, racks)?;
        cluster.start("r1").await?;
        Ok(cluster)
    }

    /// Adds the nodes of a cluster and founds it at its first region, `r1`; no process runs yet.
    ///
    /// # Errors
    /// When a node cannot be made or the command fails.
    pub fn prepare(mut lab: Lab, binary: &Path, regions: u8, racks: u8) -> anyhow::Result<Self> {
        ensure!(regions > 0, "a cluster needs a region");
        let mut nodes = BTreeMap::new();
        for number in 0..regions {
            let (name, host) = (format!("r{}", number + 1), FIRST_REGION + number);
            lab.network_mut().add_node(&name, Some(host), None)?;
            insert_node(&mut nodes, &lab, &name, Kind::Region, (host, None));
        }
        for number in 0..racks {
            let (name, host) = (format!("k{}", number + 1), FIRST_RACK + number);
            let on_vlan = FIRST_RACK_ON_VLAN + number;
            lab.network_mut().add_node(&name, Some(host), Some(on_vlan))?;
            insert_node(&mut nodes, &lab, &name, Kind::Rack, (host, Some(on_vlan)));
        }
        let http = reqwest::Client::builder().timeout(PATIENCE.answer).no_proxy().build()?;
        let founded = found(&lab, binary, &nodes["r1"])?;
        Ok(Self { nodes, binary: binary.to_owned(), founded, http, lab })
    }

    /// Lets all other nodes join the first region, which runs: regions, then racks.
    ///
    /// # Errors
    /// When a command fails or a node does not get ready.
    pub async fn complete(&mut self) -> anyhow::Result<()> {
        let Founded { region_token, rack_token, .. } = self.founded.clone();
        for (kind, token) in [(Kind::Region, region_token), (Kind::Rack, rack_token)] {
            let names: Vec<String> = self.nodes(kind).map(|node| node.name.clone()).collect();
            for name in names.iter().filter(|name| *name != "r1") {
                self.join(name, &token).await?;
            }
        }
        Ok(())
    }

    /// The lab it lives in.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// The lab it lives in, to add machines.
    pub fn lab_mut(&mut self) -> &mut Lab {
        &mut self.lab
    }

    /// The administrator's key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.founded.key
    }

    /// The nodes of one kind, by name.
    pub fn nodes(&self, kind: Kind) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(move |node| node.kind == kind)
    }

    /// A node.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn node(&self, name: &str) -> anyhow::Result<&Node> {
        self.nodes.get(name).with_context(|| format!("the cluster has no node {name}"))
    }

    /// The URLs of all regions.
    #[must_use]
    pub fn region_urls(&self) -> Vec<String> {
        self.nodes(Kind::Region).map(Node::url).collect()
    }

    /// A client with the administrator's key.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(self.region_urls(), self.founded.key.clone(), PATIENCE)?)
    }

    /// The operator's commands with the administrator's key.
    #[must_use]
    pub fn cli(&self) -> Cli {
        Cli::new(&self.binary, &self.region_urls(), self.founded.key.clone())
    }

    /// Kills a node with SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        let node = self.nodes.get_mut(name).with_context(|| format!("no node {name}"))?;
        let mut process = node.process.take().with_context(|| format!("{name} does not run"))?;
        process.kill()
    }

    /// The variables that a node's process has from its next start on.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn set_environment(
        &mut self,
        name: &str,
        variables: Vec<(String, OsString)>,
    ) -> anyhow::Result<()> {
        let node = self.nodes.get_mut(name).with_context(|| format!("no node {name}"))?;
        node.environment = variables;
        Ok(())
    }

    /// Sends a node's process a signal.
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal(&self, name: &str, signal: Signal) -> anyhow::Result<()> {
        let process = self.node(name)?.process.as_ref();
        process.with_context(|| format!("{name} does not run"))?.signal(signal)
    }

    /// Takes note of a node whose process ended by itself; whether it has.
    ///
    /// # Errors
    /// When the kernel does not know the process.
    pub fn note_end(&mut self, name: &str) -> anyhow::Result<bool> {
        let node = self.nodes.get_mut(name).with_context(|| format!("no node {name}"))?;
        let ended = match &mut node.process {
            Some(process) => process.ended()?.is_some(),
            None => false,
        };
        if ended {
            node.process = None;
        }
        Ok(ended)
    }

    /// Starts a node's process and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready; the error has the end of its log.
    pub async fn start(&mut self, name: &str) -> anyhow::Result<()> {
        self.launch(name)?;
        self.wait_ready(name).await
    }

    /// Starts a node's process.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn launch(&mut self, name: &str) -> anyhow::Result<()> {
        let node = self.nodes.get_mut(name).with_context(|| format!("no node {name}"))?;
        let role = match node.kind {
            Kind::Region => "region",
            Kind::Rack => "rack",
        };
        let mut command = Command::new(&self.binary);
        command.args([role, "run", "--data-dir"]).arg(&node.data);
        command.envs(node.environment.iter().map(|(name, value)| (name, value)));
        node.process = Some(self.lab.start_process(name, name, command)?);
        Ok(())
    }

    /// Waits until a node says that it is ready.
    ///
    /// # Errors
    /// When it stands still before, or its process ends.
    pub async fn wait_ready(&mut self, name: &str) -> anyhow::Result<()> {
        let node = self.nodes.get_mut(name).with_context(|| format!("no node {name}"))?;
        let url = format!("{}/readyz", node.url());
        let process = node.process.as_mut().with_context(|| format!("{name} does not run"))?;
        let mut log = Tail::new(&format!("log of {name}"), process.log());
        let http = self.http.clone();
        let what = format!("{name} is ready");
        let ready = wait_for(&what, PROCESS_STALL, async |signs| {
            log.see(signs);
            if let Some(status) = process.ended()? {
                return Ok(Some(Err(status)));
            }
            let answer = http.get(&url).send().await?;
            signs.see(&url, answer.status());
            Ok(answer.status().is_success().then_some(Ok(())))
        });
        let outcome = ready.await;
        let node = &self.nodes[name];
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => bail!("{name} ended with {status}: {}", node.log_tail()),
            Err(error) => Err(error.context(format!("log of {name}: {}", node.log_tail()))),
        }
    }

    /// The region that leads, by what the regions' metrics say.
    ///
    /// # Errors
    /// When no region that runs says that it leads.
    pub async fn leader(&self) -> anyhow::Result<String> {
        for node in self.nodes(Kind::Region).filter(|node| node.is_running()) {
            if let Ok(metrics) = self.metrics(node).await
                && metric(&metrics, "ironraft_raft_leading") == Some(1.0)
            {
                return Ok(node.name.clone());
            }
        }
        bail!("no region leads")
    }

    /// What a node's `/metrics` says.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metrics(&self, node: &Node) -> anyhow::Result<String> {
        let response = self.http.get(format!("{}/metrics", node.url())).send().await?;
        Ok(response.error_for_status()?.text().await?)
    }

    async fn join(&mut self, name: &str, token: &str) -> anyhow::Result<()> {
        let node = self.node(name)?;
        let at = SocketAddr::new(self.node("r1")?.address, REGION_GRPC).to_string();
        let (address, data) = (node.address.to_string(), node.data.display().to_string());
        let mut arguments = match node.kind {
            Kind::Region => vec!["region", "join", &at, "--token", token, "--data-dir", &data],
            Kind::Rack => vec!["rack", "join", &at, "--token", token, "--data-dir", &data],
        };
        if node.kind == Kind::Region {
            arguments.extend(["--address", &address]);
        }
        arguments.extend(["--name", name]);
        let binary = self.binary.display().to_string();
        self.lab.network().node(name)?.run(&binary, &arguments)?;
        self.start(name).await
    }
}

/// What `region init` printed.
#[derive(Debug, Clone)]
struct Founded {
    key: ApiKey,
    region_token: String,
    rack_token: String,
}

fn found(lab: &Lab, binary: &Path, node: &Node) -> anyhow::Result<Founded> {
    let (address, data) = (node.address.to_string(), node.data.display().to_string());
    let (admin, password) = ADMIN;
    let node_options = ["--data-dir", &data, "--address", &address, "--name", &node.name];
    let admin_options = ["--admin", admin, "--admin-password", password];
    let arguments = [&["region", "init"], &node_options[..], &admin_options].concat();
    let namespace = lab.network().node(&node.name)?;
    let printed = namespace.run(&binary.display().to_string(), &arguments)?;
    let value = |label: &str| {
        value_of(&printed, label).with_context(|| format!("init printed no {label}: {printed}"))
    };
    Ok(Founded {
        key: ApiKey::parse(&value("api key")?)?,
        region_token: value("region token")?,
        rack_token: value("rack token")?,
    })
}

/// The last word of the line that begins with `label`, in any case.
fn value_of(printed: &str, label: &str) -> Option<String> {
    let line = printed.lines().find(|line| line.trim().to_lowercase().starts_with(label))?;
    line.split_whitespace().last().map(str::to_owned)
}

/// The value of a metric without labels, or the sum over its labels.
#[must_use]
pub fn metric(metrics: &str, name: &str) -> Option<f64> {
    let values = metrics.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let rest = match rest.strip_prefix('{') {
            Some(labels) => labels.split_once('}')?.1,
            None => rest,
        };
        rest.strip_prefix(' ')?.split(' ').next()?.parse::<f64>().ok()
    });
    values.reduce(|sum, value| sum + value)
}

/// Where a node's data will be, so that something can be mounted there before a cluster is formed.
#[must_use]
pub fn data_folder(lab: &Lab, node: &str) -> PathBuf {
    lab.folder().join(format!("data-{node}"))
}

fn insert_node(
    nodes: &mut BTreeMap<String, Node>,
    lab: &Lab,
    name: &str,
    kind: Kind,
    (management, on_vlan): (u8, Option<u8>),
) {
    let node = Node {
        name: name.to_owned(),
        kind,
        address: lab.network().management(management),
        on_vlan: on_vlan.map(|host| lab.network().provisioning(host)),
        data: data_folder(lab, name),
        environment: Vec::new(),
        process: None,
    };
    nodes.insert(name.to_owned(), node);
}

#[cfg(test)]
mod tests {
    use super::{metric, value_of};

    #[test]
    fn a_metric_is_summed_over_its_labels() {
        let text = "# HELP a b\na_total{x=\"1\"} 2\na_total{x=\"2\"} 3\na 7\n";
        assert_eq!(metric(text, "a_total"), Some(5.0));
        assert_eq!(metric(text, "a"), Some(7.0));
        assert_eq!(metric(text, "b"), None);
    }

    #[test]
    fn a_label_leads_to_the_last_word_of_its_line() {
        let text = "Cluster x made.\n  API key:  a:b:c\nRegion token  t\n";
        assert_eq!(value_of(text, "api key").as_deref(), Some("a:b:c"));
        assert_eq!(value_of(text, "region token").as_deref(), Some("t"));
        assert_eq!(value_of(text, "rack token"), None);
    }
}
