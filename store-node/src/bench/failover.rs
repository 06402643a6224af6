//! How long nobody is answered when a leader is killed, is stopped, or hands over.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};

use super::load::value;
use super::system::{Client, System};

/// One put is sent each time, to the nodes in turn.
const EVERY: Duration = Duration::from_millis(5);
/// After this a client gives up and asks another node.
const TIMEOUT: Duration = Duration::from_millis(250);
/// How long puts flow before the leader is lost, and afterwards.
const BEFORE: Duration = Duration::from_millis(300);
const AFTER_KILL: Duration = Duration::from_millis(2500);
const AFTER_TRANSFER: Duration = Duration::from_millis(700);

/// Milliseconds without any answer when the leader is killed; it is started again afterwards.
pub(super) async fn kill(system: &mut System) -> anyhow::Result<f64> {
    let leader = system.wait_whole().await?;
    let clients = clients(system)?;
    let gap = gap(clients, AFTER_KILL, async || system.kill(leader)).await;
    // Without an answer too: what follows needs all nodes.
    system.start(leader)?;
    system.wait_whole().await?;
    gap
}

/// Milliseconds without any answer when the leader is asked to stop; it is started again afterwards.
pub(super) async fn stop(system: &mut System) -> anyhow::Result<f64> {
    let leader = system.wait_whole().await?;
    let clients = clients(system)?;
    let gap = gap(clients, AFTER_KILL, async || system.stop(leader).await).await;
    system.start(leader)?;
    system.wait_whole().await?;
    gap
}

/// Milliseconds without any answer when the leader hands over.
pub(super) async fn transfer(system: &System) -> anyhow::Result<f64> {
    let leader = system.wait_whole().await?;
    let to = leader % 3 + 1;
    gap(clients(system)?, AFTER_TRANSFER, async || system.transfer(leader, to).await).await
}

fn clients(system: &System) -> anyhow::Result<Vec<Client>> {
    (1..=3).map(|id| system.client(id)).collect()
}

/// The longest time between two answers around `event`.
async fn gap(
    clients: Vec<Client>,
    after: Duration,
    event: impl AsyncFnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let answers = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    tasks.spawn(write_always(clients, Arc::clone(&answers)));
    sleep(BEFORE).await;
    let at = Instant::now();
    event().await?;
    sleep_until((at + after).into()).await;
    tasks.shutdown().await;
    let mut answers = answers.lock().expect("no panic while locked").clone();
    answers.sort_unstable();
    // Only what the event did counts: from the last answer before it.
    let from = answers.iter().rposition(|answer| *answer <= at).unwrap_or(0);
    let gaps = answers[from..].windows(2).map(|pair| pair[1] - pair[0]);
    let longest = gaps.max().context("no answer after the event")?;
    Ok(longest.as_secs_f64() * 1e3)
}

async fn write_always(clients: Vec<Client>, answers: Arc<Mutex<Vec<Instant>>>) {
    let mut puts = JoinSet::new();
    let mut due = Instant::now();
    for client in clients.iter().cycle() {
        due += EVERY;
        sleep_until(due.into()).await;
        let (mut client, answers) = (client.clone(), Arc::clone(&answers));
        puts.spawn(async move {
            let put = client.put(Bytes::from_static(b"failover"), value());
            if let Ok(Ok(())) = timeout(TIMEOUT, put).await {
                answers.lock().expect("no panic while locked").push(Instant::now());
            }
        });
        while puts.try_join_next().is_some() {}
    }
}
