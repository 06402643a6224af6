//! What a committed lease costs a cluster of three regions, by how many come in one batch: CPU time of
//! all nodes, which are stores in this process that talk over loopback and write to disk. It prints
//! the lines of `docs/benchmarks/leases.md`.
//!
//! Time is CPU time of the process, as the kernel counts it in hundredths of a second, so that
//! other load does not count. `BENCH_LEASES` is how many leases each case commits, `BENCH_BATCH` how many
//! come at once if only that is to be measured.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures::future::join_all;
use identity::testing::TestCluster;
use model::id::{BlockId, FabricId, IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::block::Block;
use model::lease::commit::{Change, Request};
use model::mac::MacAddress;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;
use model::time::Timestamp;
use ops::network::leases::{CommitOutcome, LeaseRequest, RackProcess, commit_bindings};
use raft_store::Store;
use raft_store::config::{Config, DiskPolicy};
use raft_store::version::DECIDES_SINCE;
use tables::error::TableError;
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tonic::transport::Server;

const NODES: u64 = 3;
const LEASES: u32 = 4_096;
const BATCHES: [usize; 4] = [1, 16, 64, 256];
/// Addresses of a block.
const BLOCK: u32 = 256;
/// How long clients are told that they may use an address, in milliseconds.
const TOLD_MS: u64 = 600_000;
const POLL: Duration = Duration::from_millis(20);

/// The nodes, and who is to be asked.
struct Cluster {
    nodes: Vec<Tables>,
    leader: usize,
    next: u32,
    _servers: Vec<Runtime>,
    _dir: TempDir,
}

fn main() {
    let leases = std::env::var("BENCH_LEASES").map_or(LEASES, |count| count.parse().unwrap());
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let only: Option<usize> = std::env::var("BENCH_BATCH").ok().map(|batch| batch.parse().unwrap());
    let cluster = runtime.block_on(async {
        let mut cluster = Cluster::start().await;
        let mut out = std::io::stdout();
        writeln!(out, "| asked | together | at once | CPU per lease | leases per second |")
            .unwrap();
        writeln!(out, "|---|---|---|---|---|").unwrap();
        for leading in [true, false] {
            let asked = if leading { "leader" } else { "follower" };
            for batch in BATCHES.into_iter().filter(|batch| only.is_none_or(|only| only == *batch))
            {
                for alone in [true, false] {
                    if alone && batch == 1 {
                        continue;
                    }
                    let (micros, rate) = cluster.measure(leases, batch, alone, leading).await;
                    let together = if alone { 1 } else { batch };
                    writeln!(
                        out,
                        "| {asked} | {together} | {batch} | {micros:.0} µs | {rate:.0} |"
                    )
                    .unwrap();
                }
            }
        }
        for node in &cluster.nodes {
            node.store().halt().await;
        }
        cluster
    });
    // Not within the runtime, which may not end others.
    drop(cluster);
}

impl Cluster {
    async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let ids: Vec<u64> = (1..=NODES).collect();
        let identities = identity::testing::cluster(&ids, &[]).unwrap();
        let (mut stores, mut servers) = (Vec::new(), Vec::new());
        for id in ids {
            let (store, server, address) = node(&dir, &identities, id).await;
            if let Some(first) = stores.first() {
                let first: &Store = first;
                first.add_learner(id, address.to_string()).await.unwrap();
                first.promote(id).await.unwrap();
            } else {
                store.init().await.unwrap();
                store.leadership().wait_for(|now| now.leading).await.unwrap();
            }
            stores.push(store);
            servers.push(server);
        }
        while stores.iter().any(|store| store.cluster_version() < DECIDES_SINCE) {
            tokio::time::sleep(POLL).await;
        }
        let leader = stores.iter().position(|store| store.leadership().borrow().leading).unwrap();
        let nodes: Vec<Tables> = stores.into_iter().map(Tables::new).collect();
        nodes[leader].update(&Cause::new("bench", "bench"), network).await.unwrap();
        Self { nodes, leader, next: 0, _servers: servers, _dir: dir }
    }

    /// Commits new leases, so many at a time; CPU microseconds for each, and how many in a second.
    async fn measure(
        &mut self,
        leases: u32,
        batch: usize,
        alone: bool,
        leading: bool,
    ) -> (f64, f64) {
        let at = if leading { self.leader } else { (self.leader + 1) % self.nodes.len() };
        let rack = RackProcess { rack: rack(), incarnation: 1 };
        let last = self.next + leases;
        let new = (self.next / BLOCK..=last / BLOCK).map(block).collect::<Vec<_>>();
        let put = |tx: &mut Tx| new.iter().try_for_each(|block| tx.put(block));
        self.nodes[at].update(&Cause::new("bench", "bench"), put).await.unwrap();
        let (ticks, started) = (cpu_ticks(), Instant::now());
        while self.next < last {
            let end = last.min(self.next + u32::try_from(batch).unwrap());
            let requests: Vec<LeaseRequest> = (self.next..end).map(request).collect();
            self.next = end;
            let size = if alone { 1 } else { batch };
            let sent =
                requests.chunks(size).map(|part| commit_bindings(&self.nodes[at], &rack, part));
            for outcome in join_all(sent).await.concat() {
                assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
            }
        }
        let micros = f64::from(u32::try_from(cpu_ticks() - ticks).unwrap()) * 10_000.0;
        let count = f64::from(leases);
        (micros / count, count / started.elapsed().as_secs_f64())
    }
}

