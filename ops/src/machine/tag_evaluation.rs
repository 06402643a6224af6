//! Compares definitions of tags with hardware, a bounded number of machines at a time.
//!
//! What is due is a row ([`TagEvaluation`]), written with what makes it due: a definition, or what a
//! machine printed. A step reads at a view, evaluates in the background, and commits what it found
//! with how far it came. The transaction compares the definition and the row, so a step that is overtaken
//! by another leader or another definition changes nothing.

use model::id::SystemId;
use model::machine::Machine;
use model::machine::output::ToolOutput;
use model::tag::{Due, Tag, TagEvaluation};

use crate::background;
use crate::machine::tag_definition::{Definition, Hardware};
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::row::Row;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// How many machines a step looks at.
const MACHINES_MAX: usize = 64;

/// The tool that describes hardware.
const LSHW: &str = "lshw";

/// What a step found of a machine: the tags with a definition, and whether it meets them.
struct Found {
    machine: SystemId,
    tags: Vec<(String, bool)>,
}

/// Notes that a tag has to be evaluated over all machines, in the transaction that sets its definition.
///
/// # Errors
/// As [`Tx::put`].
pub(crate) fn definition_changed(tx: &mut Tx, tag: &str) -> Result<(), TableError> {
    tx.put(&TagEvaluation::of(Due::Tag(tag.to_owned()), tx.revision()))
}

/// Notes that all definitions have to be evaluated over a machine, in the transaction that keeps what
/// it printed.
///
/// # Errors
/// As [`Tx::put`].
pub(crate) fn hardware_changed(tx: &mut Tx, machine: &SystemId) -> Result<(), TableError> {
    tx.put(&TagEvaluation::of(Due::Machine(machine.clone()), tx.revision()))
}

/// Takes one step of each kind of work that is due; false when none is. That of a tag is first: it may
/// write what a machine's own, which is newer, corrects.
///
/// # Errors
/// [`TableError`].
pub async fn go_on(tables: &Tables) -> Result<bool, TableError> {
    let view = tables.view().await?;
    let due = view.list::<TagEvaluation>()?;
    let of_machine = due.iter().find(|row| matches!(row.due, Due::Machine(_)));
    let of_tag = due.iter().find(|row| matches!(row.due, Due::Tag(_)));
    for row in of_tag.into_iter().chain(of_machine) {
        step(tables, &view, row).await?;
    }
    Ok(!due.is_empty())
}

async fn step(tables: &Tables, view: &View, row: &TagEvaluation) -> Result<(), TableError> {
    let (tags, machines) = match &row.due {
        Due::Tag(name) => {
            let tags: Vec<Tag> = view.get::<Tag>(name)?.into_iter().collect();
            (tags, view.ids_after::<Machine>(row.after.as_ref(), MACHINES_MAX))
        }
        Due::Machine(id) => (view.list::<Tag>()?, vec![id.clone()]),
    };
    let tags: Vec<Tag> = tags.into_iter().filter(|tag| !tag.definition.is_empty()).collect();
    let is_last = machines.len() < MACHINES_MAX;
    let after = machines.last().cloned();
    let mut found = Vec::new();
    if !tags.is_empty() {
        for machine in machines {
            let (view, tags) = (view.clone(), tags.clone());
            found.push(background::run(move || evaluate(&view, machine, &tags)).await?);
        }
    }
    let is_done = found.is_empty() || is_last;
    let next = (!is_done).then(|| TagEvaluation { after, ..row.clone() });
    let cause = Cause::new("reconciler:tags", "tag.evaluate");
    tables.update(&cause, |tx| commit(tx, row, &tags, &found, next.as_ref())).await
}

/// One piece of background work: a machine.
fn evaluate(view: &View, machine: SystemId, tags: &[Tag]) -> Result<Found, TableError> {
    let output = view.get::<ToolOutput>(&(machine.clone(), LSHW.to_owned()))?;
    let hardware = output.map_or_else(Hardware::unknown, |output| Hardware::read(output.text));
    let is_met = |tag: &Tag| {
        // One that an earlier version took and this one cannot read is met by nothing.
        Definition::parse(&tag.definition).is_ok_and(|definition| definition.is_met(&hardware))
    };
    let tags = tags.iter().map(|tag| (tag.name.clone(), is_met(tag))).collect();
    Ok(Found { machine, tags })
}

/// Nothing, when the definitions or what is due are not what was evaluated.
fn commit(
    tx: &mut Tx,
    row: &TagEvaluation,
    tags: &[Tag],
    found: &[Found],
    next: Option<&TagEvaluation>,
) -> Result<(), TableError> {
    if tx.get::<TagEvaluation>(&row.id())?.as_ref() != Some(row) {
        return Ok(());
    }
    for tag in tags {
        let same = |now: Tag| now.definition == tag.definition;
        if !tx.get::<Tag>(&tag.name)?.is_some_and(same) {
            return Ok(());
        }
    }
    for Found { machine, tags } in found {
        let Some(mut machine) = tx.get::<Machine>(machine)? else { continue };
        let before = machine.placement.tags.clone();
        for (tag, is_met) in tags {
            let carried = &mut machine.placement.tags;
            if *is_met && !carried.contains(tag) {
                carried.push(tag.clone());
            } else if !*is_met {
                carried.retain(|name| name != tag);
            }
        }
        if machine.placement.tags != before {
            tx.put(&machine)?;
        }
    }
    match next {
        Some(next) => tx.put(next),
        None => tx.delete::<TagEvaluation>(&row.id()).map(drop),
    }
}

#[cfg(test)]
pub(crate) mod tests;
