//! Commands whose region is killed while they talk to it: they go on at another one, and what they do is done once.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::cluster::{Cluster, succeeds, wait_for};

const ADDRESSES: [&str; 3] = ["127.0.181.1", "127.0.181.2", "127.0.181.3"];

/// A command that knows all regions, the first one first.
fn everywhere(cluster: &Cluster, arguments: &[&str]) -> Command {
    let mut command = cluster.operator(0, arguments);
    let endpoints: Vec<String> =
        ADDRESSES.iter().map(|address| format!("http://{address}:5240")).collect();
    command.env("IRONRAFT_ENDPOINTS", endpoints.join(","));
    command
}

/// How many connections there are to the API of the first region, seen from those who ask.
fn connections() -> usize {
    let address: Ipv4Addr = ADDRESSES[0].parse().unwrap();
    let remote = format!("{:08X}:{:04X}", u32::from_ne_bytes(address.octets()), 5240);
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let is_it = |line: &&str| {
        let mut columns = line.split_whitespace().skip(2);
        columns.next() == Some(&remote) && columns.next() == Some("01")
    };
    table.lines().filter(is_it).count()
}

/// The lines of a command that goes on, until one has that in it.
fn until(lines: &mut impl Iterator<Item = std::io::Result<String>>, text: &str) -> Value {
    let line = lines.map(Result::unwrap).find(|line| line.contains(text));
    serde_json::from_str(&line.unwrap_or_else(|| panic!("{text} did not come"))).unwrap()
}

struct Going(Child);

impl Drop for Going {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
fn a_command_whose_region_is_killed_is_carried_out_once_by_another() {
    let mut cluster = Cluster::form(ADDRESSES);
    let watch = everywhere(&cluster, &["fabric", "watch", "-o", "jsonl"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut watch = Going(watch);
    let mut lines = BufReader::new(watch.0.stdout.take().unwrap()).lines();
    assert_eq!(until(&mut lines, "fabric-0")["change"], "listed");

    // The region takes the connection and does not read from it any more.
    let pid = cluster.nodes[0].process.id().to_string();
    assert!(Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    let before = connections();
    let create = everywhere(&cluster, &["fabric", "create", "name=once", "-o", "json", "-v"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("the command is connected", || (connections() > before).then_some(()));
    cluster.nodes[0].process.kill().unwrap();
    cluster.nodes[0].process.wait().unwrap();
    let output = create.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("< no answer from http://127.0.181.1:5240"), "{told}");
    assert!(!told.contains(&cluster.api_key), "{told}");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(made["name"], "once");

    let named = succeeds(cluster.operator(1, &["fabric", "list", "name:once", "-o", "name"]));
    assert_eq!(named, "once\n");
    let history = succeeds(cluster.operator(2, &["fabric", "history", "once", "-o", "json"]));
    let history: Value = serde_json::from_str(&history).unwrap();
    assert_eq!(history["changes"].as_array().unwrap().len(), 1, "{history}");
    // The watch went on at another region, behind what it had told.
    let told = until(&mut lines, "\"once\"");
    assert_eq!((&told["change"], &told["object"]["id"]), (&"put".into(), &made["id"]));
}

#[test]
fn what_is_changed_is_planned_asked_for_and_taken_back() {
    let cluster = Cluster::form(["127.0.182.1", "127.0.182.2", "127.0.182.3"]);
    let with = |arguments: &[&str]| cluster.operator(0, arguments);
    for name in ["lab-1", "lab-2", "lab-3"] {
        succeeds(with(&["zone", "create", &format!("name={name}")]));
    }
    let plan = succeeds(with(&["zone", "set", "lab-1", "description=north", "--plan"]));
    assert_eq!(plan.lines().next(), Some("update zone lab-1"), "{plan}");
    assert!(plan.contains("description: - → north"), "{plan}");
    let shown = succeeds(with(&["zone", "get", "lab-1", "-o", "template={description}"]));
    assert_eq!(shown, "-\n", "a plan changes nothing");

    let done = succeeds(with(&["zone", "set", "lab-*,-lab-3", "description=south", "-o", "json"]));
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!((&done["state"], &done["done"]), (&"done".into(), &2.into()), "{done}");
    let wide = ["zone", "list", "lab-*", "--sort", "-name", "-o", "template={name} {description}"];
    assert_eq!(succeeds(with(&wide)), "lab-3 -\nlab-2 south\nlab-1 south\n");

    let refused = with(&["zone", "delete", "lab-[1-3]"]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("3 objects: lab-1, lab-2, lab-3"), "{said}");
    succeeds(with(&["zone", "delete", "lab-1", "--yes"]));
    let revisions = succeeds(with(&["revision", "list", "--resource", "zones", "-o", "json"]));
    let revisions: Value = serde_json::from_str(&revisions).unwrap();
    let last = revisions["items"][0]["revision"].to_string();
    succeeds(with(&["undo", &last, "--yes"]));
    succeeds(with(&["zone", "get", "lab-1"]));
    let why = with(&["machine", "why", "nobody"]).output().unwrap();
    assert_eq!(why.status.code(), Some(3), "{why:?}");
    let explained = succeeds(with(&["ip", "explain", "10.9.8.7"]));
    assert!(explained.contains("in no subnet"), "{explained}");
}
