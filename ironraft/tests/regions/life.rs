//! A cluster forms, loses its leader to SIGKILL, goes on taking writes, and takes the killed one
//! back; strangers stay outside; a region that is asked to stop does.

use std::process::Command;

use crate::cluster::{Cluster, ironraft, members, run, succeeds, wait_for};

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
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        printed.contains("is not the one that the join token names").then_some(printed)
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
