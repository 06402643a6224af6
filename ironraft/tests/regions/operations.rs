//! An operation on many objects whose leader is killed in the middle of it.

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::cluster::{Cluster, POLL, wait_for};
use crate::native::Native;

/// So many that it takes many times as long as it takes to see that it has begun.
const SPACES: usize = 640;

/// How many requests are sent at once.
const AT_ONCE: usize = 16;

#[tokio::test]
async fn an_operation_goes_on_when_its_leader_dies_and_does_nothing_twice() {
    let mut cluster = Cluster::form(["127.0.76.1", "127.0.76.2", "127.0.76.3"]);
    let leader = wait_for("a leader", || cluster.status(0)?["leader"].as_u64());
    let leader = usize::try_from(leader).unwrap() - 1;
    let native = &Native::at(&cluster, (leader + 1) % 3);
    let make = |number: usize| async move {
        native.post("spaces", &json!({"name": format!("room-{number}")})).await
    };
    let made: Vec<Value> =
        stream::iter(0..SPACES).map(make).buffer_unordered(AT_ONCE).collect().await;
    let order = json!({
        "verb": "update", "filter": "name:room-*", "max": SPACES,
        "parameters": {"description": "dry"},
    });
    let operation = native.post("spaces/actions", &order).await;
    let path = format!("operations/{}", operation["id"].as_str().unwrap());
    let begun = loop {
        let seen = native.get(&format!("{path}?stale=true&fields=done,waiting")).await;
        if seen["done"].as_u64() > Some(0) {
            break seen;
        }
    };
    cluster.nodes[leader].process.kill().unwrap();
    cluster.nodes[leader].process.wait().unwrap();
    assert!(begun["waiting"].as_u64() > Some(0), "it was over before its leader died: {begun}");

    let ended = loop {
        let seen = native.get(&path).await;
        if seen["state"] != "running" {
            break seen;
        }
        tokio::time::sleep(POLL).await;
    };
    assert_eq!((&ended["state"], &ended["done"]), (&json!("done"), &json!(SPACES)), "{ended}");
    let changes = |space: Value| async move {
        let history = native.get(&format!("spaces/{}/history", space["id"])).await;
        let changes = history["changes"].as_array().unwrap().clone();
        changes.iter().map(|change| change["reason"].as_str().unwrap().to_owned()).collect()
    };
    let all: Vec<Vec<String>> =
        stream::iter(made).map(changes).buffer_unordered(AT_ONCE).collect().await;
    for changes in &all {
        assert_eq!(changes, &["space.update", "space.create"], "each is done once");
    }
}
