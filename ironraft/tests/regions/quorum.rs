//! Two of three regions are gone: the third says so, does nothing by halves, and goes on as soon
//! as there is a majority again.

use reqwest::StatusCode;
use serde_json::Value;

use crate::cluster::{Cluster, run, wait_for};
use crate::rest::{Answer, Rest};

#[track_caller]
fn assert_asks_to_come_back(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    let seconds: u32 = answer.retry_after.as_ref().expect("Retry-After").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{answer:?}");
    assert!(answer.text.starts_with("the cluster cannot answer: "), "{answer:?}");
}

#[tokio::test]
async fn a_region_without_a_quorum_refuses_and_recovers() {
    let mut cluster = Cluster::form(["127.0.54.1", "127.0.54.2", "127.0.54.3"]);
    let rest = Rest::new("127.0.54.1", &cluster.api_key);
    let made = rest.post("fabrics/", &[("name", "before")]).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");

    for node in [1, 2] {
        cluster.nodes[node].process.kill().unwrap();
        cluster.nodes[node].process.wait().unwrap();
    }
    assert_asks_to_come_back(&rest.post("fabrics/", &[("name", "during")]).await);
    assert_asks_to_come_back(&rest.get("fabrics/").await);

    for node in [1, 2] {
        let (address, data) =
            (cluster.nodes[node].address.clone(), cluster.nodes[node].data.clone());
        cluster.nodes[node] = run(&address, &data);
    }
    wait_for("a leader", || cluster.status(0)?["leader"].as_u64());
    let made = rest.post("fabrics/", &[("name", "after")]).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");

    let names = rest.names("fabrics/").await;
    assert!(["before", "after"].iter().all(|name| names.iter().any(|n| n == name)), "{names:?}");
    // What was asked without a quorum is there with its VLAN, or not at all.
    let fabrics: Vec<Value> = serde_json::from_str(&rest.get("fabrics/").await.text).unwrap();
    for fabric in &fabrics {
        assert_eq!(fabric["vlans"].as_array().map(Vec::len), Some(1), "{fabric}");
    }
    // And every region agrees on it.
    for address in ["127.0.54.2", "127.0.54.3"] {
        let other = Rest::new(address, &cluster.api_key);
        assert_eq!(other.names("fabrics/").await, names);
    }
}
