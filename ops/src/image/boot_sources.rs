//! Boot sources and their selections.

use api::field_errors::FieldErrors;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::access::{Actor, Object, Permission, permits};
use model::boot::source::{
    BootSource, BootSourceSelection, KEYRING_BYTES_MAX, TEXT_MAX, WORDS_MAX, is_url, is_word,
};
use model::id::{BootSourceId, BootSourceSelectionId};
use model::url::without_password;

use crate::authorize::authorize;
use crate::error::Refusal;
use tables::images::SELECTIONS_OF_SOURCE;
use tables::read::{Reads, View};
use tables::tx::Tx;
use tables::update::Tables;

const MISSING: Refusal = Refusal::NotFound { model: "BootSource" };
const NO_SELECTION: Refusal = Refusal::NotFound { model: "BootSourceSelection" };
const REQUIRED: &str = "This field is required.";

/// What shall be set of a source; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct BootSourceChange {
    /// Where it is.
    pub url: Option<String>,
    /// The file with the keys that its indexes are signed with.
    pub keyring_filename: Option<String>,
    /// These keys themselves.
    pub keyring: Option<Bytes>,
}

/// What shall be set of a selection; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct SelectionChange {
    /// The operating system.
    pub os: Option<String>,
    /// The release.
    pub release: Option<String>,
    /// The architectures.
    pub arches: Option<Vec<String>>,
    /// The kinds of architectures.
    pub subarches: Option<Vec<String>>,
    /// The labels.
    pub labels: Option<Vec<String>>,
}

/// All sources.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<BootSource>, Refusal> {
    let all = view(tables, actor).await?.list::<BootSource>()?;
    Ok(all.into_iter().map(|source| shown(actor, source)).collect())
}

/// A source.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, id: BootSourceId) -> Result<BootSource, Refusal> {
    let found = view(tables, actor).await?.get::<BootSource>(&id)?.ok_or(MISSING)?;
    Ok(shown(actor, found))
}

/// A source, with a password in its URL only for who may change it.
fn shown(actor: &Actor, source: BootSource) -> BootSource {
    if permits(actor, Permission::ManageBootSources, &Object::Site).is_ok() {
        return source;
    }
    BootSource { url: without_password(&source.url), ..source }
}

/// Makes a source.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &BootSourceChange,
) -> Result<BootSource, Refusal> {
    let cause = authorize(actor, Permission::ManageBootSources, "bootsource.create")?;
    if change.url.as_deref().is_none_or(|url| url.trim().is_empty()) {
        return Err(Refusal::field("url", REQUIRED));
    }
    tables
        .update(&cause, |tx| {
            let blank = BootSource {
                id: BootSourceId(tx.next_id::<BootSource>()?),
                url: String::new(),
                keyring_filename: String::new(),
                keyring_base64: String::new(),
                created: tx.now(),
                updated: tx.now(),
            };
            put(tx, blank, change)
        })
        .await
}

/// Changes a source.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: BootSourceId,
    change: &BootSourceChange,
) -> Result<BootSource, Refusal> {
    let cause = authorize(actor, Permission::ManageBootSources, "bootsource.update")?;
    tables
        .update(&cause, |tx| {
            let before = tx.get::<BootSource>(&id)?.ok_or(MISSING)?;
            put(tx, before, change)
        })
        .await
}

/// Removes a source with its selections.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, id: BootSourceId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageBootSources, "bootsource.delete")?;
    tables.update(&cause, |tx| remove(tx, id)).await
}

/// Removes a source with its selections, in a transaction of the caller's.
///
/// # Errors
/// [`Refusal`].
pub fn remove(tx: &mut Tx, id: BootSourceId) -> Result<(), Refusal> {
    tx.depend_on(&selections_guard(id));
    for selection in tx.list_by(&SELECTIONS_OF_SOURCE, &id)? {
        tx.delete::<BootSourceSelection>(&selection.id)?;
    }
    tx.delete::<BootSource>(&id)?.ok_or(MISSING).map(drop)
}

/// The guard of the selections of a source: who adds one marks it, who removes all depends on it.
fn selections_guard(source: BootSourceId) -> String {
    format!("bootsources/{source}/selections")
}

/// The selections of a source.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn selections(
    tables: &Tables,
    actor: &Actor,
    source: BootSourceId,
) -> Result<Vec<BootSourceSelection>, Refusal> {
    let view = view(tables, actor).await?;
    view.get::<BootSource>(&source)?.ok_or(MISSING)?;
    Ok(view.list_by(&SELECTIONS_OF_SOURCE, &source)?)
}

/// A selection of a source.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn selection(
    tables: &Tables,
    actor: &Actor,
    source: BootSourceId,
    id: BootSourceSelectionId,
) -> Result<BootSourceSelection, Refusal> {
    of_source(&view(tables, actor).await?, source, id)
}

