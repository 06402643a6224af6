//! Commits of leases, as a rack asks for them, alone and while lists are read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store_node::bench::stats::percentile;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::lists;
use super::load::Seen;
use super::part::{Leases, count};
use super::site::Site;
use crate::regions::rack::Rack;

/// Clients whose leases are renewed at the same time.
const CLIENTS: usize = 8;

/// Renews leases at the leader for some time, while so many clients read lists there.
pub(super) async fn measure(
    site: &Arc<Site>,
    rack: &Arc<Rack>,
    readers: usize,
    seconds: f64,
) -> anyhow::Result<Leases> {
    let stop = CancellationToken::new();
    let limit = Duration::from_secs_f64(seconds);
    let (mut committed, read) = tokio::join!(
        async {
            let committed = renew(site, rack, limit).await;
            stop.cancel();
            committed
        },
        lists::many(site, readers, stop.clone()),
    );
    read?;
    committed.latencies_us.sort_unstable();
    Ok(Leases {
        size: site.size,
        lists: readers,
        done: committed.latencies_us.len(),
        failed: committed.failed,
        per_second: count(committed.latencies_us.len()) / seconds,
        p50_us: percentile(&committed.latencies_us, 0.5),
        p99_us: percentile(&committed.latencies_us, 0.99),
    })
}

async fn renew(site: &Arc<Site>, rack: &Arc<Rack>, limit: Duration) -> Seen {
    let end = Instant::now() + limit;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS.min(rack.clients_max()) {
        let (site, rack) = (Arc::clone(site), Arc::clone(rack));
        clients.spawn(async move {
            let mut seen = Seen::default();
            let mut uplink = rack.uplink(&site.regions, site.leader);
            while Instant::now() < end {
                let begin = Instant::now();
                let committed = uplink.commit(number).await;
                seen.put(begin.elapsed(), committed.map(|()| None));
            }
            seen
        });
    }
    let mut all = Seen::default();
    for seen in clients.join_all().await {
        all.add(seen);
    }
    all
}
