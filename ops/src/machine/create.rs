//! Machines that somebody makes: administrators as they want them. Everybody else only presents one, which waits as New
//! until an administrator accepts it.

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::event::EventLevel;
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::lifecycle::{Event, Kept, Lifecycle};
use model::machine::power::form::completed;
use model::machine::power::parameters::PowerParameters;
use model::machine::status::Status;

use crate::authorize::{author, authorize};
use crate::cluster::bootstrap::DEFAULT_POOL;
use crate::error::Refusal;
use crate::machine::enlist::{self, NewMachine};
use crate::machine::machines::{
    POWER_PARAMETERS, add_all, check_architecture, check_driver, check_hostname, mac_in_use,
    named_domain, named_pool, named_zone,
};
use crate::machine::{credentials, holders, placement, step};
use crate::site::events::{self, NewEvent};
use tables::machines::MACHINE_BY_MAC;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tables::views::machines::MachineKey;

/// So many machines wait to be accepted at most before others than administrators present more.
const WAITING_MAX: usize = 10_000;

/// So many interfaces a machine has at most that others than administrators present.
const MACS_MAX: usize = 32;

/// What is said to callers without a key: whoever knows a hardware address could have orders go to a BMC of its own.
const POWER_RESERVED: &str = "Only users say how a machine is switched: leave it out.";

/// What is said of what only administrators set.
pub const RESERVED: &str = "Only administrators set this: leave it out.";

/// A machine that somebody makes by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateRequest {
    /// The machine; its domain is named below.
    pub machine: NewMachine,
    /// Its domain, by name or id; the default one when there is none.
    pub domain: Option<String>,
    /// Its zone, by name or id; the default one when there is none.
    pub zone: Option<String>,
    /// Its pool, by name or id; the default one when there is none.
    pub pool: Option<String>,
    /// Whether commissioning starts at once.
    pub commission: bool,
    /// Whether it runs already, for who makes it: nothing is done to it then.
    pub deployed: bool,
}

/// Makes a machine; of others than those who may make machines in its pool, presents one.
///
/// # Errors
/// [`Refusal::Fields`]; [`Refusal::Message`] when too many wait.
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    request: &CreateRequest,
) -> Result<Machine, Refusal> {
    let cause = authorize(actor, Permission::EnlistMachine, "machine.create")?;
    // Who may make machines somewhere presents those that are for nowhere, as everybody does.
    let default = Object::Pool { id: DEFAULT_POOL };
    let wanted = if request.pool.is_some() { &Object::Site } else { &default };
    if permits(actor, Permission::EditMachine, wanted).is_err() {
        return present(tables, actor, &cause, request).await;
    }
    tables
        .update(&cause, |tx| {
            let mut machine = new(tx, request)?;
            if let Some(zone) = &request.zone {
                machine.placement.zone = named_zone(tx, zone)?;
            }
            if let Some(pool) = &request.pool {
                machine.placement.pool = named_pool(tx, pool)?;
            }
            permits(actor, Permission::EditMachine, &Object::Pool { id: machine.placement.pool })?;
            placement::mark(tx, None, &machine.placement);
            if request.deployed {
                adopt(tx, &mut machine, actor)?;
            } else if request.commission {
                let event = Event::Commission { keeps: Kept::default() };
                step::advance(tx, &mut machine, &event, author(actor))?;
            } else {
                step::write(tx, &mut machine)?;
            }
            Ok(machine)
        })
        .await
}

/// Presents a machine, which waits.
async fn present(
    tables: &Tables,
    actor: &Actor,
    cause: &Cause,
    request: &CreateRequest,
) -> Result<Machine, Refusal> {
    let mut errors = FieldErrors::default();
    for (name, is_set) in [
        ("zone", request.zone.is_some()),
        ("pool", request.pool.is_some()),
        ("deployed", request.deployed),
    ] {
        if is_set {
            errors.add(name, RESERVED);
        }
    }
    let is_unknown = *actor == Actor::Anonymous;
    if is_unknown && !request.machine.power.driver.is_empty() {
        errors.add("power_type", POWER_RESERVED);
    }
    if is_unknown && !request.machine.power.parameters.is_empty() {
        errors.add(POWER_PARAMETERS, POWER_RESERVED);
    }
    if request.machine.macs.len() > MACS_MAX {
        errors.add("mac_addresses", format!("At most {MACS_MAX} of a machine are presented."));
    }
    errors.finish()?;
    tables
        .update(cause, |tx| {
            if is_unknown && let Some(known) = waiting(tx, &request.machine)? {
                return Ok(known);
            }
            if tx.state().count_with(&MachineKey::Status(Status::New)) >= WAITING_MAX {
                let message = format!("{WAITING_MAX} machines wait to be accepted already.");
                return Err(Refusal::with_message(Kind::Exhausted, message));
            }
            let mut machine = new(tx, request)?;
            placement::mark(tx, None, &machine.placement);
            let description = format!("presented by {actor}");
            let event = NewEvent { kind: enlist::ENLISTED, level: EventLevel::Info, description };
            events::record(tx, &machine, event, author(actor))?;
            step::write(tx, &mut machine)?;
            Ok(machine)
        })
        .await
}

