//! Tags, and which machines carry them.

use api::tags::UpdatedNodes;
use model::access::{Actor, Permission};
use model::id::SystemId;
use model::machine::Machine;
use model::tag::Tag;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::machine::filter::Filter;
use crate::machine::list::MachineList;
use tables::machines::MACHINES_OF_TAG;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::MachineKey;

/// What shall be set of a tag; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct TagChange {
    /// Its unique name.
    pub name: Option<String>,
    /// Free text.
    pub comment: Option<String>,
}

/// Whether a text can be the name of a tag, zone or pool.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_.- ".contains(c))
}

/// All tags.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<Tag>, Refusal> {
    Ok(Details::seen_by(actor, tables).await?.view().list::<Tag>()?)
}

/// A tag by name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, name: &str) -> Result<Tag, Refusal> {
    find(Details::seen_by(actor, tables).await?.view(), name)
}

/// The machines that carry a tag, oldest first.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn machines(tables: &Tables, actor: &Actor, name: &str) -> Result<MachineList, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let tag = find(details.view(), name)?;
    MachineList::select(details, actor, Filter::default().and(MachineKey::Tag(tag.name.into())))
        .await
}

fn find(at: &impl Reads, name: &str) -> Result<Tag, Refusal> {
    at.get::<Tag>(&name.to_owned())?.ok_or(Refusal::NotFound { model: "Tag" })
}

/// Makes a tag.
///
/// # Errors
/// [`Refusal`].
pub async fn create(tables: &Tables, actor: &Actor, change: &TagChange) -> Result<Tag, Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "tag.create")?;
    tables
        .update(&cause, |tx| {
            let blank = Tag {
                name: String::new(),
                definition: String::new(),
                comment: String::new(),
                kernel_opts: String::new(),
            };
            let tag = changed(blank, change)?;
            insert(tx, &tag)?;
            Ok(tag)
        })
        .await
}

/// Changes a tag; machines follow a new name.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    name: &str,
    change: &TagChange,
) -> Result<Tag, Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "tag.update")?;
    tables
        .update(&cause, |tx| {
            let before = find(tx, name)?;
            let tag = changed(before.clone(), change)?;
            if tag.name == before.name {
                tx.put(&tag)?;
                return Ok(tag);
            }
            insert(tx, &tag)?;
            for mut machine in tx.list_by(&MACHINES_OF_TAG, &before.name)? {
                machine.placement.tags.retain(|name| *name != before.name);
                machine.placement.tags.push(tag.name.clone());
                tx.put(&machine)?;
            }
            tx.delete::<Tag>(&before.name)?;
            Ok(tag)
        })
        .await
}

/// Removes a tag, also from all machines.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, name: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "tag.delete")?;
    tables
        .update(&cause, |tx| {
            let tag = find(tx, name)?;
            for mut machine in tx.list_by(&MACHINES_OF_TAG, &tag.name)? {
                machine.placement.tags.retain(|carried| *carried != tag.name);
                tx.put(&machine)?;
            }
            tx.delete::<Tag>(&tag.name)?;
            Ok(())
        })
        .await
}

/// Adds a tag to some machines and takes it from others. Unknown machines are passed over, as in
/// MAAS.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn update_nodes(
    tables: &Tables,
    actor: &Actor,
    name: &str,
    add: &[SystemId],
    remove: &[SystemId],
) -> Result<UpdatedNodes, Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "tag.update-nodes")?;
    tables
        .update(&cause, |tx| {
            find(tx, name)?;
            let mut updated = UpdatedNodes::default();
            for id in add {
                updated.added += usize::from(set_tag(tx, id, name, true)?);
            }
            for id in remove {
                updated.removed += usize::from(set_tag(tx, id, name, false)?);
            }
            Ok(updated)
        })
        .await
}

fn set_tag(tx: &mut Tx, id: &SystemId, name: &str, carried: bool) -> Result<bool, Refusal> {
    let Some(mut machine) = tx.get::<Machine>(id)? else { return Ok(false) };
    let tags = &mut machine.placement.tags;
    if tags.iter().any(|tag| tag == name) == carried {
        return Ok(false);
    }
    if carried {
        tags.push(name.to_owned());
    } else {
        tags.retain(|tag| tag != name);
    }
    tx.put(&machine)?;
    Ok(true)
}

fn insert(tx: &mut Tx, tag: &Tag) -> Result<(), Refusal> {
    if tx.get::<Tag>(&tag.name)?.is_some() {
        return Err(Refusal::field("name", "Tag with this Name already exists."));
    }
    Ok(tx.insert(tag)?)
}

fn changed(tag: Tag, change: &TagChange) -> Result<Tag, Refusal> {
    let name = change.name.clone().unwrap_or(tag.name);
    if name.is_empty() {
        return Err(Refusal::field("name", "This field is required."));
    }
    if !is_name(&name) || name.contains(' ') {
        return Err(Refusal::field("name", "Enter a valid value."));
    }
    Ok(Tag { name, comment: change.comment.clone().unwrap_or(tag.comment), ..tag })
}
