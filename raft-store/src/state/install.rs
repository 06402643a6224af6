//! Installing a snapshot: beside the current state, then switched to by one write.
//!
//! The records go under the next generation, where nobody looks. The last batch, which is synced,
//! names the new generation and the snapshot and removes the old records. A crash before it leaves
//! the old state whole, and the half-installed generation is removed when the store opens.

use std::io;
use std::path::Path;

use proto::raft as wire;

use super::snapshot::{self, Reader};
use super::{Applied, SnapshotError, SnapshotFile};
use crate::database::Op;
use crate::keys::{self, Table};
use crate::runtime;
use crate::types::SnapshotMeta;
use crate::writer::Writer;

/// Installs the snapshot and returns what is applied then.
pub(crate) async fn install(
    writer: &Writer,
    folder: &Path,
    current: &Applied,
    meta: &SnapshotMeta,
    mut file: SnapshotFile,
) -> io::Result<Applied> {
    let applied = verify(&file, meta).await?;
    let generation = current.generation.wrapping_add(1);
    writer.submit(delete_generation(generation)).await?;
    write_blocks(writer, generation, file.read()?).await?;
    file.rename(folder.join(snapshot::file_name(meta)))?;
    let installed = Applied { generation, membership: meta.last_membership.clone(), ..applied };
    writer.durable(switch(current, &installed, &file)).await?;
    snapshot::remove_others(folder, &file.name());
    Ok(installed)
}

/// Reads the whole file; returns what is applied in it.
pub(super) async fn verify(file: &SnapshotFile, meta: &SnapshotMeta) -> io::Result<Applied> {
    let verified = file.clone();
    let applied = blocking(move || {
        verified.read()?.verify()?;
        Ok(verified.read()?.applied)
    })
    .await?;
    if applied.log_id == meta.last_log_id {
        return Ok(applied);
    }
    let reason = "it is not the snapshot that was announced";
    Err(SnapshotError::Damaged { path: file.path().to_path_buf(), reason }.into())
}

/// The one write that makes the installed generation the current one.
pub(super) fn switch(current: &Applied, installed: &Applied, file: &SnapshotFile) -> Vec<Op> {
    let mut ops = vec![installed.put(), snapshot::put_current(file)];
    ops.extend(delete_generation(current.generation));
    ops
}

/// Writes all records of a snapshot under a generation; a block is read while the one before it is
/// written.
pub(crate) async fn write_blocks(
    writer: &Writer,
    generation: u32,
    reader: Reader,
) -> io::Result<()> {
    let (mut reader, mut block) = next_block(reader).await?;
    while let Some((table, records)) = block {
        let writing = async {
            writer.visible(put_records(generation, table, records)).await?;
            Ok::<(), io::Error>(())
        };
        ((reader, block), ()) = tokio::try_join!(next_block(reader), writing)?;
    }
    Ok(())
}

type Block = Option<(Table, Vec<wire::SnapshotRecord>)>;

async fn next_block(mut reader: Reader) -> io::Result<(Reader, Block)> {
    blocking(move || {
        let block = reader.block()?;
        Ok((reader, block))
    })
    .await
}

fn put_records(generation: u32, table: Table, records: Vec<wire::SnapshotRecord>) -> Vec<Op> {
    let prefix = keys::generation(generation);
    let put = |record: wire::SnapshotRecord| {
        let key = [&prefix[..], &record.key].concat();
        Op::Put { table, key, value: record.value.into() }
    };
    records.into_iter().map(put).collect()
}

fn delete_generation(generation: u32) -> Vec<Op> {
    let from = keys::generation(generation);
    let to = keys::end_of_prefix(&from).unwrap_or_else(|| vec![u8::MAX; from.len() + 1]);
    delete_everywhere(&from, &to)
}

/// Removes all generations but one.
pub(crate) fn other_generations(current: u32) -> Vec<Op> {
    let first = keys::generation(current);
    let mut ops = delete_everywhere(&[], &first);
    if let Some(next) = keys::end_of_prefix(&first) {
        ops.extend(delete_everywhere(&next, &[u8::MAX; keys::GENERATION_BYTES + 1]));
    }
    ops
}

fn delete_everywhere(from: &[u8], to: &[u8]) -> Vec<Op> {
    let delete = |table| Op::DeleteRange { table, from: from.to_vec(), to: to.to_vec() };
    Table::REPLICATED.map(delete).to_vec()
}

async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, SnapshotError> + Send + 'static,
) -> io::Result<R> {
    Ok(runtime::blocking(work).await.map_err(io::Error::other)??)
}
