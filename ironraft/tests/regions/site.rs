//! A site as a file, a bundle and `top` by command, while a region is down.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::process::{Command, Output};

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::cluster::{Cluster, succeeds};

const SITE: &str = "\
apiVersion: ironraft/v1
settings:
  http_proxy: http://user:planted@proxy:3128/
zones:
  - name: default
  - name: attic
    description: dry
fabrics:
  - name: core
vlans:
  - fabric: core
    vid: 20
subnets:
  - cidr: 10.7.0.0/24
    vlan: core/20
    gateway_ip: 10.7.0.1
";

/// A command at all regions, of which the first one that is asked is down.
fn everywhere(cluster: &Cluster, arguments: &[&str]) -> Command {
    let mut command = cluster.operator(0, arguments);
    let endpoints = [2, 0, 1].map(|node| format!("http://{}:5240", cluster.nodes[node].address));
    command.env("IRONRAFT_ENDPOINTS", endpoints.join(","));
    command
}

#[track_caller]
fn ends(mut command: Command, code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(code), "{command:?}: {stdout}\n{stderr}");
    (stdout, stderr)
}

#[test]
fn a_site_is_applied_and_told_while_a_region_is_down() {
    let mut cluster = Cluster::form(["127.0.77.1", "127.0.77.2", "127.0.77.3"]);
    cluster.nodes[2].process.kill().unwrap();
    let file = cluster.folder.path().join("site.yaml");
    let file = file.to_str().unwrap();
    fs::write(file, SITE).unwrap();
    let (differs, _) = ends(everywhere(&cluster, &["diff", "-f", file]), 8);
    assert!(differs.contains("+ create subnet 10.7.0.0/24"), "{differs}");
    let (_, refused) = ends(everywhere(&cluster, &["apply", "-f", file]), 2);
    assert!(refused.contains("--yes"), "{refused}");
    let (done, _) = ends(everywhere(&cluster, &["apply", "-f", file, "--yes"]), 0);
    assert!(done.contains("done: create zone attic"), "{done}");
    ends(everywhere(&cluster, &["diff", "-f", file]), 0);
    let (exported, left_out) = ends(everywhere(&cluster, &["export"]), 0);
    assert!(exported.contains("cidr: 10.7.0.0/24") && !exported.contains("planted"), "{exported}");
    assert!(left_out.contains("setting http_proxy"), "{left_out}");
    fs::write(file, SITE.replace("vid: 20", "vid: twenty")).unwrap();
    let (_, wrong) = ends(everywhere(&cluster, &["apply", "-f", file, "--yes"]), 2);
    assert!(wrong.contains("line 12: vid: a whole number is expected"), "{wrong}");
    bundle(&cluster);
    let (_, refused) = ends(everywhere(&cluster, &["top"]), 2);
    assert!(refused.contains("top needs a terminal"), "{refused}");
}

/// A bundle tells of the regions that answer, and that one does not.
fn bundle(cluster: &Cluster) {
    let file = cluster.folder.path().join("bundle.tar.gz");
    let file = file.to_str().unwrap();
    let mut command = everywhere(cluster, &["debug", "bundle", "-o", file]);
    command.env("IRONRAFT_DATA_DIR", &cluster.nodes[0].data);
    assert_eq!(succeeds(command).trim(), file);
    let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(file).unwrap()));
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let name: String =
            path.iter().skip(1).map(|part| part.to_str().unwrap()).collect::<Vec<_>>().join("/");
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert!(!text.contains("planted") && !text.contains(&cluster.api_key), "{name}: {text}");
        files.insert(name, text);
    }
    let members: Value = serde_json::from_str(&files["cluster/members.json"]).unwrap();
    assert_eq!(members["members"].as_array().unwrap().len(), 3);
    assert!(files["cluster/http___127.0.77.1_5240/metrics.txt"].contains("ironraft_raft_term"));
    assert!(files["site/settings.json"].contains("http://***@proxy:3128/"));
    assert!(files["manifest.json"].contains("cluster/http___127.0.77.3_5240/readyz.txt"));
}
