//! The leader is asked to stop (SIGTERM): another leads, writes go on, and the process ends well.

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::cluster::{Cluster, wait_for};
use crate::rest::Rest;

/// The bound of the gap. A handover takes a fraction of a second and an election a second or two;
/// the gap itself is printed.
const GAP_MAX: Duration = Duration::from_secs(20);

#[tokio::test]
async fn writes_go_on_when_the_leader_is_stopped() {
    let mut cluster = Cluster::form(["127.0.55.1", "127.0.55.2", "127.0.55.3"]);
    let leader = wait_for("a leader", || cluster.status(0)?["leader"].as_u64());
    let leader = usize::try_from(leader).unwrap() - 1;
    let others: Vec<usize> = (0..3).filter(|node| *node != leader).collect();
    let rest = Rest::new(&cluster.nodes[others[0]].address, &cluster.api_key);
    let first = rest.post("fabrics/", &[("name", "before")]).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");

    let pid = cluster.nodes[leader].process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let started = Instant::now();
    let (mut written, mut gap, mut last) = (0_u32, Duration::ZERO, Instant::now());
    let mut ended = None;
    while written < 20 || ended.is_none() {
        let name = format!("during-{written}");
        let answer = rest.try_post("fabrics/", &[("name", &name)]).await;
        // A write whose outcome was not known may have been made: then its name is taken.
        let made = answer.as_ref().is_some_and(|answer| {
            answer.status == StatusCode::OK || answer.text.contains("already exists")
        });
        if made {
            gap = gap.max(last.elapsed());
            (written, last) = (written + 1, Instant::now());
        }
        assert!(last.elapsed() < GAP_MAX, "no write for {:?}: {answer:?}", last.elapsed());
        ended = ended.or_else(|| cluster.nodes[leader].process.try_wait().unwrap());
        assert!(started.elapsed() < 3 * GAP_MAX, "the leader did not end");
    }
    eprintln!("longest time between two writes while the leader stopped: {gap:?}");

    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    let led = wait_for("another leader", || cluster.status(others[0])?["leader"].as_u64());
    assert_ne!(usize::try_from(led).unwrap() - 1, leader);
    let names = rest.names("fabrics/").await;
    for number in 0..written {
        assert!(names.contains(&format!("during-{number}")), "{names:?}");
    }
}
