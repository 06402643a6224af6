//! Three real region processes on loopback: they form a cluster, lose their leader to SIGKILL, go
//! on taking writes, and take the killed one back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The bound of every wait. What is waited for takes a second or two.
const WAIT_MAX: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// A region's process; it is killed when it goes out of scope.
struct Node {
    address: String,
    data: PathBuf,
    process: Child,
}

struct Cluster {
    nodes: Vec<Node>,
    api_key: String,
    folder: TempDir,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn ironraft(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ironraft"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

#[track_caller]
fn succeeds(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {status}: {stderr}");
    String::from_utf8(stdout).unwrap()
}

fn run(address: &str, data: &Path) -> Node {
    let log = std::fs::File::create(data.with_extension("log")).unwrap();
    let mut command = ironraft(&["region", "run", "--data-dir", data.to_str().unwrap()]);
    let process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    Node { address: address.to_owned(), data: data.to_owned(), process }
}

/// Asks `probe` until it answers; fails with `what` after a bounded time.
#[track_caller]
fn wait_for<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(started.elapsed() < WAIT_MAX, "{what} did not happen in {WAIT_MAX:?}");
        std::thread::sleep(POLL);
    }
}

impl Cluster {
    /// Makes a cluster of three on these addresses and waits until all vote.
    fn form(addresses: [&str; 3]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = |number: usize| folder.path().join(format!("r{number}"));
        let first = data(1);
        let init = succeeds(ironraft(&[
            "region",
            "init",
            "--data-dir",
            first.to_str().unwrap(),
            "--address",
            addresses[0],
            "--name",
            "r1",
        ]));
        let value = |label: &str| {
            let line = init.lines().find(|line| line.starts_with(label)).unwrap();
            line.split_whitespace().last().unwrap().to_owned()
        };
        let (api_key, token) = (value("api key"), value("region token"));
        let mut nodes = vec![run(addresses[0], &first)];
        for (number, address) in [(2, addresses[1]), (3, addresses[2])] {
            let folder = data(number);
            let at = format!("{}:5241", addresses[0]);
            let name = format!("r{number}");
            wait_for("join", || {
                let mut join = ironraft(&["region", "join", &at, "--token", &token]);
                join.arg("--data-dir").arg(&folder).args(["--address", address, "--name", &name]);
                join.output().unwrap().status.success().then_some(())
            });
            nodes.push(run(address, &folder));
        }
        let cluster = Self { nodes, api_key, folder };
        wait_for("three voters", || {
            let status = cluster.status(0)?;
            let voters = members(&status).filter(|member| member["role"] != "learner").count();
            (voters == 3).then_some(())
        });
        cluster
    }

    fn status(&self, node: usize) -> Option<Value> {
        let data = self.nodes[node].data.to_str().unwrap();
        let output = ironraft(&["cluster", "status", "--data-dir", data, "-o", "json"]).output();
        serde_json::from_slice(&output.unwrap().stdout).ok()
    }

    /// The operator's CLI, logged in by environment at one region.
    fn operator(&self, node: usize, arguments: &[&str]) -> Command {
        let mut command = ironraft(arguments);
        let endpoint = format!("http://{}:5240", self.nodes[node].address);
        command.env("IRONRAFT_ENDPOINTS", endpoint).env("IRONRAFT_API_KEY", &self.api_key);
        command
    }
}

fn members(status: &Value) -> impl Iterator<Item = &Value> {
    status["members"].as_array().into_iter().flatten()
}

#[test]
fn a_cluster_outlives_its_leader() {
    let mut cluster = Cluster::form(["127.0.51.1", "127.0.51.2", "127.0.51.3"]);
    for node in 0..3 {
        let name = format!("name=before-{node}");
        succeeds(cluster.operator(node, &["fabric", "create", &name]));
    }

    let leader = wait_for("a leader", || cluster.status(0)?["leader"].as_u64());
    let leader = usize::try_from(leader).unwrap() - 1;
    cluster.nodes[leader].process.kill().unwrap();
    cluster.nodes[leader].process.wait().unwrap();

    for node in (0..3).filter(|node| *node != leader) {
        let name = format!("name=after-{node}");
        succeeds(cluster.operator(node, &["fabric", "create", &name]));
    }

    let (address, data) =
        (cluster.nodes[leader].address.clone(), cluster.nodes[leader].data.clone());
    cluster.nodes[leader] = run(&address, &data);
    let fabrics = wait_for("the killed region answers", || {
        let output = cluster.operator(leader, &["fabric", "list", "-o", "json"]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    });
    for name in (0..3).map(|node| format!("before-{node}")) {
        assert!(fabrics.contains(&name), "{name} in {fabrics}");
    }
    for name in (0..3).filter(|node| *node != leader).map(|node| format!("after-{node}")) {
        assert!(fabrics.contains(&name), "{name} in {fabrics}");
    }
    wait_for("the killed region has caught up", || {
        let status = cluster.status(leader)?;
        members(&status).all(|member| member["lag"] == 0).then_some(())
    });
    assert!(cluster.folder.path().exists());
}

#[test]
fn a_wrong_token_does_not_let_a_node_in() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("r1");
    let address = "127.0.52.1";
    let init = ["region", "init", "--address", address, "--data-dir", first.to_str().unwrap()];
    succeeds(ironraft(&init));
    let node = run(address, &first);
    let token = format!("{}.{}", "0".repeat(32), "0".repeat(64));
    let second = folder.path().join("r2");
    let refused = wait_for("an answer", || {
        let mut join = ironraft(&["region", "join", "127.0.52.1:5241", "--token", &token]);
        join.arg("--data-dir").arg(&second).args(["--address", "127.0.52.2"]);
        let output = join.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        said.contains("NotPinned").then_some(said)
    });
    assert!(!second.exists(), "{refused}");
    drop(node);
}

#[test]
fn sigterm_stops_a_region_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("r1");
    let address = "127.0.53.1";
    let init = ["region", "init", "--address", address, "--data-dir", data.to_str().unwrap()];
    succeeds(ironraft(&init));
    let mut node = run(address, &data);
    wait_for("the region serves", || std::net::TcpStream::connect((address, 5241)).ok());
    let pid = node.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = wait_for("the region ends", || node.process.try_wait().unwrap());
    assert!(status.success(), "{status}");
}
