//! Machines: what operators set of them, and never what they went through.
//!
//! A machine is written all the time, by what it reports. So what counts is whether that which the revision changed is as it left it.

use std::collections::BTreeSet;

use bytes::Bytes;
use model::access::{Actor, Object, Permission, permits};
use model::dns::domain::Domain;
use model::error::Kind as ErrorKind;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::disk::BlockDevice;
use model::machine::interface::{Interface, Settings};
use model::machine::lifecycle::Phase;
use model::machine::status::Status;
use model::machine::storage::Storage;
use model::pool::ResourcePool;
use model::tag::Tag;
use model::zone::AvailabilityZone;
use tables::error::TableError;
use tables::read::Reads;
use tables::row::{Row, decode_with, id_of_row_or_part, part_key, row_key};
use tables::tx::Tx;

use crate::error::Refusal;
use crate::machine::machines::{self, check_hostname};
use crate::machine::{placement, step};
use crate::site::undo::addresses::check_links;
use crate::site::undo::changed_since::Changed;
use crate::site::undo::failure::Failure;
use crate::site::undo::kind::{Change, Step, change, present};
use crate::site::undo::past::Past;

/// A machine before a revision and after it.
pub(super) struct MachineStep {
    keys: Vec<Bytes>,
    /// Those that the revision wrote.
    written: Vec<Bytes>,
    revision: u64,
    before: Option<Machine>,
    after: Option<Machine>,
}

/// Whether a table has machines or parts of them.
pub(super) fn is_of_them(table: &str) -> bool {
    table == Machine::TABLE || Machine::PARTS.iter().any(|part| part.table == table)
}

/// The refusal of what cannot be given back.
pub(super) fn went_through() -> Refusal {
    let message = "What a machine went through is not undone: release and deploy again.";
    Refusal::with_message(ErrorKind::Conflict, message)
}

/// What is to be done to the machines that a revision changed.
///
/// # Errors
/// 409 when one went through something, or was removed.
pub(super) fn steps(past: &Past) -> Result<Vec<MachineStep>, Refusal> {
    let ids: BTreeSet<SystemId> =
        past.changes.keys().filter_map(|key| id_of_row_or_part::<Machine>(key)).collect();
    let mut steps = Vec::with_capacity(ids.len());
    for id in ids {
        let parts = Machine::PARTS.iter().map(|part| part_key::<Machine>(part, &id));
        let keys: Vec<Bytes> = std::iter::once(row_key::<Machine>(&id)).chain(parts).collect();
        let before =
            read(past, &keys, |change| change.before.as_ref().map(|was| was.value.clone()))?;
        let after = read(past, &keys, |change| change.after.clone())?;
        let written = keys.iter().filter(|key| past.changes.contains_key(*key)).cloned().collect();
        let step = MachineStep { keys, written, revision: past.revision, before, after };
        match (&step.before, &step.after) {
            (Some(_), None) => {
                let message = "A machine that was deleted is not made again: its keys and secrets are gone. Enlist it.";
                return Err(Refusal::with_message(ErrorKind::Conflict, message));
            }
            (Some(before), Some(after)) if !is_set_by_operators(before, after) => {
                return Err(went_through());
            }
            (Some(before), Some(after)) if with_set_of(after, before) == *after => continue,
            _ => {}
        }
        steps.push(step);
    }
    Ok(steps)
}

/// A machine as it was before the revision or after it.
fn read(
    past: &Past,
    keys: &[Bytes],
    side: impl Fn(&raft_store::past::records::PastChange) -> Option<Bytes>,
) -> Result<Option<Machine>, TableError> {
    let value = |key: &Bytes| match past.changes.get(key) {
        Some(change) => side(change),
        None => past.then.get(key).map(|found| found.value),
    };
    let Some(stored) = keys.first().and_then(&value) else { return Ok(None) };
    decode_with::<Machine>(&keys[0], &stored, value).map(Some)
}

