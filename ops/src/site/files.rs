//! Files of users: each has its own, and who knows a file's key reads it without being known.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::file::{FILENAME_MAX, File, FileContent, FileError, check};
use model::id::{FileId, UserId};
use model::secret::Secret;

use crate::access::keys;
use crate::authorize::authorize;
use crate::error::Refusal;
use crate::machine::placement;
use tables::error::TableError;
use tables::files::{FILE_BY_KEY, FILE_BY_NAME, FILES_OF_USER};
use tables::read::Reads;
use tables::update::Tables;

/// The longest key that is looked for, in bytes: those that are given out have 36.
const KEY_BYTES_MAX: usize = 64;

const MISSING: Refusal = Refusal::NotFound { model: "FileStorage" };

/// The files of the user that asks, by name; only those whose names begin so.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor, prefix: &str) -> Result<Vec<File>, Refusal> {
    let user = actor.user(Permission::ManageOwnFiles)?;
    let mut files = tables.view().await?.list_by(&FILES_OF_USER, &user.id)?;
    files.retain(|file| file.filename.starts_with(prefix));
    files.sort_by(|one, other| one.filename.cmp(&other.filename));
    Ok(files)
}

/// A file of the user that asks, and what is in it.
///
/// # Errors
/// [`Refusal::NotFound`] when the user has no such file.
pub async fn get(tables: &Tables, actor: &Actor, filename: &str) -> Result<(File, Bytes), Refusal> {
    let user = actor.user(Permission::ManageOwnFiles)?;
    let view = tables.view().await?;
    let file = own(&view, user.id, filename)?.ok_or(MISSING)?;
    let content = content(&view, file.id)?;
    Ok((file, content))
}

/// What is in the file with that key.
///
/// # Errors
/// [`Refusal::NotFound`] when no file has it.
pub async fn get_by_key(tables: &Tables, actor: &Actor, key: &str) -> Result<Bytes, Refusal> {
    permits(actor, Permission::Discover, &Object::Site)?;
    if key.len() > KEY_BYTES_MAX {
        return Err(MISSING);
    }
    let view = tables.view().await?;
    let file = view.find(&FILE_BY_KEY, &key.to_owned())?.ok_or(MISSING)?;
    content(&view, file.id)
}

/// Keeps a file for the user that asks, in place of its file of that name, whose key stays.
///
/// # Errors
/// [`Refusal::Fields`] when it is too large, or the user has too much.
pub async fn put(
    tables: &Tables,
    actor: &Actor,
    filename: &str,
    content: &Bytes,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageOwnFiles, "file.put")?;
    let user = actor.user(Permission::ManageOwnFiles)?;
    let size_bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
    check(&[], filename, size_bytes).map_err(refused)?;
    let (key, base64) = (keys::random_uuid(), Secret::from(STANDARD.encode(content)));
    tables
        .update(&cause, |tx| {
            placement::give_to(tx, user.id)?;
            let mut others = tx.list_by(&FILES_OF_USER, &user.id)?;
            others.retain(|file| file.filename != filename);
            check(&others, filename, size_bytes).map_err(refused)?;
            let updated = tx.now();
            let file = match own(tx, user.id, filename)? {
                Some(before) => File { size_bytes, updated, ..before },
                None => File {
                    id: FileId(tx.next_id::<File>()?),
                    owner: user.id,
                    filename: filename.to_owned(),
                    key: key.clone(),
                    size_bytes,
                    created: updated,
                    updated,
                },
            };
            tx.put(&file)?;
            Ok(tx.put(&FileContent { id: file.id, base64: base64.clone() })?)
        })
        .await
}

/// Removes a file of the user that asks.
///
/// # Errors
/// [`Refusal::NotFound`] when the user has no such file.
pub async fn delete(tables: &Tables, actor: &Actor, filename: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageOwnFiles, "file.delete")?;
    let user = actor.user(Permission::ManageOwnFiles)?;
    tables
        .update(&cause, |tx| {
            let file = own(tx, user.id, filename)?.ok_or(MISSING)?;
            tx.delete::<FileContent>(&file.id)?;
            tx.delete::<File>(&file.id)?;
            Ok(())
        })
        .await
}

fn own(at: &impl Reads, user: UserId, filename: &str) -> Result<Option<File>, TableError> {
    if filename.chars().count() > FILENAME_MAX {
        return Ok(None);
    }
    at.find(&FILE_BY_NAME, &(user, filename.to_owned()))
}

fn content(at: &impl Reads, id: FileId) -> Result<Bytes, Refusal> {
    let row = at.get::<FileContent>(&id)?.ok_or(MISSING)?;
    let broken = |error: base64::DecodeError| {
        Refusal::with_message(Kind::Internal, format!("content of file {id}: {error}"))
    };
    Ok(STANDARD.decode(row.base64.expose()).map_err(broken)?.into())
}

fn refused(error: FileError) -> Refusal {
    Refusal::field(if error.is_of_name() { "filename" } else { "file" }, error.to_string())
}
