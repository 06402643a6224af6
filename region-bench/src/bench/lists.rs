//! Lists of all machines in MAAS's full shape: how long, how large, and what they cost.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::part::List;
use super::site::{Door, Site};
use super::usage::{cpu_time, peak_kib, reset_peak, resident_kib};
use crate::regions::rest::Rest;

const PATH: &str = "machines/";

/// What a client saw of one list.
struct Read {
    first_byte: Duration,
    total: Duration,
    bytes: u64,
}

/// One list at the leader.
pub(super) async fn one(site: &Site) -> anyhow::Result<List> {
    let rest = site.rest(Door::Leader)?;
    let pid = site.regions.pid(site.leader).context("the leader runs")?;
    let cpu = cpu_time(&[pid])?;
    let before = resident_kib(pid)?;
    reset_peak(pid)?;
    let read = read(&rest).await?;
    let growth_kib = peak_kib(pid)?.saturating_sub(before);
    let cpu = cpu_time(&[pid])?.saturating_sub(cpu);
    Ok(List {
        size: site.size,
        first_byte_ms: read.first_byte.as_secs_f64() * 1e3,
        total_ms: read.total.as_secs_f64() * 1e3,
        bytes: read.bytes,
        growth_mib: f64::from(u32::try_from(growth_kib)?) / 1024.0,
        cpu_ms: cpu.as_secs_f64() * 1e3,
    })
}

/// Lists by so many clients at once, each again and again until it is told to stop; returns how
/// many were read to their end.
pub(super) async fn many(
    site: &Site,
    clients: usize,
    stop: CancellationToken,
) -> anyhow::Result<usize> {
    let mut readers = JoinSet::new();
    for _ in 0..clients {
        let (rest, stop) = (site.rest(Door::Leader)?, stop.clone());
        readers.spawn(async move {
            let mut lists = 0;
            while let Some(read) = stop.run_until_cancelled(read(&rest)).await {
                read?;
                lists += 1;
            }
            anyhow::Ok(lists)
        });
    }
    let mut lists = 0;
    for read in readers.join_all().await {
        lists += read?;
    }
    Ok(lists)
}

/// Reads a list and forgets it piece by piece.
async fn read(rest: &Rest) -> anyhow::Result<Read> {
    let begin = Instant::now();
    let mut response = rest.open(PATH).await?;
    ensure!(response.status().is_success(), "a list: {}", response.status());
    let mut first_byte = None;
    let mut bytes = 0;
    while let Some(piece) = response.chunk().await? {
        first_byte.get_or_insert_with(|| begin.elapsed());
        bytes += piece.len() as u64;
    }
    let total = begin.elapsed();
    Ok(Read { first_byte: first_byte.unwrap_or(total), total, bytes })
}
