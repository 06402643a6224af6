//! Allocation: gives a user a Ready machine that meets the constraints. The machine is compared in
//! the transaction, so two users never get the same one.

use std::sync::Arc;

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::event::EventLevel;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::interface::bridge::Bridge;
use model::machine::lifecycle::Event;
use model::machine::status::Status;
use model::user::User;

use crate::authorize::authorize;
use crate::error::Refusal;
use crate::machine::demands::Matches;
use crate::machine::filter::Filter;
use crate::machine::interfaces::bridges;
use crate::machine::placement;
use crate::machine::step::{self, Author};
use crate::site::events::{self, NewEvent};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::{MachineKey, size_of};

/// What allocations claim.
const CLAIM: &str = "machine";

/// What an allocation asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AllocateRequest {
    /// What the machine has to be.
    pub filter: Filter,
    /// The request as the caller wrote it, for the answer when nothing meets it.
    pub asked: Vec<(String, Vec<String>)>,
    /// The id of the machine that is asked for, for the same answer.
    pub system_id: Option<String>,
    /// What the owner's software calls itself.
    pub agent_name: String,
    /// Why, in the caller's words; an event says it.
    pub comment: Option<String>,
    /// Whether to tell only which machine it would be.
    pub dry_run: bool,
    /// What bridges are made of over its interfaces, if they are wanted.
    pub bridges: Option<Bridge>,
}

/// What an allocation gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// The machine.
    pub machine: Machine,
    /// What of it met the labels of the constraints.
    pub matches: Matches,
}

/// Allocates the smallest machine that meets the constraints, of those in pools that the actor may take from.
///
/// # Errors
/// [`Refusal::Message`] (409) when there is none; [`Refusal::Fields`] for names that there are not.
pub async fn allocate(
    tables: &Tables,
    actor: &Actor,
    request: &AllocateRequest,
) -> Result<Allocation, Refusal> {
    let cause = authorize(actor, Permission::AllocateMachine, "machine.allocate")?;
    let user = actor.user(Permission::AllocateMachine)?;
    tables.update(&cause, |tx| choose(tx, actor, user, request)).await
}

fn choose(
    tx: &mut Tx,
    actor: &Actor,
    user: &User,
    request: &AllocateRequest,
) -> Result<Allocation, Refusal> {
    request.filter.names_unknown(&tx.looking())?.finish()?;
    let Some(id) = find(tx, actor, request)? else {
        return Err(Refusal::with_message(Kind::Conflict, nothing_found(request)));
    };
    // Read again, so that it is compared. Where it has moved, the model was ahead of this view.
    let mut machine = tx.get::<Machine>(&id)?.ok_or_else(|| tx.moved(format!("machine {id}")))?;
    let is_ready = Status::of(&machine.lifecycle) == Status::Ready;
    if !is_ready || !may_take(actor, &machine) {
        return Err(tx.moved(format!("machine {id}")).into());
    }
    let matches = request.filter.matches_of(&tx.looking(), &machine)?;
    if request.dry_run {
        return Ok(Allocation { machine, matches });
    }
    placement::give_to(tx, user.id)?;
    machine.placement.owner = Some(user.id);
    machine.placement.agent_name.clone_from(&request.agent_name);
    machine.placement.annotations.clear();
    if let Some(bridge) = request.bridges {
        bridges::make(tx, &mut machine, bridge)?;
    }
    let author = Author::User(&user.username);
    step::advance(tx, &mut machine, &Event::Allocate, author)?;
    if let Some(comment) = &request.comment {
        let (kind, description) = ("User acquiring node", comment.clone());
        let event = NewEvent { kind, level: EventLevel::Info, description };
        events::record(tx, &machine, event, author)?;
    }
    Ok(Allocation { machine, matches })
}

/// Finds a Ready machine that meets the constraints, small ones first, so that the large ones stay for those
/// who need them. Allocations under way find different ones. Only the machines are looked at that the constraints name,
/// where these are fewer than those that are Ready.
fn find(tx: &Tx, actor: &Actor, request: &AllocateRequest) -> Result<Option<SystemId>, Refusal> {
    let state = tx.state();
    let looking = tx.looking();
    let ready = state.count_with(&MachineKey::Status(Status::Ready));
    let mut named = request.filter.candidates(&looking, ready)?;
    let candidates: Box<dyn Iterator<Item = &Arc<Machine>>> = match &mut named {
        Some(named) => {
            named.sort_by(|a, b| size_of(a).cmp(&size_of(b)));
            Box::new(named.iter())
        }
        None => Box::new(state.ready()),
    };
    let mut passed_over = tx.passed_over();
    let mut found = None;
    for machine in candidates {
        let id = &machine.system_id;
        let ready = Status::of(&machine.lifecycle) == Status::Ready;
        let mine = request.dry_run || !tx.is_claimed(CLAIM, id);
        if !ready
            || !mine
            || !may_take(actor, machine)
            || !request.filter.means(&looking, machine)?
        {
            continue;
        }
        found = Some(id.clone());
        if passed_over == 0 || request.dry_run {
            break;
        }
        passed_over -= 1;
    }
    match &found {
        Some(id) if !request.dry_run && !tx.claim(CLAIM, id) => Err(tx.moved("machine").into()),
        Some(_) | None => Ok(found),
    }
}

fn may_take(actor: &Actor, machine: &Machine) -> bool {
    permits(actor, Permission::AllocateMachine, &Object::of(machine)).is_ok()
}

/// MAAS's words, which clients search for.
fn nothing_found(request: &AllocateRequest) -> String {
    if request.filter.is_empty() {
        return "No machine available.".to_owned();
    }
    if let Some(system_id) = &request.system_id {
        return format!("No machine with system ID {system_id} available.");
    }
    let asked: Vec<String> = request
        .asked
        .iter()
        .map(|(name, values)| {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            format!("({}, [{}])", quoted(name), values.join(", "))
        })
        .collect();
    format!(
        "No available machine matches constraints: [{}] (resolved to \"{}\")",
        asked.join(", "),
        request.filter.described()
    )
}

/// A text as Python shows it.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n");
    match (text.contains('\''), text.contains('"')) {
        (true, false) => format!("\"{escaped}\""),
        (_, _) => format!("'{}'", escaped.replace('\'', "\\'")),
    }
}
