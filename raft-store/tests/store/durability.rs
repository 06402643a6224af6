//! A node that lost what was on its disk does not take part any more.

use std::path::{Path, PathBuf};

use raft_store::{MarkerError, OpenError, Store};

use super::support::{Cluster, Node, POLL, put, value, wait_for_leader};

/// A cluster of one that wrote something and was stopped, and its folder.
async fn stopped() -> (Cluster, Stopped) {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(1).await;
    let node: Node = nodes.remove(0);
    for number in 0..20 {
        node.store.transact(put(&format!("key/{number}"), "value")).await.expect("put");
    }
    let address = node.address;
    node.kill().await;
    let folder = cluster.folder(1);
    (cluster, Stopped { folder, address })
}

/// What is left of a stopped node.
struct Stopped {
    folder: PathBuf,
    address: std::net::SocketAddr,
}

async fn refused(cluster: &Cluster, node: &Stopped) -> OpenError {
    match Store::open(cluster.config(1, node.address)).await {
        Ok(_) => panic!("the store opens"),
        Err(error) => error,
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("folder").flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// Turns over one bit in the middle of the write-ahead log.
fn damage_log(folder: &Path) {
    let logs = files(&folder.join("db"), "log");
    let length = |path: &PathBuf| path.metadata().map_or(0, |found| found.len());
    let log = logs.into_iter().max_by_key(length).expect("a write-ahead log");
    let mut content = std::fs::read(&log).expect("log");
    let middle = content.len() / 2;
    content[middle] ^= 0x08;
    std::fs::write(&log, content).expect("damaged log");
}

#[tokio::test]
async fn a_damaged_record_amid_the_log_keeps_the_node_out() {
    let (cluster, node) = stopped().await;
    damage_log(&node.folder);
    // The database has forgotten the damage the second time.
    for _ in 0..2 {
        match refused(&cluster, &node).await {
            error @ OpenError::LostWrites { durable, recovered, .. } => {
                assert!(recovered < durable);
                let told = error.to_string();
                assert!(told.contains(&*node.folder.to_string_lossy()), "{told}");
                assert!(told.contains("under a new node id"), "{told}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_database_that_vanished_keeps_the_node_out() {
    let (cluster, node) = stopped().await;
    std::fs::remove_dir_all(node.folder.join("db")).expect("removed");
    let error = refused(&cluster, &node).await;
    assert!(matches!(error, OpenError::LostWrites { recovered: 0, .. }), "{error:?}");
}

#[tokio::test]
async fn a_database_without_its_mark_keeps_the_node_out() {
    let (cluster, node) = stopped().await;
    let path = node.folder.join("durable");
    let whole = std::fs::read(&path).expect("mark");
    std::fs::write(&path, vec![0; whole.len()]).expect("damaged");
    let damaged = refused(&cluster, &node).await;
    assert!(matches!(damaged, OpenError::Marker(MarkerError::Damaged { .. })), "{damaged:?}");
    std::fs::remove_file(&path).expect("removed");
    let missing = refused(&cluster, &node).await;
    assert!(matches!(missing, OpenError::Marker(MarkerError::Missing { .. })), "{missing:?}");
    std::fs::write(&path, &whole).expect("restored");
    let node = cluster.start(1, Some(node.address)).await;
    wait_for_leader(&node.store).await;
    assert_eq!(Some("value".to_owned()), value(&node.store, "key/19").await);
    node.kill().await;
}

/// Opens a node one of whose files was changed; the error names the file and says what to do.
async fn expect_damage(name: impl Fn(&str) -> bool, change: impl Fn(&Path)) {
    let (cluster, node) = stopped().await;
    // What is in the write-ahead log goes to tables when the node is started again.
    let again = cluster.start(1, Some(node.address)).await;
    wait_for_leader(&again.store).await;
    again.kill().await;
    let files = std::fs::read_dir(node.folder.join("db")).expect("folder").flatten();
    let mut paths = files.map(|file| file.path());
    let named = |path: &PathBuf| name(&path.file_name().unwrap_or_default().to_string_lossy());
    let path = paths.find(named).expect("such a file");
    change(&path);
    let error = loop {
        match refused(&cluster, &node).await {
            // The node that was killed closes its files.
            OpenError::Database { .. } => tokio::time::sleep(POLL).await,
            error => break error,
        }
    };
    let OpenError::Damaged { source, .. } = &error else { panic!("{error:?}") };
    let file = path.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(source.to_string().contains(&file), "{source}");
    assert!(error.to_string().contains("join again with an empty folder"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_of_the_database_is_named() {
    let cut = |path: &Path| {
        let bytes = std::fs::read(path).expect("read");
        std::fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
    };
    let remove = |path: &Path| std::fs::remove_file(path).expect("removed");
    expect_damage(|name| name.ends_with(".sst"), cut).await;
    expect_damage(|name| name.ends_with(".sst"), remove).await;
    expect_damage(|name| name.starts_with("MANIFEST-"), remove).await;
    expect_damage(
        |name| name == "CURRENT",
        |path| {
            std::fs::write(path, "MANIFEST").expect("written");
        },
    )
    .await;
}
