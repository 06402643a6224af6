//! What an operator does to the members of a cluster by command.

use std::process::Command;

use serde_json::Value;

use crate::cluster::{Cluster, ironraft, run, succeeds, wait_for};

/// The exit code of a region that was removed.
const REMOVED: i32 = 7;

/// The exit code of a region's process, when it has ended.
fn ended(cluster: &mut Cluster, node: usize) -> Option<Option<i32>> {
    cluster.nodes[node].process.try_wait().unwrap().map(|status| status.code())
}

/// What a region's process printed.
fn log(cluster: &Cluster, node: usize) -> String {
    std::fs::read_to_string(cluster.nodes[node].data.with_extension("log")).unwrap()
}

/// The first region's `ironraft cluster …`.
struct Operator<'a>(&'a Cluster);

impl Operator<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = ironraft(&["cluster"]);
        command.args(arguments).arg("--data-dir").arg(&self.0.nodes[0].data);
        command
    }

    /// What it says when it refuses.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.command(arguments).output().unwrap();
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(Some(code), output.status.code(), "{arguments:?}: {printed}");
        printed
    }

    fn ids(&self, role: &str) -> Vec<u64> {
        let output = succeeds(self.command(&["members", "-o", "json"]));
        let members: Value = serde_json::from_str(&output).unwrap();
        let wanted = members.as_array().unwrap().iter().filter(|it| it["role"] == role);
        wanted.map(|it| it["node_id"].as_u64().unwrap()).collect()
    }

    fn voters(&self) -> Vec<u64> {
        let mut all = self.ids("leader");
        all.extend(self.ids("voter"));
        all.sort_unstable();
        all
    }
}

#[test]
fn leadership_is_given_by_command() {
    let cluster = Cluster::form(["127.0.61.1", "127.0.61.2", "127.0.61.3"]);
    let operator = Operator(&cluster);
    let leader = wait_for("a leader", || cluster.status(0)?["leader"].as_u64());
    let next = if leader == 2 { 3 } else { 2 };
    let printed = succeeds(operator.command(&["transfer", &next.to_string()]));
    assert_eq!(format!("region node {next} leads\n"), printed);
    wait_for("the other one leads", || {
        (cluster.status(0)?["leader"].as_u64()? == next).then_some(())
    });
    let printed = operator.refused(&["transfer", "region-9"], 3);
    assert_eq!("ironraft: there is no region node 9\n", printed);
    succeeds(cluster.operator(0, &["fabric", "create", "name=after"]));
    let audit = ["event", "list", "level:audit username:\"region:1\"", "-o", "json"];
    let told = succeeds(cluster.operator(0, &audit));
    assert!(told.contains("leadership.transfer: changed region "), "{told}");
    assert!(told.contains(&format!("(r{next}): leader")), "{told}");
    assert!(told.contains("127.0.0.1"), "from where: {told}");
}

#[test]
fn a_region_is_removed_for_good_and_never_at_the_price_of_the_quorum() {
    let mut cluster = Cluster::form(["127.0.62.1", "127.0.62.2", "127.0.62.3"]);
    let printed = Operator(&cluster).refused(&["remove", "9"], 3);
    assert_eq!("ironraft: there is no region node 9\n", printed);

    // With one region down neither of the others can go, but it can.
    cluster.nodes[2].process.kill().unwrap();
    cluster.nodes[2].process.wait().unwrap();
    for node_id in ["1", "2"] {
        let printed = wait_for("a leader that refuses", || {
            let printed = Operator(&cluster).command(&["remove", node_id]).output().unwrap();
            (printed.status.code() != Some(6)).then(|| String::from_utf8(printed.stderr).unwrap())
        });
        assert!(printed.contains("for [3] do not: bring them back"), "{printed}");
    }
    assert_eq!(vec![1, 2, 3], Operator(&cluster).voters());
    let printed = succeeds(Operator(&cluster).command(&["remove", "3"]));
    assert_eq!("region node 3 (r3) is not a member any more\n", printed);

    // It comes back, is told, and ends, now and whenever it is started; a new one gets a new id.
    let (address, data) = (cluster.nodes[2].address.clone(), cluster.nodes[2].data.clone());
    for _start in 0..2 {
        cluster.nodes[2] = run(&address, &data);
        let ended = wait_for("the removed region ends", || ended(&mut cluster, 2));
        assert_eq!(ended, Some(REMOVED), "{}", log(&cluster, 2));
        assert!(log(&cluster, 2).contains("region node 3 was removed from cluster"));
        assert!(log(&cluster, 2).contains("use `ironraft region join`"));
    }
    let token = ["token", "create", "--role", "region"];
    let token = succeeds(Operator(&cluster).command(&token)).trim().to_owned();
    let fourth = cluster.folder.path().join("r4");
    let mut join = ironraft(&["region", "join", "127.0.62.1:5241", "--token", &token]);
    join.arg("--data-dir").arg(&fourth).args(["--address", "127.0.62.4", "--name", "r4"]);
    succeeds(join);
    cluster.nodes.push(run("127.0.62.4", &fourth));
    wait_for("the fourth region votes", || {
        (Operator(&cluster).voters() == [1, 2, 4]).then_some(())
    });

    // A leader that is removed gives way first.
    wait_for("a leader", || cluster.status(0)?["leader"].as_u64());
    succeeds(Operator(&cluster).command(&["transfer", "2"]));
    let printed = succeeds(Operator(&cluster).command(&["remove", "2"]));
    assert_eq!("region node 2 (r2) is not a member any more\n", printed);
    assert_eq!(vec![1, 4], Operator(&cluster).voters());
    let ended = wait_for("the removed region ends", || ended(&mut cluster, 1));
    assert_eq!(ended, Some(REMOVED), "it ran when it was removed: {}", log(&cluster, 1));
    for node in [0, 3] {
        succeeds(cluster.operator(node, &["fabric", "create", &format!("name=after-{node}")]));
    }
}

