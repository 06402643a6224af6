//! What a store process does with a disk that is nearly full or does not answer, and how often it
//! asks the disk to be sure.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use chaos_tests::disk::mounts::{self, Mounted};
use futures::future::join_all;
use nix::fcntl::FallocateFlags;
use nix::mount::{MsFlags, mount};
use nix::sys::signal::Signal;
use nix::sys::statvfs::statvfs;
use store_node::cluster::Cluster;
use store_node::process::Running;
use store_node::wait::wait_for;
use store_node::wire;
use store_node::wire::txn_reply::Result as Reply;

const BINARY: &str = env!("CARGO_BIN_EXE_ironraft-store-node");
/// How long anything may take; far more than it needs.
const TIMEOUTS: Duration = Duration::from_secs(60);
const MIB: u64 = 1 << 20;
/// The exit code of a node that stopped in good order and cannot go on.
const EXIT_TEMPFAIL: i32 = 75;

async fn put(cluster: &Cluster, id: u64, key: String) -> anyhow::Result<Reply> {
    let request = wire::PutRequest { key: key.into(), value: "v".into(), request_id: "".into() };
    let reply = cluster.node(id)?.kv().put(request).await?.into_inner();
    reply.result.context("a reply says something")
}

/// Fills the file system until so much is free.
fn fill(folder: &Path, free: u64) -> anyhow::Result<()> {
    let found = statvfs(folder)?;
    let bytes = found.blocks_available() * found.fragment_size() - free;
    let filler = File::create(folder.join("filler"))?;
    nix::fcntl::fallocate(&filler, FallocateFlags::empty(), 0, i64::try_from(bytes)?)?;
    Ok(())
}

/// How the process of a node ended.
async fn ended(cluster: &mut Cluster, id: u64) -> anyhow::Result<std::process::ExitStatus> {
    let process = cluster.node_mut(id)?.process().context("it was started")?;
    wait_for("the process ends", TIMEOUTS, async || process.ended()).await
}

async fn fill_up(folder: &Path) -> anyhow::Result<()> {
    let mut cluster = Cluster::new(Path::new(BINARY), folder, &[])?;
    cluster.form(1).await?;
    cluster.wait_leader().await?;
    anyhow::ensure!(matches!(put(&cluster, 1, "first".to_owned()).await?, Reply::Committed(_)));

    fill(folder, 20 * MIB)?;
    let refused = wait_for("it refuses", TIMEOUTS, async || {
        Ok(match put(&cluster, 1, "more".to_owned()).await? {
            Reply::NotCommitted(reason) => Some(reason),
            other => {
                anyhow::ensure!(matches!(other, Reply::Committed(_)), "{other:?}");
                None
            }
        })
    });
    let reason = refused.await?;
    anyhow::ensure!(reason.contains("nearly full"), "{reason}");

    std::fs::remove_file(folder.join("filler"))?;
    wait_for("it takes transactions again", TIMEOUTS, async || {
        let reply = put(&cluster, 1, "again".to_owned()).await?;
        Ok(matches!(reply, Reply::Committed(_)).then_some(()))
    })
    .await?;

    fill(folder, 5 * MIB)?;
    let status = ended(&mut cluster, 1).await?;
    anyhow::ensure!(status.code() == Some(EXIT_TEMPFAIL), "{status}");
    cluster.start(1)?;
    let status = ended(&mut cluster, 1).await?;
    anyhow::ensure!(!status.success(), "{status}");
    let log = cluster.node_mut(1)?.process().context("it was started")?.log();
    let advice = log.matches("deleting the file reserve").count();
    anyhow::ensure!(advice == 2, "once as it stopped, once as it did not start: {log}");

    std::fs::remove_file(folder.join("1/store/reserve"))?;
    cluster.start(1)?;
    cluster.wait_ready(1).await?;
    cluster.wait_leader().await?;
    let get = wire::GetRequest { key: "again".into(), ..wire::GetRequest::default() };
    let found = cluster.node(1)?.kv().get(get).await?.into_inner();
    anyhow::ensure!(found.value.is_some(), "what was acknowledged is there");
    cluster.stop(1).await
}

#[test]
fn a_node_on_a_full_disk_refuses_stops_and_returns() {
    // Before the runtime has threads, so that all of them share the mounts.
    mounts::enter_private().expect("root");
    let folder = tempfile::tempdir().expect("temporary folder");
    let size = Some("size=256m");
    mount(Some("tmpfs"), folder.path(), Some("tmpfs"), MsFlags::empty(), size).expect("a tmpfs");
    let mounted = Mounted::at(folder.path().to_path_buf());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(fill_up(mounted.point())).expect("it behaves");
}

