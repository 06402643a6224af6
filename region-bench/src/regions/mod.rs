//! Region processes on loopback addresses, each with its own disk folder and its own binary: for
//! what needs no network but many requests, restarts and versions. The lab has the whole site.

pub mod agent;
pub mod rack;
pub mod rest;
pub mod stock;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use store_node::process::Running;
use tokio::process::Command;

use crate::regions::rest::Rest;
use client::key::ApiKey;
use client::{Client, Patience};
use store_node::wait::wait_for;
use testkit::cli::Cli;
use testkit::lab::cluster::metric;

/// How long clients wait; they repeat what was not answered, and take what is there already as done.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(30),
    total: Duration::from_secs(60),
    pause: Duration::from_millis(100),
    repeat_unanswered: true,
};

/// How long a node may take until it is ready, on a machine that others use too.
const READY_MAX: Duration = Duration::from_secs(120);
/// How long the regions may take to agree on who leads.
const LEADER_MAX: Duration = Duration::from_secs(60);
/// Ports of a region: HTTP and gRPC.
const HTTP: u16 = 5240;
const GRPC: u16 = 5241;

/// One region.
#[derive(Debug)]
pub struct Region {
    name: String,
    address: Ipv4Addr,
    data: PathBuf,
    binary: PathBuf,
    process: Option<Running>,
}

/// A cluster of region processes.
#[derive(Debug)]
pub struct Regions {
    // The processes end before their folder is removed by its owner.
    nodes: Vec<Region>,
    key: ApiKey,
    region_token: String,
    rack_token: String,
    folder: PathBuf,
    http: reqwest::Client,
}

impl Regions {
    /// Makes a cluster at `127.0.<net>.1` and the next addresses. Nothing runs yet, so that its
    /// store can be filled before.
    ///
    /// # Errors
    /// When `region init` fails.
    pub async fn found(binary: &Path, folder: &Path, net: u8, count: u8) -> anyhow::Result<Self> {
        ensure!(count > 0, "a cluster needs a region");
        let node = |number: u8| {
            let name = format!("r{number}");
            let address = Ipv4Addr::new(127, 0, net, number);
            let data = folder.join(&name);
            Region { name, address, data, binary: binary.to_owned(), process: None }
        };
        let nodes: Vec<Region> = (1..=count).map(node).collect();
        std::fs::create_dir_all(folder)?;
        let first = &nodes[0];
        let init = ["region", "init", "--name", &first.name];
        let printed = run(binary, &init, first).await?;
        let value = |label: &str| {
            let line = printed.lines().find(|line| line.starts_with(label));
            let word = line.and_then(|line| line.split_whitespace().last());
            word.map(str::to_owned).with_context(|| format!("init printed no {label}: {printed}"))
        };
        Ok(Self {
            key: ApiKey::parse(&value("api key")?)?,
            region_token: value("region token")?,
            rack_token: value("rack token")?,
            nodes,
            folder: folder.to_owned(),
            http: reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build()?,
        })
    }

    /// Makes a cluster and runs all of it.
    ///
    /// # Errors
    /// When a command fails or a node does not get ready.
    pub async fn form(binary: &Path, folder: &Path, net: u8, count: u8) -> anyhow::Result<Self> {
        let mut regions = Self::found(binary, folder, net, count).await?;
        regions.run().await?;
        Ok(regions)
    }

