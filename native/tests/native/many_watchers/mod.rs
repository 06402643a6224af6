//! 500 watchers of a site that changes, over real stores: some read at once, some late, some come back at another region all the
//! time. Meanwhile the history is compacted, snapshots are made, the leader ends, and a node joins by a snapshot.

mod cluster;
mod judge;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{RwLock, watch};
use tokio::task::JoinSet;

use crate::events::Events;
use crate::harness::By;
use crate::many_watchers::cluster::{Cluster, Node, leader_of};
use crate::many_watchers::judge::{Seen, Written};

const WATCHERS: usize = 500;

/// How many changes there are in each of the three parts of the test.
const CHANGES: usize = 110;

/// How much memory, in bytes, all of it may take more while nobody reads: what was not read is in the history.
const GROWTH_MAX: u64 = 160 << 20;

/// The nodes that run.
type Nodes = Arc<RwLock<Vec<Node>>>;

/// How a watcher reads.
#[derive(Clone, Copy)]
enum Reader {
    /// At once.
    Fast,
    /// An event, and then nothing until so many changes more were made.
    Slow(usize),
    /// It comes back after every few events, each time somewhere else.
    Restless,
    /// Nothing until all is written.
    Late,
}

/// How far the writer is, and the revision at the end.
#[derive(Clone, Copy, Default)]
struct Progress {
    written: usize,
    end: Option<u64>,
}

async fn list(nodes: &Nodes, place: usize) -> Value {
    let nodes = nodes.read().await;
    let page = nodes[place % nodes.len()].region.get(By::User, "zones?limit=1000").await;
    page.assert(200).json()
}

async fn open(nodes: &Nodes, place: usize, since: u64) -> Events {
    let nodes = nodes.read().await;
    let region = &nodes[place % nodes.len()].region;
    Events::open(region, By::User, "?resources=zones", Some(&since.to_string())).await
}

async fn watcher(
    (number, reader): (usize, Reader),
    nodes: Nodes,
    mut progress: watch::Receiver<Progress>,
    opened: tokio::sync::mpsc::Sender<()>,
) -> Seen {
    let (mut seen, mut place, mut events) = (Seen::default(), number, 0_usize);
    seen.begin(&list(&nodes, place).await);
    let mut stream = open(&nodes, place, seen.at).await;
    let first = stream.next_if_any().await;
    assert!(first.is_some_and(|event| event.name == "open"));
    opened.send(()).await.unwrap();
    drop(opened);
    loop {
        let wanted = match reader {
            Reader::Fast | Reader::Restless => 0,
            Reader::Slow(pause) => events * pause,
            Reader::Late => usize::MAX,
        };
        let may_read = |now: &Progress| now.written >= wanted || now.end.is_some();
        progress.wait_for(may_read).await.unwrap();
        let end = progress.borrow().end;
        if end.is_some_and(|end| seen.at >= end) {
            return seen;
        }
        let next = tokio::select! {
            next = stream.next_if_any() => next,
            // The last event may have been what this one waits for.
            _ = progress.changed() => continue,
        };
        events += 1;
        let goes_on = match next {
            Some(event) if event.name == "open" => continue,
            Some(event) => {
                let goes_on = seen.take(&event);
                if !goes_on {
                    place += 1;
                    seen.begin(&list(&nodes, place).await);
                }
                goes_on && (!matches!(reader, Reader::Restless) || !events.is_multiple_of(3))
            }
            None => false,
        };
        if !goes_on {
            place += 1;
            stream = open(&nodes, place, seen.at).await;
        }
    }
}

/// Makes, changes and removes zones, each in turn.
async fn change(
    nodes: &Nodes,
    number: usize,
    ids: &mut Vec<(String, String)>,
) -> (String, String, u64) {
    let nodes = nodes.read().await;
    let region = &nodes[number % nodes.len()].region;
    let answer = match (number % 4, ids.len()) {
        (0 | 1, _) | (_, 0) => {
            let body = json!({"name": format!("zone-{number}")});
            let answer = region.post("zones", body).await.assert(201);
            ids.push((format!("zone-{number}"), answer.json()["id"].to_string()));
            let (name, id) = ids.last().unwrap().clone();
            return (name, id, revision_of(&answer));
        }
        (2, many) => {
            let (name, id) = ids[number % many].clone();
            let body = json!({"description": format!("change {number}")});
            let answer = region.call(By::Admin, "PATCH", &format!("zones/{name}"), body).await;
            (name, id, answer.assert(200))
        }
        (_, many) => {
            let (name, id) = ids.remove(number % many);
            let answer =
                region.call(By::Admin, "DELETE", &format!("zones/{name}"), Value::Null).await;
            (name, id, answer.assert(204))
        }
    };
    (answer.0, answer.1, revision_of(&answer.2))
}