/// Traces or disturbs what a process asks of the disk, until it is dropped.
async fn strace(folder: &Path, pid: u32, arguments: &[&str]) -> anyhow::Result<Running> {
    let (pid, log) = (pid.to_string(), folder.join("strace"));
    let own = ["-f", "-y", "-e", "trace=fdatasync", "-p", &pid];
    let arguments = own.iter().chain(arguments).copied();
    let tracer = Running::start("strace", &log, Path::new("strace"), arguments)?;
    wait_for("strace is attached", TIMEOUTS, async || {
        Ok(tracer.log_tail().contains("attached").then_some(()))
    })
    .await?;
    Ok(tracer)
}

#[tokio::test]
async fn a_leader_whose_disk_hangs_hands_over_and_ends() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut cluster = Cluster::new(Path::new(BINARY), folder.path(), &[]).expect("cluster");
    cluster.form(3).await.expect("three voters");
    let hung = cluster.wait_leader().await.expect("leader");
    let pid = cluster.node(hung).expect("node").pid().expect("it runs");
    let delay = ["-e", "inject=fdatasync:delay_enter=60s"];
    let tracer = strace(folder.path(), pid, &delay).await.expect("strace");
    // The majority has it on disk; whether the leader still tells so does not matter.
    drop(put(&cluster, hung, "key".to_owned()).await);
    let other = async || {
        let leader = cluster.leader().await?;
        Ok((leader != hung).then_some(leader))
    };
    let leader = wait_for("another leader", TIMEOUTS, other).await.expect("another leader");
    let reply = put(&cluster, leader, "next".to_owned()).await.expect("an answer");
    assert!(matches!(reply, Reply::Committed(_)), "{reply:?}");
    let process = cluster.node_mut(hung).expect("node").process().expect("started");
    wait_for("it gives up", TIMEOUTS, async || {
        Ok(process.log().contains("the disk did not answer").then_some(()))
    })
    .await
    .expect("it gives up");
    // The kernel keeps the process until its disk answers.
    drop(tracer);
    let status = ended(&mut cluster, hung).await.expect("it ends");
    assert_eq!(Some(Signal::SIGABRT as i32), status.signal(), "{status}");
    let log = cluster.node_mut(hung).expect("node").process().expect("started").log();
    assert!(log.contains("a write to its disk does not end"), "{log}");
}

/// How many fsyncs of the write-ahead log a trace shows.
fn fsyncs(trace: &Path) -> usize {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    let of_log = |line: &&str| line.contains("fdatasync(") && line.contains(".log>");
    text.lines().filter(of_log).count()
}

#[tokio::test]
async fn puts_in_a_row_cost_one_fsync_each_and_together_few() {
    const IN_A_ROW: usize = 100;
    const TOGETHER: usize = 64;
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut cluster = Cluster::new(Path::new(BINARY), folder.path(), &[]).expect("cluster");
    cluster.form(1).await.expect("one voter");
    cluster.wait_leader().await.expect("leader");
    let pid = cluster.node(1).expect("node").pid().expect("it runs");
    let trace = folder.path().join("trace");
    let output = ["-o", trace.to_str().expect("a path in UTF-8")];
    let _tracer = strace(folder.path(), pid, &output).await.expect("strace");
    let before = fsyncs(&trace);
    for number in 0..IN_A_ROW {
        let reply = put(&cluster, 1, format!("row/{number}")).await.expect("an answer");
        assert!(matches!(reply, Reply::Committed(_)), "{reply:?}");
    }
    let row = fsyncs(&trace) - before;
    // Less would be an acknowledgement without an fsync, more an fsync that applying costs.
    assert!((IN_A_ROW..IN_A_ROW + IN_A_ROW / 10).contains(&row), "{row} fsyncs");
    for round in 0..4 {
        let puts = (0..TOGETHER).map(|client| put(&cluster, 1, format!("{round}/{client}")));
        for reply in join_all(puts).await {
            let reply = reply.expect("an answer");
            assert!(matches!(reply, Reply::Committed(_)), "{reply:?}");
        }
    }
    let together = fsyncs(&trace) - before - row;
    assert!(together * 4 < 4 * TOGETHER, "{together} fsyncs for {} puts", 4 * TOGETHER);
    cluster.stop(1).await.expect("a clean stop");
}
