//! `ironraft store inspect` on a region: refused while it runs, all of it when it is stopped.

use serde_json::Value;

use crate::cluster::{ironraft, run, succeeds, wait_for};

#[test]
fn a_stopped_region_is_looked_into_and_a_running_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("r1");
    let place = data.to_str().unwrap();
    let init = ["region", "init", "--data-dir", place, "--address", "127.0.63.1", "--name", "r1"];
    let init = succeeds(ironraft(&init));
    let key = init.lines().find(|line| line.starts_with("api key")).unwrap();
    let key = key.split_whitespace().last().unwrap();
    let mut node = run("127.0.63.1", &data);
    wait_for("a fabric is made", || {
        let mut create = ironraft(&["fabric", "create", "name=seen"]);
        create.env("IRONRAFT_ENDPOINTS", "http://127.0.63.1:5240").env("IRONRAFT_API_KEY", key);
        create.output().unwrap().status.success().then_some(())
    });
    let refused = ironraft(&["store", "inspect", place]).output().unwrap();
    let printed = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(Some(4), refused.status.code(), "{printed}");
    let store = data.join("store");
    assert_eq!(
        format!("ironraft: a running node uses {}: stop it first\n", store.display()),
        printed
    );
    assert!(refused.stdout.is_empty());

    node.process.kill().unwrap();
    node.process.wait().unwrap();
    let shown = succeeds(ironraft(&["store", "inspect", place]));
    let records: Vec<Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| records.iter().filter(|it| it["record"] == name).collect::<Vec<_>>();
    assert_eq!(1, of("identity")[0]["node_id"]);
    assert_eq!(1, of("applied").len());
    let entries: Vec<u64> =
        of("entry").iter().map(|it| it["log_id"]["index"].as_u64().unwrap()).collect();
    assert!(entries.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{entries:?}");
    let commands = of("entry").into_iter().filter(|it| it["payload"]["command"].is_object());
    assert!(commands.count() > 0, "commands are decoded");
    let is_fabric = |it: &&&Value| it["value"]["row"]["name"] == "seen";
    let fabric = *of("state").iter().find(is_fabric).expect("the fabric is shown as what it is");
    // What was sent at one time may be of one revision.
    let by = of("history").into_iter().filter(|it| it["revision"] == fabric["revision"]);
    let reasons: Vec<&Value> = by.map(|it| &it["reason"]).collect();
    assert!(reasons.contains(&&Value::from("fabric.create")), "who made it: {reasons:?}");
    let mut refused = ironraft(&["store", "inspect", folder.path().to_str().unwrap()]);
    assert_eq!(Some(3), refused.output().unwrap().status.code(), "no store");

    // The region goes on with the folder that was looked into.
    let node = run("127.0.63.1", &data);
    wait_for("it serves", || {
        let status = ironraft(&["cluster", "status", "--data-dir", place]).output().unwrap();
        status.status.success().then_some(())
    });
    drop(node);
}