fn revision_of(answer: &crate::harness::Answer) -> u64 {
    answer.header("x-ironraft-revision").parse().unwrap()
}

/// The memory of this process that is in use, in bytes.
fn memory() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

fn reader(number: usize) -> Reader {
    match number % 5 {
        0 | 1 => Reader::Fast,
        2 => Reader::Slow(25),
        3 => Reader::Restless,
        _ => Reader::Late,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_watchers_miss_nothing_and_see_nothing_twice() {
    let cluster = Cluster::new();
    let first = cluster.first().await;
    let second = cluster.join(2, &first, &first.store).await;
    let third = cluster.join(3, &first, &first.store).await;
    let nodes: Nodes = Arc::new(RwLock::new(vec![first, second, third]));
    let (told, progress) = watch::channel(Progress::default());
    let (opened, mut all_open) = tokio::sync::mpsc::channel(WATCHERS);
    let mut watchers = JoinSet::new();
    for number in 0..WATCHERS {
        let with = (Arc::clone(&nodes), progress.clone(), opened.clone());
        watchers.spawn(watcher((number, reader(number)), with.0, with.1, with.2));
    }
    drop(opened);
    let mut open = 0;
    while all_open.recv().await.is_some() {
        open += 1;
    }
    assert_eq!(open, WATCHERS);
    let before = memory();
    let (mut written, mut ids) = (Vec::new(), Vec::new());
    let mut after = list(&nodes, 0).await["revision"].as_u64().unwrap();
    for number in 0..3 * CHANGES {
        if number % CHANGES == CHANGES - 1 {
            forget(&nodes).await;
        }
        if number == CHANGES {
            lose_the_leader(&nodes).await;
        }
        if number == 2 * CHANGES {
            join(&cluster, &nodes).await;
        }
        let (name, id, until) = change(&nodes, number, &mut ids).await;
        written.push(Written { name, id, after, until });
        after = until;
        told.send_modify(|progress| progress.written = number + 1);
    }
    let grown = memory().saturating_sub(before);
    told.send_modify(|progress| progress.end = Some(after));
    let end = list(&nodes, 0).await;
    let (mut resets, mut expected) = (0, Seen::default());
    expected.begin(&end);
    while let Some(seen) = watchers.join_next().await {
        let seen = seen.unwrap();
        seen.judge(&written);
        assert_eq!(seen.objects, expected.objects);
        resets += seen.resets;
    }
    eprintln!(
        "{WATCHERS} watchers, {} changes, {resets} resets, {grown} bytes more",
        written.len()
    );
    assert!(resets >= WATCHERS / 10, "those that came late were told to read again: {resets}");
    assert!(grown < GROWTH_MAX, "{grown} bytes more");
    for node in nodes.write().await.iter_mut() {
        node.stop().await;
    }
}

/// Drops the history that is too long, and begins snapshots.
async fn forget(nodes: &Nodes) {
    let nodes = nodes.read().await;
    let leader = leader_of(&nodes[0].store, 0).await;
    for node in nodes.iter() {
        node.store.snapshot().await.unwrap();
        if node.id == leader {
            node.store.compact().await.unwrap();
        }
    }
}

/// Ends the leader: its watchers go on elsewhere.
async fn lose_the_leader(nodes: &Nodes) {
    let mut nodes = nodes.write().await;
    let old = leader_of(&nodes[0].store, 0).await;
    let place = nodes.iter().position(|node| node.id == old).unwrap();
    let mut gone = nodes.remove(place);
    gone.stop().await;
    leader_of(&nodes[0].store, old).await;
}

/// A new node joins: what it has, it has from a snapshot.
async fn join(cluster: &Cluster, nodes: &Nodes) {
    let mut nodes = nodes.write().await;
    let leader = leader_of(&nodes[0].store, 0).await;
    let store = nodes.iter().find(|node| node.id == leader).unwrap().store.clone();
    let joined = cluster.join(4, &nodes[0], &store).await;
    nodes.push(joined);
}