/// What a command says when it fails with a code.
#[track_caller]
fn fails(mut command: Command, code: i32) -> String {
    let output = command.output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(Some(code), output.status.code(), "{command:?}: {printed}");
    printed
}

#[test]
fn a_join_that_fails_says_by_its_code_whose_fault_it_is() {
    let cluster = Cluster::form(["127.0.97.1", "127.0.97.2", "127.0.97.3"]);
    let token = ["token", "create", "--role", "region"];
    let token = succeeds(Operator(&cluster).command(&token)).trim().to_owned();
    let join = |kind: &str, at: &str, token: &str| {
        let mut join = ironraft(&[kind, "join", at, "--token", token, "--name", "new"]);
        join.arg("--data-dir").arg(cluster.folder.path().join("new"));
        if kind == "region" {
            join.args(["--address", "127.0.97.1"]);
        }
        join
    };
    let taken = fails(join("region", "127.0.97.1:5241", &token), 4);
    assert!(taken.contains("127.0.97.1 is the address of region node 1"), "{taken}");
    // A token for regions lets no rack in.
    fails(join("rack", "127.0.97.1:5241", &token), 5);
    for kind in ["region", "rack"] {
        fails(join(kind, "127.0.97.9:5241", &token), 6);
        let url = fails(join(kind, "http://127.0.97.1:5240", &token), 2);
        assert!(url.contains("this is a URL"), "{url}");
    }
    Operator(&cluster).refused(&["token", "create", "--role", "rack", "--hours", "9000"], 2);
    let rack = cluster.folder.path().join("rack");
    let token = succeeds(Operator(&cluster).command(&["token", "create", "--role", "rack"]));
    let mut join = ironraft(&["rack", "join", "127.0.97.1:5241", "--token", token.trim()]);
    join.arg("--data-dir").arg(&rack);
    succeeds(join);
    let mut status = ironraft(&["cluster", "status", "--data-dir"]);
    status.arg(&rack);
    let printed = fails(status, 1);
    assert!(printed.contains("belongs to a rack node"), "{printed}");
}

#[test]
fn what_has_no_list_of_its_own_is_reached_by_command() {
    let cluster = Cluster::form(["127.0.98.1", "127.0.98.2", "127.0.98.3"]);
    let done = |arguments: &[&str]| succeeds(cluster.operator(0, arguments));
    assert_eq!("[]\n", done(&["image", "list", "-o", "json"]));
    done(&["setting", "set", "node_timeout", "value=45"]);
    assert_eq!("45\n", done(&["setting", "get", "node_timeout", "-o", "template={value}"]));
    done(&["tag", "create", "name=bare", "definition=not(//node)"]);
    done(&["tag", "rebuild", "bare"]);
    done(&["domain", "set-serial", "serial=2026112900"]);
    fails(cluster.operator(0, &["rack", "delete", "zzzzzz", "--yes"]), 3);
    let none = fails(cluster.operator(0, &["subnet", "describe", "10.0.0.0/24"]), 3);
    assert!(none.contains("(try: ironraft subnet list)"), "{none}");
}