/// Whether two forms of a machine differ only in what operators set.
fn is_set_by_operators(before: &Machine, after: &Machine) -> bool {
    let same_hardware = hardware(before).eq(hardware(after));
    let both = with_set_of(before, after);
    same_hardware && Machine { updated: after.updated, ..both } == *after
}

/// The hardware of a machine's interfaces.
fn hardware(machine: &Machine) -> impl Iterator<Item = Interface> {
    let physical = machine.interfaces.iter().filter(|interface| interface.kind.is_physical());
    physical.map(plain)
}

/// An interface without what operators set of it.
fn plain(interface: &Interface) -> Interface {
    let mut plain = interface.clone();
    plain.links.clear();
    plain.tags.clear();
    plain.name.clear();
    plain.vlan = None;
    plain.enabled = true;
    plain.settings = Settings::default();
    plain
}

/// A machine with what operators set as another form of it has it.
fn with_set_of(machine: &Machine, of: &Machine) -> Machine {
    let mut machine = machine.clone();
    machine.hostname.clone_from(&of.hostname);
    machine.description.clone_from(&of.description);
    machine.placement.domain = of.placement.domain;
    machine.placement.zone = of.placement.zone;
    machine.placement.pool = of.placement.pool;
    machine.placement.tags.clone_from(&of.placement.tags);
    machine.placement.locked = of.placement.locked;
    machine.placement.annotations.clone_from(&of.placement.annotations);
    machine.interfaces.clone_from(&of.interfaces);
    machine.block_devices.clone_from(&of.block_devices);
    machine.storage.clone_from(&of.storage);
    machine
}

/// The disks of a machine with what is made of them: neither is taken back without the other.
fn disks(machine: &Machine) -> (Vec<BlockDevice>, Storage) {
    (machine.block_devices.clone(), machine.storage.clone())
}

/// Sets a field back that the revision changed; false when it is not as the revision left it.
fn back<T: Clone + PartialEq>(now: &mut T, before: &T, after: &T) -> bool {
    if before == after {
        return true;
    }
    let is_as_left = now == after;
    now.clone_from(before);
    is_as_left
}

/// A machine with what the revision changed as it was before; none when something of that was changed since.
fn taken_back(now: &Machine, before: &Machine, after: &Machine) -> Option<Machine> {
    let mut made = now.clone();
    let mut drives = disks(now);
    let (place, was, is) = (&mut made.placement, &before.placement, &after.placement);
    let all = [
        back(&mut place.domain, &was.domain, &is.domain),
        back(&mut place.zone, &was.zone, &is.zone),
        back(&mut place.pool, &was.pool, &is.pool),
        back(&mut place.tags, &was.tags, &is.tags),
        back(&mut place.locked, &was.locked, &is.locked),
        back(&mut place.annotations, &was.annotations, &is.annotations),
        back(&mut made.hostname, &before.hostname, &after.hostname),
        back(&mut made.description, &before.description, &after.description),
        back(&mut made.interfaces, &before.interfaces, &after.interfaces),
        back(&mut drives, &disks(before), &disks(after)),
    ];
    (made.block_devices, made.storage) = drives;
    all.iter().all(|is_as_left| *is_as_left).then_some(made)
}

impl MachineStep {
    /// Whether the revision made it.
    pub(super) fn makes(&self) -> bool {
        self.before.is_none()
    }

    fn machine(&self) -> Option<&Machine> {
        self.before.as_ref().or(self.after.as_ref())
    }

    fn changed(&self) -> Changed {
        Changed { kind: "machine", name: self.name(), keys: self.written.clone() }
    }
}

