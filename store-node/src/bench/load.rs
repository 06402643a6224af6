//! Load on one system: closed loops of so many clients, and an open loop at a rate.

use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use serde::Serialize;
use tokio::task::JoinSet;

use super::machine;
use super::stats::{micros, percentile};
use super::system::{Client, Lease, System, committed};

/// Size of every value.
const VALUE_BYTES: usize = 256;
/// Different keys of puts and reads.
const KEYS: u64 = 100_000;
/// Clients that share one connection.
const CLIENTS_PER_CONNECTION: usize = 16;
/// How long arrivals of the sustained load are gathered, as a rack would do.
const GATHER: Duration = Duration::from_millis(4);
/// Every lease of the sustained load is free again after so many others.
const LEASES: usize = 40_000;

/// What clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Put,
    /// A linearizable read.
    Get,
    /// A compare and four puts.
    Lease,
}

/// One measured run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sample {
    pub(super) part: String,
    pub(super) system: &'static str,
    pub(super) pair: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) per_second: f64,
    pub(super) p50_us: u32,
    pub(super) p99_us: u32,
    pub(super) p999_us: u32,
    /// CPU time of the three servers for one operation.
    pub(super) cpu_us: f64,
    /// Fsyncs of the three servers for one operation.
    pub(super) fsyncs: f64,
}

/// What clients saw.
#[derive(Default)]
struct Seen {
    latencies_us: Vec<u32>,
    failed: usize,
}

pub(super) fn value() -> Bytes {
    Bytes::from(vec![b'v'; VALUE_BYTES])
}

fn random_key() -> Bytes {
    Bytes::from(format!("key-{:08}", rand::random::<u64>() % KEYS))
}

impl Lease {
    pub(super) fn new(name: &str) -> Self {
        let key = |kind: &str| Bytes::from(format!("{kind}/{name}"));
        let keys = [key("lease"), key("by-address"), key("by-host"), key("expiry")];
        Self { keys, value: Bytes::from(vec![b'v'; 100]), revision: 0 }
    }
}

/// Closed loops: what each client does, and how many there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closed {
    pub(super) part: &'static str,
    pub(super) work: Work,
    pub(super) clients: usize,
    /// Whether our clients share messages.
    pub(super) packed: bool,
    /// Whether clients are connected to a node that forwards to the leader.
    pub(super) forwarded: bool,
}

impl Closed {
    /// Every operation is a message of its own.
    pub(super) const fn each(part: &'static str, work: Work, clients: usize) -> Self {
        Self { part, work, clients, packed: false, forwarded: false }
    }

    /// Operations that wait go together, where the system has such messages.
    pub(super) const fn packed(part: &'static str, work: Work, clients: usize) -> Self {
        Self { part, work, clients, packed: true, forwarded: false }
    }

    /// The same through a follower.
    pub(super) const fn forwarded(self) -> Self {
        Self { forwarded: true, ..self }
    }
}

/// Runs closed loops.
pub(super) async fn closed(system: &System, load: Closed, seconds: f64) -> anyhow::Result<Sample> {
    let Closed { work, clients, packed, forwarded, .. } = load;
    let node = if forwarded { system.follower().await? } else { system.leader().await? };
    let per_connection = if packed { clients } else { CLIENTS_PER_CONNECTION };
    let connect = || if packed { system.packing_client(node) } else { system.client(node) };
    let connections = (0..clients.div_ceil(per_connection)).map(|_| connect());
    let connections = connections.collect::<anyhow::Result<Vec<Client>>>()?;
    for connection in &connections {
        connection.clone().get(random_key(), true).await?;
    }
    measured(system, async |begin| {
        let end = begin + Duration::from_secs_f64(seconds);
        let mut loops = JoinSet::new();
        for number in 0..clients {
            let client = connections[number % connections.len()].clone();
            loops.spawn(closed_loop(client, work, end));
        }
        Ok(loops.join_all().await)
    })
    .await
}

async fn closed_loop(mut client: Client, work: Work, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut lease = Lease::new(&format!("{:016x}", rand::random::<u64>()));
    while Instant::now() < end {
        let begin = Instant::now();
        let done = match work {
            Work::Put => client.put(random_key(), value()).await,
            Work::Get => client.get(random_key(), false).await,
            Work::Lease => client.renew(&mut lease).await,
        };
        match done {
            Ok(()) => seen.latencies_us.push(micros(begin.elapsed())),
            Err(_) => seen.failed += 1,
        }
    }
    seen
}