/// Makes a selection.
///
/// # Errors
/// [`Refusal`].
pub async fn create_selection(
    tables: &Tables,
    actor: &Actor,
    source: BootSourceId,
    change: &SelectionChange,
) -> Result<BootSourceSelection, Refusal> {
    let cause = authorize(actor, Permission::ManageBootSources, "bootsourceselection.create")?;
    tables
        .update(&cause, |tx| {
            tx.get::<BootSource>(&source)?.ok_or(MISSING)?;
            tx.mark(&selections_guard(source));
            let blank = BootSourceSelection {
                id: BootSourceSelectionId(tx.next_id::<BootSourceSelection>()?),
                source,
                os: String::new(),
                release: String::new(),
                arches: Vec::new(),
                subarches: Vec::new(),
                labels: Vec::new(),
            };
            put_selection(tx, blank, change)
        })
        .await
}

/// Changes a selection.
///
/// # Errors
/// [`Refusal`].
pub async fn update_selection(
    tables: &Tables,
    actor: &Actor,
    source: BootSourceId,
    id: BootSourceSelectionId,
    change: &SelectionChange,
) -> Result<BootSourceSelection, Refusal> {
    let cause = authorize(actor, Permission::ManageBootSources, "bootsourceselection.update")?;
    tables
        .update(&cause, |tx| {
            let before = of_source(tx, source, id)?;
            put_selection(tx, before, change)
        })
        .await
}

/// Removes a selection.
///
/// # Errors
/// [`Refusal`].
pub async fn delete_selection(
    tables: &Tables,
    actor: &Actor,
    source: BootSourceId,
    id: BootSourceSelectionId,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageBootSources, "bootsourceselection.delete")?;
    tables
        .update(&cause, |tx| {
            let selection = of_source(tx, source, id)?;
            tx.delete::<BootSourceSelection>(&selection.id)?;
            Ok(())
        })
        .await
}

async fn view(tables: &Tables, actor: &Actor) -> Result<View, Refusal> {
    permits(actor, Permission::ReadBootSources, &Object::Site)?;
    Ok(tables.view().await?)
}

fn of_source(
    at: &impl Reads,
    source: BootSourceId,
    id: BootSourceSelectionId,
) -> Result<BootSourceSelection, Refusal> {
    at.get::<BootSource>(&source)?.ok_or(MISSING)?;
    let found = at.get::<BootSourceSelection>(&id)?;
    found.filter(|selection| selection.source == source).ok_or(NO_SELECTION)
}

fn put(tx: &mut Tx, before: BootSource, change: &BootSourceChange) -> Result<BootSource, Refusal> {
    let mut source = BootSource { updated: tx.now(), ..before };
    if let Some(url) = change.url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
        url.clone_into(&mut source.url);
    }
    if let Some(filename) = &change.keyring_filename {
        filename.trim().clone_into(&mut source.keyring_filename);
    }
    if let Some(keyring) = &change.keyring {
        source.keyring_base64 = STANDARD.encode(keyring);
    }
    check(&source, change)?;
    tx.put(&source)?;
    Ok(source)
}

fn check(source: &BootSource, change: &BootSourceChange) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if !is_url(&source.url) || source.url.chars().count() > TEXT_MAX {
        errors.add("url", "Enter a valid URL.");
    }
    let name = &source.keyring_filename;
    if name.chars().count() > TEXT_MAX || name.chars().any(char::is_control) {
        errors.add("keyring_filename", format!("Enter a path of at most {TEXT_MAX} characters."));
    }
    if change.keyring.as_ref().is_some_and(|keyring| keyring.len() > KEYRING_BYTES_MAX) {
        let message = format!("A keyring has at most {KEYRING_BYTES_MAX} bytes.");
        errors.add("keyring_data", message);
    }
    match (name.is_empty(), source.keyring_base64.is_empty()) {
        (true, true) => {
            errors.add("__all__", "One of keyring_data or keyring_filename must be set.");
        }
        (false, false) => {
            errors.add("__all__", "Only one of keyring_filename or keyring_data can be set.");
        }
        (true, false) | (false, true) => {}
    }
    errors.finish()
}

fn put_selection(
    tx: &mut Tx,
    before: BootSourceSelection,
    change: &SelectionChange,
) -> Result<BootSourceSelection, Refusal> {
    let change = change.clone();
    let text = |given: Option<String>, before: String| {
        given.filter(|text| !text.trim().is_empty()).map_or(before, |text| text.trim().to_owned())
    };
    let selection = BootSourceSelection {
        id: before.id,
        source: before.source,
        os: text(change.os, before.os),
        release: text(change.release, before.release),
        arches: change.arches.unwrap_or(before.arches),
        subarches: change.subarches.unwrap_or(before.subarches),
        labels: change.labels.unwrap_or(before.labels),
    };
    check_selection(&selection)?;
    tx.put(&selection)?;
    Ok(selection)
}

fn check_selection(selection: &BootSourceSelection) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for (field, text) in [("os", &selection.os), ("release", &selection.release)] {
        if text.is_empty() {
            errors.add(field, REQUIRED);
        } else if !is_word(text) {
            errors.add(field, "Enter one word.");
        }
    }
    let lists = [
        ("arches", &selection.arches),
        ("subarches", &selection.subarches),
        ("labels", &selection.labels),
    ];
    for (field, words) in lists {
        if words.len() > WORDS_MAX || !words.iter().all(|word| is_word(word)) {
            errors.add(field, format!("Enter at most {WORDS_MAX} words."));
        }
    }
    errors.finish()
}
