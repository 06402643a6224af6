//! Allocation: gives a user a Ready machine that meets the constraints. The machine is compared in
//! the transaction, so two users never get the same one.

use model::access::{Actor, Permission};
use model::error::Kind;
use model::machine::Machine;
use model::machine::lifecycle::Event;
use model::machine::status::Status;
use model::user::User;

use crate::authorize::authorize;
use crate::error::Refusal;
use crate::machine::filter::{Filter, facts};
use crate::machine::step::{self, Author};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// What an allocation asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AllocateRequest {
    /// What the machine has to be.
    pub filter: Filter,
    /// The constraints as the caller wrote them, for the answer when nothing meets them.
    pub asked: Vec<(String, Vec<String>)>,
    /// What the owner's software calls itself.
    pub agent_name: String,
    /// Whether to tell only which machine it would be.
    pub dry_run: bool,
}

/// Allocates the smallest machine that meets the constraints.
///
/// # Errors
/// [`Refusal::Message`] (409) when there is none; [`Refusal::Message`] (400) for unknown tags.
pub async fn allocate(
    tables: &Tables,
    actor: &Actor,
    request: &AllocateRequest,
) -> Result<Machine, Refusal> {
    let cause = authorize(actor, Permission::AllocateMachine, "machine.allocate")?;
    let user = actor.user(Permission::AllocateMachine)?;
    tables.update(&cause, |tx| choose(tx, user, request)).await
}

fn choose(tx: &mut Tx, user: &User, request: &AllocateRequest) -> Result<Machine, Refusal> {
    let unknown = request.filter.unknown_tags(tx)?;
    if !unknown.is_empty() {
        let message = format!("No such tag(s): '{}'.", unknown.join("', '"));
        return Err(Refusal::field("tags", message));
    }
    let mut found = Vec::new();
    for machine in tx.list::<Machine>()? {
        let ready = Status::of(&machine.lifecycle) == Status::Ready;
        if ready && request.filter.matches(&machine, &facts(tx, &machine)?) {
            found.push(machine);
        }
    }
    // Small machines first, so that the large ones stay for those who need them.
    found.sort_by_key(|machine| {
        let hardware = &machine.hardware;
        (hardware.cpu_count, hardware.memory_mib, machine.created, machine.system_id.clone())
    });
    let Some(mut machine) = found.into_iter().next() else {
        return Err(Refusal::with_message(Kind::Conflict, nothing_found(request)));
    };
    if request.dry_run {
        return Ok(machine);
    }
    machine.placement.owner = Some(user.id);
    machine.placement.agent_name.clone_from(&request.agent_name);
    step::advance(tx, &mut machine, &Event::Allocate, Author::User(&user.username))?;
    Ok(machine)
}

/// MAAS's words, which clients search for.
fn nothing_found(request: &AllocateRequest) -> String {
    if request.filter.is_empty() {
        return "No machine available.".to_owned();
    }
    let quoted = |values: &[String]| format!("['{}']", values.join("', '"));
    let asked: Vec<String> = request
        .asked
        .iter()
        .map(|(name, values)| format!("('{name}', {})", quoted(values)))
        .collect();
    let resolved: Vec<String> =
        request.asked.iter().map(|(name, values)| format!("{name}={}", values.join(","))).collect();
    format!(
        "No available machine matches constraints: [{}] (resolved to \"{}\")",
        asked.join(", "),
        resolved.join(" ")
    )
}
