//! A cluster of three region processes on loopback addresses, and the operator's CLI at each.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The bound of every wait. What is waited for takes a second or two.
const WAIT_MAX: Duration = Duration::from_secs(180);
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// The administrator's password.
pub(crate) const PASSWORD: &str = "of-the-administrator";

/// A region's process; it is killed when it goes out of scope.
pub(crate) struct Node {
    pub(crate) address: String,
    pub(crate) data: PathBuf,
    pub(crate) process: Child,
}

pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    pub(crate) api_key: String,
    pub(crate) folder: TempDir,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

pub(crate) fn ironraft(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ironraft"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

#[track_caller]
pub(crate) fn succeeds(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {status}: {stderr}");
    String::from_utf8(stdout).unwrap()
}

pub(crate) fn run(address: &str, data: &Path) -> Node {
    run_with(address, data, &[])
}

pub(crate) fn run_with(address: &str, data: &Path, arguments: &[&str]) -> Node {
    let log = std::fs::File::create(data.with_extension("log")).unwrap();
    let mut command = ironraft(&["region", "run", "--data-dir", data.to_str().unwrap()]);
    command.args(arguments);
    let process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    Node { address: address.to_owned(), data: data.to_owned(), process }
}

/// Asks `probe` until it answers; fails with `what` after a bounded time.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(started.elapsed() < WAIT_MAX, "{what} did not happen in {WAIT_MAX:?}");
        std::thread::sleep(POLL);
    }
}

/// Makes a cluster with this first region, which does not run yet: the API key, and the token for more regions.
fn init(address: &str, data: &Path) -> (String, String) {
    let mut init = ironraft(&["region", "init", "--address", address, "--name", "r1"]);
    init.arg("--data-dir").arg(data).args(["--admin-password", PASSWORD]);
    let printed = succeeds(init);
    let value = |label: &str| {
        let line = printed.lines().find(|line| line.starts_with(label)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    (value("api key"), value("region token"))
}

impl Cluster {
    /// Makes a cluster of one region and waits until it leads.
    pub(crate) fn single(address: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("r1");
        let (api_key, _) = init(address, &data);
        let cluster = Self { nodes: vec![run(address, &data)], api_key, folder };
        wait_for("a leader", || cluster.status(0)?["leader"].as_u64());
        cluster
    }

    /// Makes a cluster of three on these addresses and waits until all vote.
    pub(crate) fn form(addresses: [&str; 3]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = |number: usize| folder.path().join(format!("r{number}"));
        let first = data(1);
        let (api_key, token) = init(addresses[0], &first);
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

    pub(crate) fn status(&self, node: usize) -> Option<Value> {
        let data = self.nodes[node].data.to_str().unwrap();
        let output = ironraft(&["cluster", "status", "--data-dir", data, "-o", "json"]).output();
        serde_json::from_slice(&output.unwrap().stdout).ok()
    }

    /// The operator's CLI, logged in by environment at one region.
    pub(crate) fn operator(&self, node: usize, arguments: &[&str]) -> Command {
        let mut command = ironraft(arguments);
        let endpoint = format!("http://{}:5240", self.nodes[node].address);
        command.env("IRONRAFT_ENDPOINTS", endpoint).env("IRONRAFT_API_KEY", &self.api_key);
        command
    }
}

pub(crate) fn members(status: &Value) -> impl Iterator<Item = &Value> {
    status["members"].as_array().into_iter().flatten()
}