async fn node(dir: &TempDir, identities: &TestCluster, id: u64) -> (Store, Runtime, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let identity = identities.regions[&id].clone();
    let folder = dir.path().join(id.to_string());
    let config = Config {
        disk: DiskPolicy { reserve_bytes: 0, ..DiskPolicy::default() },
        ..Config::new(folder, id, address.to_string(), identity.clone())
    };
    let store = Store::open(config).await.unwrap();
    let service = store.service().unwrap();
    let server = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    drop(server.spawn(async move {
        let incoming = identity::incoming(listener, &identity);
        Server::builder().add_service(service).serve_with_incoming(incoming).await.unwrap();
    }));
    (store, server, address)
}

fn rack() -> SystemId {
    SystemId::from_number(1)
}

fn ip(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a00_0000 + number).into()
}

fn request(number: u32) -> LeaseRequest {
    let [a, b, c, d] = number.to_be_bytes();
    let request = Request {
        change: Change::Bind,
        vlan: VlanId(1),
        subnet: SubnetId(1),
        ip: ip(number),
        client: MacAddress([2, 0, a, b, c, d]).into(),
        hardware: None,
        prefix_length: None,
        hostname: Some(format!("client-{number}")),
        told_ms: TOLD_MS,
        block: Some((BlockId(number / BLOCK), 1)),
    };
    LeaseRequest { id: rand::random(), request }
}

fn block(number: u32) -> Block {
    Block {
        id: BlockId(number),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(1),
        vlan: VlanId(1),
        first: ip(number * BLOCK),
        last: ip(number * BLOCK + BLOCK - 1),
        rack: Some(rack()),
        incarnation: 1,
        epoch: 1,
        granted_at: Timestamp::default(),
        valid_until: Timestamp::from_unix_ms(u64::MAX / 4),
        quarantine_until: Timestamp::default(),
    }
}

fn network(tx: &mut Tx) -> Result<(), TableError> {
    tx.put(&Vlan {
        name: "link".to_owned(),
        dhcp_on: true,
        primary_rack: Some(rack()),
        ..Vlan::untagged(VlanId(1), FabricId(1))
    })?;
    tx.put(&Subnet {
        name: "10.0.0.0/8".to_owned(),
        rdns_mode: ReverseDns::Enabled,
        allow_proxy: false,
        ..Subnet::new(SubnetId(1), VlanId(1), "10.0.0.0/8".parse().unwrap())
    })
}

/// CPU time of this process in hundredths of a second.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