    /// Starts the first region and lets the others join it, until all of them vote.
    ///
    /// # Errors
    /// When a command fails or a node does not get ready.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        self.start(0).await?;
        let at = format!("{}:{GRPC}", self.nodes[0].address);
        for number in 1..self.nodes.len() {
            let node = &self.nodes[number];
            let join = ["region", "join", &at, "--token", &self.region_token, "--name", &node.name];
            run(&node.binary, &join, node).await?;
            self.start(number).await?;
        }
        wait_for("all regions vote", READY_MAX, async || {
            let voters = self.voters().await?;
            Ok((voters == self.nodes.len()).then_some(()))
        })
        .await
    }

    /// How many regions there are, running or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The administrator's key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// The token that lets racks in.
    #[must_use]
    pub fn rack_token(&self) -> &str {
        &self.rack_token
    }

    /// Where the data of all regions is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the data of one region is.
    #[must_use]
    pub fn data(&self, number: usize) -> &Path {
        &self.nodes[number].data
    }

    /// Where one region serves gRPC.
    #[must_use]
    pub fn grpc(&self, number: usize) -> String {
        format!("{}:{GRPC}", self.nodes[number].address)
    }

    /// The beginning of the URLs of one region.
    #[must_use]
    pub fn url(&self, number: usize) -> String {
        format!("http://{}:{HTTP}", self.nodes[number].address)
    }

    /// One region's REST door, with the administrator's key.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn rest(&self, number: usize) -> anyhow::Result<Rest> {
        Rest::new(&self.url(number), self.key.clone())
    }

    /// A client of all regions, with the administrator's key.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(self.urls(), self.key.clone(), PATIENCE)?)
    }

    /// The operator's commands of one region's binary, for all regions.
    #[must_use]
    pub fn cli(&self, number: usize) -> Cli {
        Cli::new(&self.nodes[number].binary, &self.urls(), self.key.clone())
    }

    /// The URLs of all regions.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        (0..self.nodes.len()).map(|number| self.url(number)).collect()
    }

    /// The process ids of all regions that run.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.nodes.iter().filter_map(|node| Some(node.process.as_ref()?.id())).collect()
    }

    /// The process id of one region.
    #[must_use]
    pub fn pid(&self, number: usize) -> Option<u32> {
        Some(self.nodes[number].process.as_ref()?.id())
    }

    /// The binary that a region is started with from now on.
    pub fn set_binary(&mut self, number: usize, binary: &Path) {
        binary.clone_into(&mut self.nodes[number].binary);
    }

    /// Starts a region and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready; the error has the end of its log.
    pub async fn start(&mut self, number: usize) -> anyhow::Result<()> {
        self.launch(number)?;
        self.wait_ready(number).await
    }

    /// Starts a region.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn launch(&mut self, number: usize) -> anyhow::Result<()> {
        let node = &mut self.nodes[number];
        let log = self.folder.join(format!("{}.log", node.name));
        let data = node.data.display().to_string();
        let arguments = ["region", "run", "--data-dir", &data];
        node.process = Some(Running::start(&node.name, &log, &node.binary, arguments)?);
        Ok(())
    }

    /// Waits until a region says that it is ready.
    ///
    /// # Errors
    /// When it does not in time, or its process ends; the error has the end of its log.
    pub async fn wait_ready(&mut self, number: usize) -> anyhow::Result<()> {
        let url = format!("{}/readyz", self.url(number));
        let http = self.http.clone();
        let Region { name, process, .. } = &mut self.nodes[number];
        let process = process.as_mut().with_context(|| format!("{name} does not run"))?;
        let ready = wait_for("the region is ready", READY_MAX, async || {
            if let Some(status) = process.ended()? {
                return Ok(Some(Err(status)));
            }
            let answer = http.get(&url).send().await?;
            Ok(answer.status().is_success().then_some(Ok(())))
        });
        match ready.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => bail!("{name} ended with {status}: {}", process.log_tail()),
            Err(error) => Err(error.context(format!("log of {name}: {}", process.log_tail()))),
        }
    }

    /// Stops a region in good order: it hands leadership over and drains its requests.
    ///
    /// # Errors
    /// When it does not run, or does not stop.
    pub async fn stop(&mut self, number: usize) -> anyhow::Result<()> {
        let node = &mut self.nodes[number];
        let mut process =
            node.process.take().with_context(|| format!("{} does not run", node.name))?;
        process.stop().await
    }

    /// Lets a rack in; returns its id and its data folder. It does not run.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn join_rack(&self, name: &str) -> anyhow::Result<(String, PathBuf)> {
        let data = self.folder.join(name);
        let at = self.grpc(0);
        let output = Command::new(&self.nodes[0].binary)
            .args(["rack", "join", &at, "--token", &self.rack_token, "--name", name, "--data-dir"])
            .arg(&data)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "rack join: {}", complaint.trim());
        let printed = String::from_utf8(output.stdout).context("what it printed")?;
        let joined = printed.lines().find(|line| line.starts_with("joined as rack"));
        let id = joined.and_then(|line| line.split_whitespace().last());
        Ok((id.with_context(|| format!("rack join printed {printed}"))?.to_owned(), data))
    }

    /// The region that leads.
    ///
    /// # Errors
    /// When none says so in time.
    pub async fn leader(&self) -> anyhow::Result<usize> {
        wait_for("a region leads", LEADER_MAX, async || {
            for number in 0..self.nodes.len() {
                if let Ok(metrics) = self.metrics(number).await
                    && metric(&metrics, "ironraft_raft_leading") == Some(1.0)
                {
                    return Ok(Some(number));
                }
            }
            Ok(None)
        })
        .await
    }

    /// A region that does not lead; the only one when there is no other.
    ///
    /// # Errors
    /// As [`Self::leader`].
    pub async fn follower(&self) -> anyhow::Result<usize> {
        Ok((self.leader().await? + 1) % self.nodes.len())
    }

    /// What a region's `/metrics` says.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metrics(&self, number: usize) -> anyhow::Result<String> {
        let response = self.http.get(format!("{}/metrics", self.url(number))).send().await?;
        Ok(response.error_for_status()?.text().await?)
    }

    async fn voters(&self) -> anyhow::Result<usize> {
        let node = &self.nodes[0];
        let data = node.data.display().to_string();
        let output = Command::new(&node.binary)
            .args(["cluster", "status", "--data-dir", &data, "--output", "json"])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let status: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let members = status["members"].as_array().into_iter().flatten();
        Ok(members.filter(|member| member["role"] != "learner").count())
    }
}

/// Runs a command that makes a node, and returns what it printed.
async fn run(binary: &Path, arguments: &[&str], node: &Region) -> anyhow::Result<String> {
    let shown = || format!("{} {}", binary.display(), arguments[..2].join(" "));
    let output = Command::new(binary)
        .args(arguments)
        .arg("--data-dir")
        .arg(&node.data)
        .args(["--address", &node.address.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("cannot run {}", shown()))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}", shown(), complaint.trim());
    String::from_utf8(output.stdout).context("what it printed")
}
