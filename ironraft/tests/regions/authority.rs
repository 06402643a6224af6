//! The certificate authority is replaced by command while regions and a rack work and are written
//! to, and with one region killed in the middle.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use identity::{ExpectedPeer, Identity};
use proto::cluster::RenewRequest;
use proto::cluster::cluster_client::ClusterClient;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::cluster::{Cluster, ironraft, run, succeeds, wait_for};
use crate::rest::Rest;

fn authority(cluster: &Cluster, arguments: &[&str]) -> Command {
    let mut command = ironraft(&["cluster", "authority"]);
    command.args(arguments).arg("--data-dir").arg(&cluster.nodes[0].data);
    command
}

fn status(cluster: &Cluster) -> Option<Value> {
    let output = authority(cluster, &["status", "-o", "json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).ok()
}

fn kill(cluster: &mut Cluster, node: usize) {
    cluster.nodes[node].process.kill().unwrap();
    cluster.nodes[node].process.wait().unwrap();
}

/// The names of the nodes that lack something.
fn lacking(status: &Value) -> Vec<&str> {
    let nodes = status["nodes"].as_array().unwrap().iter();
    nodes.filter(|it| !it["lack"].is_null()).map(|it| it["name"].as_str().unwrap()).collect()
}

/// The identity that a node has on disk now, in a folder of its own.
fn copied(data: &Path, to: &Path) -> Identity {
    std::fs::create_dir(to).unwrap();
    for file in ["node.pem", "ca.pem"] {
        std::fs::copy(data.join("identity").join(file), to.join(file)).unwrap();
    }
    Identity::load(to).unwrap()
}

/// Whether a region answers the node with this identity.
async fn is_let_in(address: &str, peer: &Identity) -> bool {
    let channel = peer.channel(&format!("{address}:5241"), ExpectedPeer::AnyRegion);
    let request_pem = identity::node::NodeRequest::create().unwrap().request_pem;
    ClusterClient::new(channel).renew(RenewRequest { request_pem }).await.is_ok()
}

/// Writes at one region until told to stop; each write must succeed. Returns how many.
async fn write(address: &'static str, api_key: String, enough: Arc<AtomicBool>) -> u32 {
    let rest = Rest::new(address, &api_key);
    let mut written = 0;
    while !enough.load(Ordering::Relaxed) {
        let name = format!("{}-{written}", address.replace('.', "-"));
        let answer = rest.post("fabrics/", &[("name", &name)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        written += 1;
    }
    written
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_is_replaced_while_writes_go_on_and_a_region_is_killed() {
    let mut cluster = Cluster::form(["127.0.66.1", "127.0.66.2", "127.0.66.3"]);
    // The leader stays, so that no write has to wait for an election.
    let mut transfer = ironraft(&["cluster", "transfer", "1", "--data-dir"]);
    transfer.arg(&cluster.nodes[0].data);
    if cluster.status(0).unwrap()["leader"] != 1 {
        succeeds(transfer);
    }
    let settled = wait_for("all certificates are known", || {
        status(&cluster).filter(|status| lacking(status).is_empty())
    });
    assert_eq!(settled["phase"], "settled");
    let old_root = settled["signing"].as_str().unwrap().to_owned();
    let old = copied(&cluster.nodes[0].data, &cluster.folder.path().join("old"));
    assert!(is_let_in("127.0.66.2", &old).await);

    let enough = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for address in ["127.0.66.1", "127.0.66.2"] {
        writers.spawn(write(address, cluster.api_key.clone(), Arc::clone(&enough)));
    }
    kill(&mut cluster, 2);
    // The command is ended in the middle as well: the regions go on, up to the one that is away.
    let mut rotating = authority(&cluster, &["rotate"]).stdout(Stdio::null()).spawn().unwrap();
    let waiting = wait_for("only the killed region is waited for", || {
        status(&cluster).filter(|it| it["phase"] == "distributing" && lacking(it) == ["region-3"])
    });
    rotating.kill().unwrap();
    rotating.wait().unwrap();
    let new_root = waiting["also_trusted"].as_str().unwrap().to_owned();
    let refused = authority(&cluster, &["retire"]).output().unwrap();
    let printed = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(4), "{printed}");
    assert!(printed.contains("region-3 does not trust authority"), "{printed}");

    let (address, data) = (cluster.nodes[2].address.clone(), cluster.nodes[2].data.clone());
    cluster.nodes[2] = run(&address, &data);
    let printed = succeeds(authority(&cluster, &["rotate"]));
    assert!(printed.trim_end().ends_with("signs and is trusted alone"), "{printed}");

    enough.store(true, Ordering::Relaxed);
    assert!(writers.join_all().await.into_iter().all(|written| written > 0));
    let settled = status(&cluster).unwrap();
    assert_eq!((&settled["phase"], lacking(&settled)), (&Value::from("settled"), vec![]));
    assert_eq!(settled["signing"], new_root, "the rotation that was begun went on");
    assert_ne!(new_root, old_root);
    for node in &cluster.nodes {
        assert!(!is_let_in(&node.address, &old).await, "{} refuses the old one", node.address);
    }
    let new = copied(&cluster.nodes[2].data, &cluster.folder.path().join("new"));
    assert!(is_let_in("127.0.66.1", &new).await);
    assert!(new.holding().trusted.iter().eq([&new_root]), "{:?}", new.holding());
}