/// A machine as it is asked for, without writing it.
fn new(tx: &mut Tx, request: &CreateRequest) -> Result<Machine, Refusal> {
    let domain = request.domain.as_deref().map(|text| named_domain(tx, text)).transpose()?;
    let mut wanted = NewMachine { domain, ..request.machine.clone() };
    let driver = wanted.power.driver.as_str();
    // One that is found by its BMC says the rest itself, and one that runs already is asked nothing.
    let is_found = driver == "ipmi" || (request.deployed && driver.is_empty());
    check_new(tx, &mut wanted, is_found)?;
    Ok(enlist::new_machine(tx, &wanted)?)
}

/// The machine that is presented, when it waits already: it is known by an interface, and stays as it is. Whoever knows
/// an address could say what it is otherwise.
fn waiting(tx: &Tx, wanted: &NewMachine) -> Result<Option<Machine>, Refusal> {
    for mac in &wanted.macs {
        let found = tx.find(&MACHINE_BY_MAC, mac)?;
        let waits = |machine: &Machine| {
            matches!(Status::of(&machine.lifecycle), Status::New | Status::Commissioning)
        };
        if let Some(found) = found.filter(waits) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Makes a machine that runs already its maker's, with credentials for the system on it. Nothing is switched, and
/// its disk is what it boots from.
fn adopt(tx: &mut Tx, machine: &mut Machine, actor: &Actor) -> Result<(), Refusal> {
    let user = actor.user(Permission::EditMachine)?;
    placement::give_to(tx, user.id)?;
    machine.placement.owner = Some(user.id);
    machine.lifecycle = Lifecycle { since: Some(tx.now()), ..Lifecycle::of_running() };
    credentials::issue(tx, machine)?;
    Ok(step::write(tx, machine)?)
}

/// Power parameters are completed with the driver's defaults. One that is found says its architecture and interfaces itself.
fn check_new(tx: &Tx, wanted: &mut NewMachine, is_found: bool) -> Result<(), Refusal> {
    let mut errors = FieldErrors::default();
    if wanted.architecture.is_empty() {
        if !is_found {
            errors.add("architecture", "This field is required.");
        }
    } else if let Err(message) = check_architecture(&wanted.architecture) {
        errors.add("architecture", message);
    }
    let given = PowerParameters::default();
    match check_driver(&wanted.power.driver) {
        Err(message) => errors.add("power_type", message),
        Ok(()) => match completed(&wanted.power.driver, &given, &wanted.power.parameters) {
            Ok(parameters) => wanted.power.parameters = parameters,
            Err(messages) => add_all(&mut errors, POWER_PARAMETERS, messages),
        },
    }
    if wanted.macs.is_empty() && !is_found {
        errors.add("mac_addresses", "One or more MAC addresses is invalid.");
    }
    check_macs(tx, &wanted.macs, &mut errors)?;
    if let Some(hostname) = &wanted.hostname
        && let Err(message) = check_hostname(tx, hostname, None)?
    {
        errors.add("hostname", message);
    }
    Ok(errors.finish()?)
}

/// Every address is that of one interface, which nobody has.
fn check_macs(tx: &Tx, macs: &[MacAddress], errors: &mut FieldErrors) -> Result<(), Refusal> {
    for (position, mac) in macs.iter().enumerate() {
        if !mac.is_unicast() {
            errors.add("mac_addresses", format!("'{mac}' is not the address of one interface."));
        }
        if macs[..position].contains(mac) {
            errors.add("mac_addresses", format!("MAC address {mac} is given twice."));
        }
        if let Some(holder) = holders::of_mac(tx, *mac)? {
            errors.add("mac_addresses", mac_in_use(*mac, &holder));
        }
    }
    Ok(())
}
