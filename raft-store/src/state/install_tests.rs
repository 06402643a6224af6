//! The installation of a snapshot, cut off by a loss of power after each of its writes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use openraft::storage::RaftStateMachine;
use proto::raft as wire;
use tempfile::TempDir;

use super::{Applied, SnapshotFile, StateMachine, snapshot};
use crate::database::memory::MemoryDatabase;
use crate::database::{Database, KeyValue, Op, Pairs, Snapshot, View};
use crate::keys::{self, Table};
use crate::stored;
use crate::types::{LeaderId, LogId, SnapshotMeta};
use crate::writer::{JoinOnDrop, Writer};

/// Keys of the state that is installed: several blocks.
const KEYS: u32 = 40;
const VALUE_BYTES: usize = 64 << 10;

fn log_id(index: u64) -> LogId {
    LogId { leader_id: LeaderId { term: 1, node_id: 1 }, index }
}

fn put_value(generation: u32, key: &[u8], value: Bytes) -> Op {
    let value = stored::encode(&wire::Value { revision: 1, value });
    Op::Put { table: Table::State, key: keys::state(generation, key), value }
}

/// A file with the state of another node.
fn other_nodes_snapshot(folder: &Path) -> (SnapshotMeta, PathBuf) {
    let database = Arc::new(Database::on(Arc::new(MemoryDatabase::default())));
    let applied = Applied { log_id: Some(log_id(90)), generation: 5, ..Applied::default() };
    let value = Bytes::from(vec![7; VALUE_BYTES]);
    let ops: Vec<Op> =
        (0..KEYS).map(|key| put_value(5, &key.to_be_bytes(), value.clone())).collect();
    database.write(ops.iter()).expect("written");
    let path = folder.join("received.part");
    snapshot::write_to(path.clone(), 1, &Snapshot::take(&database), &applied).expect("snapshot");
    (applied.meta(), path)
}

/// A database in memory that remembers what it was after each write.
#[derive(Default)]
struct Recording {
    engine: Arc<MemoryDatabase>,
    after_each: Mutex<Vec<MemoryDatabase>>,
}

impl View for Recording {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.engine.get(table, key)
    }

    fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        self.engine.scan(table, from, to)
    }

    fn scan_back(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        self.engine.scan_back(table, from, to)
    }
}

impl KeyValue for Recording {
    fn write(&self, ops: &mut dyn Iterator<Item = &Op>) -> io::Result<()> {
        self.engine.write(ops)?;
        let now = self.engine.after_crash(|unflushed| vec![true; unflushed]);
        self.after_each.lock().expect("no panic while locked").push(now);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.engine.flush()
    }

    fn sequence(&self) -> u64 {
        self.engine.sequence()
    }

    fn background_errors(&self) -> u64 {
        self.engine.background_errors()
    }

    fn size_bytes(&self) -> u64 {
        self.engine.size_bytes()
    }

    fn snapshot(self: Arc<Self>) -> Box<dyn View> {
        Arc::clone(&self.engine).snapshot()
    }
}

/// The disk of a node whose state is one old key.
fn old_node() -> Arc<Recording> {
    let recording = Arc::new(Recording::default());
    let database = Database::on(recording.clone());
    let applied = Applied { log_id: Some(log_id(9)), generation: 1, ..Applied::default() };
    let ops = [applied.put(), put_value(1, b"old", Bytes::from_static(b"x"))];
    database.write(ops.iter()).expect("written");
    recording
}

/// The node on what its disk holds.
struct Running {
    machine: StateMachine,
    database: Arc<Database>,
    _thread: JoinOnDrop,
}

async fn start(engine: Arc<dyn KeyValue>, folder: &Path) -> Running {
    let database = Arc::new(Database::on(engine));
    let (writer, thread) = Writer::start(Arc::clone(&database)).expect("writer");
    let machine = StateMachine::open(Arc::clone(&database), writer, folder.to_path_buf());
    let machine = machine.expect("state machine");
    machine.remove_leftovers().await.expect("removed");
    Running { machine, database, _thread: JoinOnDrop::new(thread) }
}

/// All keys of the state of all generations.
fn state(database: &Database) -> Vec<Vec<u8>> {
    let rows = database.scan(Table::State, Vec::new(), None);
    rows.map(|(key, _)| key[keys::GENERATION_BYTES..].to_vec()).collect()
}

fn new_state() -> Vec<Vec<u8>> {
    (0..KEYS).map(|key| key.to_be_bytes().to_vec()).collect()
}

/// Installs a copy of the received file.
async fn install(running: &mut Running, folder: &Path, (meta, path): (&SnapshotMeta, &Path)) {
    let part = folder.join("received.part");
    std::fs::copy(path, &part).expect("received");
    let (file, _) = SnapshotFile::open(&part).expect("the received file");
    running.machine.install_snapshot(meta, file).await.expect("installed");
}

fn copy_files(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("folder").flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

/// After a loss of power the disk holds what it held after one of the writes. Files are made before
/// the write that names them, so all of them are there in each case.
#[tokio::test]
async fn a_loss_of_power_leaves_the_old_state_or_the_new_one() {
    let (source, dir) = (temporary(), temporary());
    let (meta, path) = other_nodes_snapshot(source.path());
    let disk = old_node();
    let mut node = start(disk.clone(), dir.path()).await;
    install(&mut node, dir.path(), (&meta, &path)).await;
    drop(node);
    let states = std::mem::take(&mut *disk.after_each.lock().expect("no panic while locked"));
    let (mut old, mut new) = (0, 0);
    for state_then in states {
        let dir_then = temporary();
        copy_files(dir.path(), dir_then.path());
        let mut again = start(Arc::new(state_then), dir_then.path()).await;
        again.machine.writer.durable(Vec::new()).await.expect("leftovers are removed");
        if again.machine.applied.index() == 9 {
            old += 1;
            assert_eq!(vec![b"old".to_vec()], state(&again.database));
            install(&mut again, dir_then.path(), (&meta, &path)).await;
        } else {
            new += 1;
        }
        assert_eq!(new_state(), state(&again.database), "and nothing else is left");
        assert_eq!(Some(log_id(90)), again.machine.applied.log_id);
        let current = again.machine.get_current_snapshot().await.expect("read");
        assert_eq!(Some(&meta), current.as_ref().map(|current| &current.meta));
    }
    assert!(old >= 3, "cut off before the switch {old} times");
    assert!(new >= 1, "cut off after it {new} times");
}

fn temporary() -> TempDir {
    TempDir::new().expect("temporary folder")
}
