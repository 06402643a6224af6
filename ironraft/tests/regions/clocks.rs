//! The wall clock of one of three regions is set: it says so and refuses what depends on time, the others
//! go on and tell operators, and it comes back once its clock is right.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;

use crate::cluster::{Cluster, Node, POLL, ironraft, wait_for};
use crate::rest::Rest;

/// Debian's place for the library of `faketime`, which shows a process another wall clock.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// After how long at most a region must have noticed that its clock was set. It takes half a second.
const NOTICED_MAX: Duration = Duration::from_secs(10);

/// A region whose wall clock is ahead by what stands in `offset`; its other clocks are as they are.
fn run_with_offset(address: &str, data: &Path, offset: &Path) -> Node {
    assert!(Path::new(FAKETIME).exists(), "the package faketime is not installed");
    let log = std::fs::File::create(data.with_extension("log")).unwrap();
    let mut command = ironraft(&["region", "run", "--data-dir", data.to_str().unwrap()]);
    command.env("LD_PRELOAD", FAKETIME).env("FAKETIME_TIMESTAMP_FILE", offset);
    command.env("FAKETIME_CACHE_DURATION", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    Node { address: address.to_owned(), data: data.to_owned(), process }
}

fn set(offset: &Path, seconds: &str) {
    let new = offset.with_extension("new");
    std::fs::write(&new, format!("{seconds}s\n")).unwrap();
    std::fs::rename(&new, offset).unwrap();
}

/// What a region's telemetry says, as soon as it satisfies `is`.
async fn told(address: &str, path: &str, is: impl Fn(&str) -> bool) -> String {
    let started = Instant::now();
    loop {
        if let Ok(response) = reqwest::get(format!("http://{address}:5240{path}")).await {
            let text = response.text().await.unwrap();
            if is(&text) {
                return text;
            }
            assert!(started.elapsed() < 6 * NOTICED_MAX, "{path} of {address}: {text}");
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn serves(address: &str) {
    told(address, "/readyz", |text| text.contains("[+] clock") && text.contains("[+] leader"))
        .await;
}

#[track_caller]
fn events(cluster: &Cluster, node: usize) -> String {
    let mut events = cluster.operator(node, &["event", "list", "-o", "json"]);
    String::from_utf8(events.output().unwrap().stdout).unwrap()
}

async fn check_step(cluster: &Cluster, offset: &Path, step: &str, says: &str) {
    let rests: Vec<Rest> =
        cluster.nodes.iter().map(|node| Rest::new(&node.address, &cluster.api_key)).collect();
    let changed = step.trim_start_matches(['+', '-']);
    set(offset, step);
    let ready = told(&cluster.nodes[0].address, "/readyz", |text| text.contains(says)).await;
    assert!(ready.contains("[-] the clock of this region differs by"), "{ready}");

    let refused = rests[0].post("fabrics/", &[("name", "refused")]).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
    assert!(refused.text.contains(says), "{refused:?}");
    wait_for("another leader", || cluster.status(1)?["leader"].as_u64().filter(|id| *id != 1));
    for (number, rest) in rests.iter().enumerate().skip(1) {
        let name = format!("during{number}{changed}{}", step.len());
        let made = rest.post("fabrics/", &[("name", &name), ("description", step)]).await;
        assert_eq!(made.status, StatusCode::OK, "{made:?}");
    }
    let sign = if step.starts_with('-') { "-" } else { "" };
    let series = format!(r#"ironraft_region_clock_offset_seconds{{peer="1"}} {sign}"#);
    let metrics = told(&cluster.nodes[1].address, "/metrics", |text| {
        let value = text.lines().find_map(|line| line.strip_prefix(&series));
        value.is_some_and(|value| value.starts_with("3599") || value.starts_with("3600"))
    });
    metrics.await;
    let way = if step.starts_with('-') { "behind" } else { "ahead of" };
    wait_for("the event", || {
        let events = events(cluster, 1);
        (events.contains("Region clock differs") && events.contains(way)).then_some(())
    });
    let status = cluster.status(0).unwrap();
    let offset_ms = status["members"][0]["clock_offset_ms"].as_i64().unwrap();
    assert!((3_599_000..3_601_000).contains(&offset_ms.abs()), "{status}");
    set(offset, "+0");
    serves(&cluster.nodes[0].address).await;
    wait_for("the event of its return", || {
        events(cluster, 1).contains("Region clock agrees again").then_some(())
    });
}

#[tokio::test]
async fn a_region_whose_clock_is_set_refuses_and_the_others_go_on() {
    let mut cluster = Cluster::form(["127.0.57.1", "127.0.57.2", "127.0.57.3"]);
    let offset = cluster.folder.path().join("offset");
    set(&offset, "+0");
    let (address, data) = (cluster.nodes[0].address.clone(), cluster.nodes[0].data.clone());
    cluster.nodes[0].process.kill().unwrap();
    cluster.nodes[0].process.wait().unwrap();
    cluster.nodes[0] = run_with_offset(&address, &data, &offset);
    serves(&address).await;
    // It may lead when it happens.
    let lead = cluster.status(0).unwrap()["leader"].as_u64().unwrap();
    if lead != 1 {
        let data = cluster.nodes[1].data.to_str().unwrap();
        let transfer = ironraft(&["cluster", "transfer", "1", "--data-dir", data]).output();
        assert!(transfer.unwrap().status.success());
    }
    check_step(&cluster, &offset, "+3600", "differs by +3").await;
    check_step(&cluster, &offset, "-3600", "differs by -3").await;
    let made = Rest::new(&address, &cluster.api_key).post("fabrics/", &[("name", "after")]).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    let status: Value = cluster.status(0).unwrap();
    assert!(status["clock_refusal"].is_null(), "{status}");
}
