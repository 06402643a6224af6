//! The state in a file outside of the cluster, and a new cluster from it.
//!
//! A restored cluster has another id, so no node and no certificate of the old one fits it. Its
//! revisions begin far behind those in the file: whoever knows a revision that the file does not
//! have, because it was written after the file was, finds it compacted and never reused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Config;
use crate::database::Op;
use crate::keys::{self, Table};
use crate::open::{self, Folder, OpenError};
use crate::read::ReadError;
use crate::state::snapshot::{self, SnapshotError};
use crate::state::{Applied, SnapshotFile, install};
use crate::store::{Backend, Store};
use crate::stored;
use crate::types::{LeaderId, LogId, Member, Membership, Vote};
use crate::version::{self, TooNew};
use crate::writer::Writer;

/// So far behind the revisions of the file those of the restored cluster begin: more than can have
/// been written after the file was.
const REVISION_GAP: u64 = 1_000_000_000;

/// Why the state was not written to a file.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store is in memory.
    #[error("the store is in memory")]
    InMemory,
    /// Nobody can tell whether this node is up to date.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file cannot be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// Why no cluster was made from a file.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something is in the folder already.
    #[error("folder {} is not empty", dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// The file is damaged, or no such file.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The file is of a newer program.
    #[error(transparent)]
    TooNew(#[from] TooNew),
    /// The folder cannot be made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The folder cannot be written.
    #[error("folder of the store cannot be written")]
    Io(#[from] io::Error),
}

impl Store {
    /// Writes everything that was acknowledged before the call to a file: state, history and
    /// request ids. Returns the revision of the file. The file is there whole and synced, or not at
    /// all; what was at `path` is replaced. Writes go on meanwhile.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub async fn snapshot_to_file(&self, path: &Path) -> Result<u64, BackupError> {
        let Backend::Node(node) = &self.backend else { return Err(BackupError::InMemory) };
        node.read_barrier().await?;
        let (view, applied) = node.view();
        let (path, revision) = (path.to_path_buf(), applied.index());
        let written = tokio::task::spawn_blocking(move || {
            snapshot::write_to(path, rand::random(), &view, &applied)
        });
        let ended = |error: tokio::task::JoinError| ReadError::Failed { reason: error.to_string() };
        written.await.map_err(ended)??;
        Ok(revision)
    }

    /// Makes the store of a new cluster from a file of [`snapshot_to_file`](Self::snapshot_to_file):
    /// `config.node_id` is its only voter, `config.cluster_id` must be new. Nothing runs yet: open
    /// the store then, without `init`. Returns the revision that the cluster begins at.
    ///
    /// The state and the request ids are those of the file; the history is not, so every watch has
    /// to begin anew. `config.dir` is there whole afterwards or not at all; it may be done again.
    ///
    /// # Errors
    /// See [`RestoreError`].
    pub async fn restore_from_file(config: &Config, path: &Path) -> Result<u64, RestoreError> {
        if std::fs::read_dir(&config.dir).is_ok_and(|mut files| files.next().is_some()) {
            return Err(RestoreError::NotEmpty { dir: config.dir.clone() });
        }
        let staging = config.dir.with_extension("restoring");
        if staging.exists() {
            std::fs::remove_dir_all(&staging)?;
        }
        let staged = Config { dir: staging.clone(), ..config.clone() };
        let revision = fill(&staged, path).await?;
        let parent = config.dir.parent().unwrap_or_else(|| Path::new("."));
        std::fs::rename(&staging, &config.dir)?;
        File::open(parent)?.sync_all()?;
        Ok(revision)
    }
}

/// Fills a folder that nobody uses yet.
async fn fill(config: &Config, path: &Path) -> Result<u64, RestoreError> {
    let (file, applied) = SnapshotFile::open(path)?;
    version::check_cluster("the snapshot", applied.version)?;
    file.read()?.verify()?;
    let folder = Folder::prepare(config)?;
    let (writer, thread) = Writer::start(Arc::new(folder.database))?;
    open::write_identity(&writer, config).await?;
    let restored = restored(config, applied);
    install::write_blocks(&writer, restored.generation, file.read()?).await?;
    let last = restored.log_id;
    writer.durable(first_ops(&restored)).await.map_err(io::Error::from)?;
    writer.stop().await;
    let joined = tokio::task::spawn_blocking(move || thread.join()).await;
    if !matches!(joined, Ok(Ok(()))) {
        return Err(io::Error::other("the writer failed").into());
    }
    File::open(&config.dir)?.sync_all()?;
    Ok(last.map_or(0, |log_id| log_id.index))
}

/// What is applied in the new cluster before its first entry.
fn restored(config: &Config, applied: Applied) -> Applied {
    let term = applied.log_id.map_or(1, |log_id| log_id.leader_id.term);
    let leader_id = LeaderId { term, node_id: config.node_id };
    let log_id = LogId { leader_id, index: applied.index() + REVISION_GAP };
    let member = Member { address: config.address.clone() };
    let voters = vec![BTreeSet::from([config.node_id])];
    let members = Membership::new(voters, BTreeMap::from([(config.node_id, member)]))
        .expect("the only voter is a member");
    let mut restored = Applied { compacted: log_id.index + 1, generation: 1, ..applied };
    restored.change_members(log_id, members);
    restored.retired.remove(&config.node_id);
    restored.log_id = Some(log_id);
    restored.digest.marks.clear();
    restored
}

fn first_ops(restored: &Applied) -> Vec<Op> {
    let mut ops = vec![restored.put()];
    if let Some(log_id) = restored.log_id {
        let at = stored::encode(&stored::log_id_to_wire(log_id));
        let vote = Vote { leader_id: log_id.leader_id, committed: false };
        let vote = stored::encode(&stored::vote_to_wire(&vote));
        ops.extend([put_meta(keys::META_PURGED, at), put_meta(keys::META_VOTE, vote)]);
    }
    let from = keys::generation(restored.generation);
    let to = keys::end_of_prefix(&from).unwrap_or_default();
    ops.push(Op::DeleteRange { table: Table::History, from, to });
    ops
}

fn put_meta(key: &[u8], value: Vec<u8>) -> Op {
    Op::Put { table: Table::Meta, key: key.to_vec(), value }
}
