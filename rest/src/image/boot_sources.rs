//! `boot-sources/` and their `selections/`: kept as clients say, although nothing is imported from there.

use api::boot_sources::{BootSource, BootSourceSelection};
use model::access::Permission;
use model::boot::source;
use model::id::{BootSourceId, BootSourceSelectionId};
use ops::image::boot_sources::{self, BootSourceChange, SelectionChange};
use ops::site::dates;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL: &str = "boot-sources/";
const ONE: &str = "boot-sources/{id}/";
const SELECTIONS: &str = "boot-sources/{boot_source_id}/selections/";
const SELECTION: &str = "boot-sources/{boot_source_id}/selections/{id}/";
const MODEL: &str = "BootSource";

const URL: Param<String> = Param::text("url", "Where it is.");
const KEYRING_FILENAME: Param<String> =
    Param::text("keyring_filename", "The file with the keys that its indexes are signed with.");
const KEYRING_DATA: Param<String> =
    Param::text("keyring_data", "These keys themselves, as a file of the form.");
const OS: Param<String> = Param::text("os", "The operating system.");
const RELEASE: Param<String> = Param::text("release", "The release.");
const ARCHES: Param<String> = Param::text("arches", "The architectures.");
const SUBARCHES: Param<String> = Param::text("subarches", "The kinds of architectures.");
const LABELS: Param<String> = Param::text("labels", "The labels.");

const SELECTION_CHANGE: &[Spec] = &[
    OS.optional(),
    RELEASE.optional(),
    ARCHES.repeated(),
    SUBARCHES.repeated(),
    LABELS.repeated(),
];

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("BootSourcesHandler", ALL, |call| Box::pin(list(call)))
        .requires(Permission::ReadBootSources)
        .doc("List all boot sources."),
    Operation::post("BootSourcesHandler", ALL, |call| Box::pin(create(call)))
        .requires(Permission::ManageBootSources)
        .doc("Keep a boot source. Nothing is imported from it: images are uploaded.")
        .params(&[URL.needed(), KEYRING_FILENAME.optional(), KEYRING_DATA.optional()]),
    Operation::get("BootSourceHandler", ONE, |call| Box::pin(read(call)))
        .requires(Permission::ReadBootSources)
        .doc("Read a boot source."),
    Operation::put("BootSourceHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageBootSources)
        .doc("Update a boot source.")
        .params(&[URL.optional(), KEYRING_FILENAME.optional(), KEYRING_DATA.optional()]),
    Operation::delete("BootSourceHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageBootSources)
        .doc("Delete a boot source with its selections."),
    Operation::get("BootSourceSelectionsHandler", SELECTIONS, |call| Box::pin(selections(call)))
        .requires(Permission::ReadBootSources)
        .doc("List the selections of a boot source."),
    Operation::post("BootSourceSelectionsHandler", SELECTIONS, |call| Box::pin(select(call)))
        .requires(Permission::ManageBootSources)
        .doc("Keep a selection of a boot source.")
        .params(SELECTION_CHANGE),
    Operation::get("BootSourceSelectionHandler", SELECTION, |call| Box::pin(selection(call)))
        .requires(Permission::ReadBootSources)
        .doc("Read a selection of a boot source."),
    Operation::put("BootSourceSelectionHandler", SELECTION, |call| Box::pin(reselect(call)))
        .requires(Permission::ManageBootSources)
        .doc("Update a selection of a boot source.")
        .params(SELECTION_CHANGE),
    Operation::delete("BootSourceSelectionHandler", SELECTION, |call| Box::pin(deselect(call)))
        .requires(Permission::ManageBootSources)
        .doc("Delete a selection of a boot source."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let all = boot_sources::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&all.iter().map(shape).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params);
    let created = boot_sources::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&created)).with_status(201))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id: BootSourceId = call.id("id", MODEL)?;
    Ok(Reply::json(&shape(&boot_sources::get(&call.parts.tables, &call.actor, id).await?)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params);
    let id: BootSourceId = call.id("id", MODEL)?;
    let updated = boot_sources::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&updated)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id: BootSourceId = call.id("id", MODEL)?;
    boot_sources::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

async fn selections(call: Call) -> Result<Reply, Problem> {
    let source: BootSourceId = call.id("boot_source_id", MODEL)?;
    let all = boot_sources::selections(&call.parts.tables, &call.actor, source).await?;
    Ok(Reply::json(&all.iter().map(BootSourceSelection::from).collect::<Vec<_>>()))
}

async fn selection(call: Call) -> Result<Reply, Problem> {
    let (source, id) = ids(&call)?;
    let found = boot_sources::selection(&call.parts.tables, &call.actor, source, id).await?;
    Ok(Reply::json(&BootSourceSelection::from(&found)))
}

async fn select(call: Call) -> Result<Reply, Problem> {
    let change = selection_change(&call.params);
    let source: BootSourceId = call.id("boot_source_id", MODEL)?;
    let (tables, actor) = (&call.parts.tables, &call.actor);
    let created = boot_sources::create_selection(tables, actor, source, &change).await?;
    Ok(Reply::json(&BootSourceSelection::from(&created)))
}

async fn reselect(call: Call) -> Result<Reply, Problem> {
    let change = selection_change(&call.params);
    let (source, id) = ids(&call)?;
    let (tables, actor) = (&call.parts.tables, &call.actor);
    let updated = boot_sources::update_selection(tables, actor, source, id, &change).await?;
    Ok(Reply::json(&BootSourceSelection::from(&updated)))
}

async fn deselect(call: Call) -> Result<Reply, Problem> {
    let (source, id) = ids(&call)?;
    boot_sources::delete_selection(&call.parts.tables, &call.actor, source, id).await?;
    Ok(Reply::no_content())
}

fn ids(call: &Call) -> Result<(BootSourceId, BootSourceSelectionId), Problem> {
    Ok((call.id("boot_source_id", MODEL)?, call.id("id", "BootSourceSelection")?))
}

fn change(params: &Params) -> BootSourceChange {
    BootSourceChange {
        url: URL.given(params),
        keyring_filename: KEYRING_FILENAME.given(params),
        keyring: KEYRING_DATA.file(params),
    }
}

fn selection_change(params: &Params) -> SelectionChange {
    SelectionChange {
        os: OS.given(params),
        release: RELEASE.given(params),
        arches: ARCHES.items(params),
        subarches: SUBARCHES.items(params),
        labels: LABELS.items(params),
    }
}

fn shape(stored: &source::BootSource) -> BootSource {
    BootSource {
        id: stored.id.0,
        url: stored.url.clone(),
        keyring_filename: stored.keyring_filename.clone(),
        keyring_data: stored.keyring_base64.clone(),
        created: dates::iso_ms(stored.created),
        updated: dates::iso_ms(stored.updated),
        resource_uri: format!("/MAAS/api/2.0/boot-sources/{}/", stored.id),
    }
}
