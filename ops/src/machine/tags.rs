//! Tags, and which machines carry them.

use api::field_errors::FieldErrors;
use api::tags::UpdatedNodes;
use model::access::{Actor, Permission};
use model::boot::kernel_options;
use model::controller::{RackController, RegionController};
use model::error::Kind;
use model::id::SystemId;
use model::tag::Tag;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::machine::filter::Filter;
use crate::machine::holders;
use crate::machine::list::MachineList;
use crate::machine::tag_definition::Definition;
use crate::machine::tag_evaluation;
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
    /// An `XPath` expression over the hardware description; empty for a tag set by hand.
    pub definition: Option<String>,
    /// Kernel options for machines that carry it.
    pub kernel_opts: Option<String>,
}

/// Which machines shall carry a tag, and which shall not.
#[derive(Debug, Clone, Default)]
pub struct TagNodes {
    /// Those that shall.
    pub add: Vec<String>,
    /// Those that shall not.
    pub remove: Vec<String>,
    /// The definition that the caller evaluated; when it is not the tag's, nothing is changed.
    pub definition: Option<String>,
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
    Ok(Details::of_site(actor, tables).await?.view().list::<Tag>()?)
}

/// A tag by name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, name: &str) -> Result<Tag, Refusal> {
    find(Details::of_site(actor, tables).await?.view(), name)
}

/// The machines that carry a tag, oldest first.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn machines(tables: &Tables, actor: &Actor, name: &str) -> Result<MachineList, Refusal> {
    let details = Details::of_site(actor, tables).await?;
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
            evaluate(tx, &tag)?;
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
            if tag.definition != before.definition || tag.name != before.name {
                evaluate(tx, &tag)?;
            }
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
    tables.update(&cause, |tx| remove(tx, name)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub(crate) fn remove(tx: &mut Tx, name: &str) -> Result<(), Refusal> {
    let tag = find(tx, name)?;
    for mut machine in tx.list_by(&MACHINES_OF_TAG, &tag.name)? {
        machine.placement.tags.retain(|carried| *carried != tag.name);
        tx.put(&machine)?;
    }
    tx.delete::<Tag>(&tag.name)?;
    Ok(())
}

/// Evaluates the definition of a tag anew, over all machines, in the background. A tag that is set by
/// hand stays where it is.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn rebuild(tables: &Tables, actor: &Actor, name: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "tag.rebuild")?;
    tables
        .update(&cause, |tx| {
            let tag = find(tx, name)?;
            evaluate(tx, &tag)
        })
        .await
}

/// Has the definition of a tag evaluated over all machines, if it has one.
///
/// # Errors
/// [`Refusal::Tables`].
pub(crate) fn evaluate(tx: &mut Tx, tag: &Tag) -> Result<(), Refusal> {
    if tag.definition.is_empty() {
        return Ok(());
    }
    Ok(tag_evaluation::definition_changed(tx, &tag.name)?)
}

/// Adds a tag to some machines and takes it from others; tells how many there are of both. Unknown
/// machines are passed over, as in MAAS.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Refusal::Message`] (409) when the tag has another definition;
/// [`Refusal::Fields`] for controllers, which carry no tags.
pub async fn update_nodes(
    tables: &Tables,
    actor: &Actor,
    name: &str,
    nodes: &TagNodes,
) -> Result<UpdatedNodes, Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "tag.update-nodes")?;
    tables
        .update(&cause, |tx| {
            let tag = find(tx, name)?;
            if let Some(given) = nodes.definition.as_ref().filter(|text| **text != tag.definition) {
                let message = format!(
                    "Definition supplied '{given}' doesn't match current definition '{}'",
                    tag.definition
                );
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            let mut updated = UpdatedNodes::default();
            for id in &nodes.add {
                updated.added += usize::from(set_tag(tx, id, name, "add")?);
            }
            for id in &nodes.remove {
                updated.removed += usize::from(set_tag(tx, id, name, "remove")?);
            }
            Ok(updated)
        })
        .await
}

/// Whether there is such a machine; it carries the tag then, or does not, by the parameter that names it.
fn set_tag(tx: &mut Tx, named: &str, name: &str, field: &str) -> Result<bool, Refusal> {
    let carried = field == "add";
    let Some(mut machine) = holders::machine(tx, named)? else {
        let Ok(id) = named.parse::<SystemId>() else { return Ok(false) };
        if tx.get::<RackController>(&id)?.is_some() || tx.get::<RegionController>(&id)?.is_some() {
            return Err(Refusal::field(
                field,
                format!("Controllers carry no tags: leave {id} out."),
            ));
        }
        return Ok(false);
    };
    let tags = &mut machine.placement.tags;
    if tags.iter().any(|tag| tag == name) == carried {
        return Ok(true);
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
    let mut errors = FieldErrors::default();
    let name = change.name.clone().unwrap_or(tag.name);
    if name.is_empty() {
        errors.add("name", "This field is required.");
    } else if !is_name(&name) || name.contains(' ') {
        errors.add("name", "Enter a valid value.");
    }
    if let Some(definition) = change.definition.as_deref().filter(|text| !text.is_empty())
        && let Err(message) = Definition::parse(definition)
    {
        errors.add("definition", message);
    }
    if let Some(Err(message)) = change.kernel_opts.as_deref().map(kernel_options::check) {
        errors.add("kernel_opts", message);
    }
    errors.finish()?;
    Ok(Tag {
        name,
        definition: change.definition.clone().unwrap_or(tag.definition),
        comment: change.comment.clone().unwrap_or(tag.comment),
        kernel_opts: change.kernel_opts.clone().unwrap_or(tag.kernel_opts),
    })
}