impl Step for MachineStep {
    fn kind(&self) -> &'static str {
        "machine"
    }

    fn name(&self) -> String {
        self.machine().map(|machine| machine.hostname.clone()).unwrap_or_default()
    }

    fn change(&self) -> Change {
        change(self.before.is_some(), self.after.is_some())
    }

    fn is_as_left(&self, tx: &Tx) -> Result<(), Changed> {
        let Some(before) = &self.before else {
            // Whatever it went through since is lost with it.
            let later =
                |key: &Bytes| tx.value(key).is_some_and(|stored| stored.revision > self.revision);
            let is_gone = tx.value(&self.keys[0]).is_none();
            let is_left = !is_gone && !self.keys.iter().any(later);
            return if is_left { Ok(()) } else { Err(self.changed()) };
        };
        let id = &before.system_id;
        let now = tx.get::<Machine>(id).ok().flatten();
        let back = now.zip(self.after.as_ref());
        let back = back.and_then(|(now, after)| taken_back(&now, before, after));
        back.map(|_| ()).ok_or_else(|| self.changed())
    }

    fn allow(&self, tx: &Tx, actor: &Actor) -> Result<(), Refusal> {
        let Some(machine) = self.machine() else { return Ok(()) };
        let now = machines::find(tx, &machine.system_id)?;
        let object = Object::of(&now);
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return Ok(permits(actor, Permission::EditMachine, &object)?);
        };
        if before.placement.locked != after.placement.locked {
            permits(actor, Permission::LockMachine, &object)?;
        }
        if before.placement.tags != after.placement.tags {
            permits(actor, Permission::ManageGroups, &Object::Site)?;
        }
        let mut like = before.clone();
        like.placement.locked = after.placement.locked;
        like.placement.tags.clone_from(&after.placement.tags);
        if with_set_of(&like, after) != like {
            permits(actor, Permission::EditMachine, &object)?;
        }
        Ok(())
    }

    fn put(&self, tx: &mut Tx) -> Result<(), Failure> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return Ok(()) };
        let now = machines::find(tx, &before.system_id)?;
        if let Some(mut machine) = taken_back(&now, before, after) {
            placement::mark(tx, Some(&now.placement), &machine.placement);
            step::write(tx, &mut machine).map_err(Refusal::from)?;
        }
        Ok(())
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Failure> {
        let Some(machine) = &self.after else { return Ok(()) };
        let machine = machines::find(tx, &machine.system_id)?;
        Ok(machines::remove(tx, &machine)?)
    }

    fn check(&self, tx: &mut Tx, _: &Actor) -> Result<(), Failure> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return Ok(()) };
        let machine = machines::find(tx, &before.system_id)?;
        if before.hostname != after.hostname {
            check_name(tx, &machine)?;
        }
        present::<Domain>(tx, &machine.placement.domain, "domain")?;
        present::<AvailabilityZone>(tx, &machine.placement.zone, "zone")?;
        present::<ResourcePool>(tx, &machine.placement.pool, "pool")?;
        let others = before.placement.tags.iter().filter(|tag| !after.placement.tags.contains(tag));
        for tag in others {
            present::<Tag>(tx, tag, &format!("tag {tag}"))?;
        }
        if before.interfaces != after.interfaces {
            check_links(tx, &before.interfaces, &after.interfaces)?;
        }
        if disks(before) != disks(after) {
            check_disks(&machine)?;
        }
        Ok(())
    }
}

/// Whether the disks of a machine may be laid out as they were.
fn check_disks(machine: &Machine) -> Result<(), Refusal> {
    if matches!(Status::of(&machine.lifecycle), Status::Ready | Status::Allocated) {
        return Ok(());
    }
    let message = "Disks are laid out only while a machine is Ready or Allocated.";
    Err(Refusal::with_message(ErrorKind::Conflict, message))
}

/// Whether a machine may be called what it was called.
fn check_name(tx: &Tx, machine: &Machine) -> Result<(), Refusal> {
    let refused = |message: String| Refusal::with_message(ErrorKind::Conflict, message);
    check_hostname(tx, &machine.hostname, Some(&machine.system_id))?.map_err(refused)?;
    let phase = machine.lifecycle.lasting_phase();
    if matches!(phase, Phase::Deploying | Phase::Deployed) {
        let message = "Can't change hostname: machine is deployed or deploying.";
        return Err(refused(message.to_owned()));
    }
    Ok(())
}
