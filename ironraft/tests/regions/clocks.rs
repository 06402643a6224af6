//! The wall clock of one of three regions is set: it says so and refuses what depends on time, the others
//! go on and tell operators, and it comes back once its clock is right.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;

use crate::cluster::{Cluster, POLL, ironraft, wait_for};
use crate::rest::Rest;

/// After how long at most a region must have noticed that its clock was set. It takes half a second.
const NOTICED_MAX: Duration = Duration::from_secs(10);

/// Compiles the library that shows a process another wall clock.
fn compile_clock(folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regions/wall_clock.c");
    let library = folder.join("wall_clock.so");
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"]).arg(&library).arg(source);
    assert!(compile.status().unwrap().success());
    library
}

/// A region whose wall clock is ahead by what stands in `offset`; its other clocks are as they are.
fn run_with_offset(cluster: &Cluster, data: &Path, offset: &Path) -> Child {
    let log = std::fs::File::create(data.with_extension("log")).unwrap();
    let mut command = ironraft(&["region", "run", "--data-dir", data.to_str().unwrap()]);
    command.env("LD_PRELOAD", compile_clock(cluster.folder.path()));
    command.env("WALL_CLOCK_AHEAD", offset);
    command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn set(offset: &Path, seconds: i64) {
    // In place: the process has mapped it.
    let mut file =
        OpenOptions::new().create(true).truncate(false).write(true).open(offset).unwrap();
    file.write_all(&seconds.to_ne_bytes()).unwrap();
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

async fn check_step(cluster: &Cluster, offset: &Path, step: i64, says: &str) {
    let rests: Vec<Rest> =
        cluster.nodes.iter().map(|node| Rest::new(&node.address, &cluster.api_key)).collect();
    set(offset, step);
    let ready = told(&cluster.nodes[0].address, "/readyz", |text| text.contains(says)).await;
    assert!(ready.contains("[-] the clock of this region differs by"), "{ready}");

    let refused = rests[0].post("fabrics/", &[("name", "refused")]).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
    assert!(refused.text.contains(says), "{refused:?}");
    wait_for("another leader", || cluster.status(1)?["leader"].as_u64().filter(|id| *id != 1));
    for (number, rest) in rests.iter().enumerate().skip(1) {
        let name = format!("during{number}-{}", if step < 0 { "behind" } else { "ahead" });
        let made = rest.post("fabrics/", &[("name", &name)]).await;
        assert_eq!(made.status, StatusCode::OK, "{made:?}");
    }
    let sign = if step < 0 { "-" } else { "" };
    let series = format!(r#"ironraft_region_clock_offset_seconds{{peer="1"}} {sign}"#);
    let metrics = told(&cluster.nodes[1].address, "/metrics", |text| {
        let value = text.lines().find_map(|line| line.strip_prefix(&series));
        value.is_some_and(|value| value.starts_with("3599") || value.starts_with("3600"))
    });
    metrics.await;
    let way = if step < 0 { "behind" } else { "ahead of" };
    wait_for("the event", || {
        let events = events(cluster, 1);
        (events.contains("Region clock differs") && events.contains(way)).then_some(())
    });
    let status = cluster.status(1).unwrap();
    let offset_ms = status["members"][0]["clock_offset_ms"].as_i64().unwrap();
    assert!((3_599_000..3_601_000).contains(&offset_ms.abs()), "{status}");
    set(offset, 0);
    serves(&cluster.nodes[0].address).await;
    wait_for("the event of its return", || {
        events(cluster, 1).contains("Region clock agrees again").then_some(())
    });
}

#[tokio::test]
async fn a_region_whose_clock_is_set_refuses_and_the_others_go_on() {
    let mut cluster = Cluster::form(["127.0.57.1", "127.0.57.2", "127.0.57.3"]);
    let offset = cluster.folder.path().join("offset");
    set(&offset, 0);
    let (address, data) = (cluster.nodes[0].address.clone(), cluster.nodes[0].data.clone());
    cluster.nodes[0].process.kill().unwrap();
    cluster.nodes[0].process.wait().unwrap();
    cluster.nodes[0].process = run_with_offset(&cluster, &data, &offset);
    serves(&address).await;
    // It may lead when it happens.
    let lead = cluster.status(0).unwrap()["leader"].as_u64().unwrap();
    if lead != 1 {
        let data = cluster.nodes[1].data.to_str().unwrap();
        let transfer = ironraft(&["cluster", "transfer", "1", "--data-dir", data]).output();
        assert!(transfer.unwrap().status.success());
    }
    check_step(&cluster, &offset, 3_600, "differs by +3").await;
    check_step(&cluster, &offset, -3_600, "differs by -3").await;
    let made = Rest::new(&address, &cluster.api_key).post("fabrics/", &[("name", "after")]).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    let status: Value = cluster.status(0).unwrap();
    assert!(status["clock_refusal"].is_null(), "{status}");
}