/// Puts at a fixed rate, each on time whatever became of the ones before; latency counts from the
/// intended start.
pub(super) async fn open(system: &System, rate: f64, seconds: f64) -> anyhow::Result<Sample> {
    let leader = system.leader().await?;
    let connections = (0..4).map(|_| system.client(leader));
    let connections = connections.collect::<anyhow::Result<Vec<Client>>>()?;
    measured(system, async |begin| {
        let mut operations = JoinSet::new();
        let mut arrival = 0_u32;
        loop {
            let due = Duration::from_secs_f64(f64::from(arrival) / rate);
            if due.as_secs_f64() >= seconds {
                break;
            }
            tokio::time::sleep_until((begin + due).into()).await;
            let mut client = connections[arrival as usize % connections.len()].clone();
            operations.spawn(async move {
                let put = client.put(random_key(), value()).await;
                put.map(|()| micros((begin + due).elapsed()))
            });
            arrival += 1;
        }
        let mut seen = Seen::default();
        for outcome in operations.join_all().await {
            match outcome {
                Ok(latency_us) => seen.latencies_us.push(latency_us),
                Err(_) => seen.failed += 1,
            }
        }
        Ok(vec![seen])
    })
    .await
}

/// Independent lease transactions at a fixed rate, sent in the small batches in which they arrive
/// within a few milliseconds, each with an answer of its own. Ours only.
pub(super) async fn sustained(system: &System, rate: f64, seconds: f64) -> anyhow::Result<Sample> {
    let Client::Ours(kv, _) = system.client(system.leader().await?)? else {
        anyhow::bail!("etcd has no batches of independent transactions");
    };
    measured(system, async |begin| {
        let mut batches = JoinSet::new();
        let mut leases: Vec<Option<Lease>> =
            (0..LEASES).map(|number| Some(Lease::new(&number.to_string()))).collect();
        let (mut arrived, mut seen) = (0_usize, Seen::default());
        let mut finish = |finished: Vec<Renewed>, leases: &mut Vec<Option<Lease>>| {
            for Renewed { number, lease, latency_us } in finished {
                leases[number] = Some(lease);
                match latency_us {
                    Some(latency_us) => seen.latencies_us.push(latency_us),
                    None => seen.failed += 1,
                }
            }
        };
        while begin.elapsed().as_secs_f64() < seconds {
            tokio::time::sleep(GATHER).await;
            let mut batch = Vec::new();
            loop {
                let due = Duration::from_secs_f64(arrived as f64 / rate);
                if due > begin.elapsed() {
                    break;
                }
                let number = arrived % LEASES;
                arrived += 1;
                // When all are under way the rate is not reached, and the report shows it.
                if let Some(lease) = leases[number].take() {
                    batch.push((number, lease, begin + due));
                }
            }
            batches.spawn(renew_all(kv.clone(), batch));
            while let Some(finished) = batches.try_join_next() {
                finish(finished.context("a batch")?, &mut leases);
            }
        }
        for finished in batches.join_all().await {
            finish(finished, &mut leases);
        }
        Ok(vec![seen])
    })
    .await
}

/// A lease of a batch, when its answer is there.
struct Renewed {
    number: usize,
    lease: Lease,
    /// None when it failed.
    latency_us: Option<u32>,
}

async fn renew_all(
    mut kv: crate::wire::kv_client::KvClient<tonic::transport::Channel>,
    batch: Vec<(usize, Lease, Instant)>,
) -> Vec<Renewed> {
    let txns = batch.iter().map(|(_, lease, _)| lease.to_wire()).collect();
    let answered = kv.each(crate::wire::TxnBatch { txns }).await;
    let replies = answered.map(|answered| answered.into_inner().replies).unwrap_or_default();
    let mut replies = replies.into_iter();
    let renewed = batch.into_iter().map(|(number, mut lease, due)| {
        let revision = replies.next().and_then(|reply| committed(reply).ok());
        let latency_us = revision.map(|_| micros(due.elapsed()));
        lease.revision = revision.unwrap_or(lease.revision);
        Renewed { number, lease, latency_us }
    });
    renewed.collect()
}

/// Measures what `load` does to the servers and what its clients saw.
async fn measured(
    system: &System,
    load: impl AsyncFnOnce(Instant) -> anyhow::Result<Vec<Seen>>,
) -> anyhow::Result<Sample> {
    let pids = system.pids();
    let (cpu, fsyncs) = (machine::cpu_time(&pids)?, system.fsyncs().await?);
    let begin = Instant::now();
    let seen = load(begin).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let cpu = machine::cpu_time(&pids)?.saturating_sub(cpu);
    let fsyncs = system.fsyncs().await?.saturating_sub(fsyncs);
    let failed = seen.iter().map(|seen| seen.failed).sum();
    let mut latencies: Vec<u32> = seen.into_iter().flat_map(|seen| seen.latencies_us).collect();
    latencies.sort_unstable();
    let done = latencies.len();
    anyhow::ensure!(done > 0, "no operation of {} succeeded", system.name());
    let count = done as f64;
    Ok(Sample {
        part: String::new(),
        system: system.name(),
        pair: 0,
        done,
        failed,
        per_second: count / seconds,
        p50_us: percentile(&latencies, 0.5),
        p99_us: percentile(&latencies, 0.99),
        p999_us: percentile(&latencies, 0.999),
        cpu_us: cpu.as_secs_f64() * 1e6 / count,
        fsyncs: fsyncs as f64 / count,
    })
}
