//! The native API of one region, and what each region tells of the cluster.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;

use crate::cluster::{Cluster, POLL, wait_for};

/// How long a request may take: there is an election meanwhile.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// The native API of one region.
pub(crate) struct Native {
    client: Client,
    base: String,
    key: String,
}

impl Native {
    pub(crate) fn at(cluster: &Cluster, node: usize) -> Self {
        let client = Client::builder().timeout(ANSWER_MAX).build().unwrap();
        let base = format!("http://{}:5240/api/v1", cluster.nodes[node].address);
        Self { client, base, key: cluster.api_key.clone() }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.client.request(method, format!("{}/{path}", self.base));
        let request = request.bearer_auth(&self.key).header("content-type", "application/json");
        let request = if body.is_null() { request } else { request.body(body.to_string()) };
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.call(Method::POST, path, body).await
    }
}

/// What a region tells of the cluster when that is so.
async fn told(native: &Native, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let told = native.get("cluster?stale=true").await;
        if is_so(&told) {
            return told;
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Whether a region is known to have taken its part under `leader`, and in every figure.
fn has_settled(member: &Value, leader: u64) -> bool {
    let role = if member["node_id"] == leader { "leader" } else { "follower" };
    let figures = ["term", "lag", "last_log", "last_contact_ms", "disk_bytes", "disk_free_bytes"];
    member["role"] == role && figures.iter().all(|figure| member[figure].is_u64())
}

#[tokio::test]
async fn every_region_tells_what_it_sees_of_the_cluster_with_and_without_a_quorum() {
    let mut cluster = Cluster::form(["127.0.185.1", "127.0.185.2", "127.0.185.3"]);
    let leader = wait_for("a leader", || cluster.status(0)?["leader"].as_u64());
    for (node, id) in (0..3).zip(1_u64..) {
        let native = Native::at(&cluster, node);
        // A region that joined a moment ago says that it is a learner until it reports again.
        let told = told(&native, |told| {
            let mut members = told["members"].as_array().into_iter().flatten();
            told["leader"] == leader && members.all(|member| has_settled(member, leader))
        });
        let told = told.await;
        assert_eq!(told["seen_by"], id);
        assert_eq!((&told["quorum"], &told["may_fail"]), (&2.into(), &1.into()), "{told}");
        let members = told["members"].as_array().unwrap();
        assert_eq!(members.len(), 3);
        for member in members {
            assert_eq!(member["leads"], member["node_id"] == leader, "{told}");
            assert_eq!(member["hostname"], format!("r{}", member["node_id"]), "{told}");
        }
    }
    wait_for("the election is told of", || {
        let listed = cluster.operator(0, &["event", "list", "type:\"Region elected\""]).output();
        let listed = String::from_utf8(listed.ok()?.stdout).ok()?;
        listed.contains(&format!("r{leader}")).then_some(())
    });
    let others: Vec<usize> = (0..3).filter(|node| (1_u64..).nth(*node) != Some(leader)).collect();
    for node in [usize::try_from(leader).unwrap() - 1, others[0]] {
        cluster.nodes[node].process.kill().unwrap();
        cluster.nodes[node].process.wait().unwrap();
    }
    let last = told(&Native::at(&cluster, others[1]), |told| told["leader"].is_null()).await;
    assert_eq!(last["members"].as_array().unwrap().len(), 3);
}
