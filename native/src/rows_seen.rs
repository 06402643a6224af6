//! What of a stored object somebody may see. An object that is seen now may have been another's before, and its history has
//! more in it than what doors show of it.

use model::access::{Actor, Object, Permission, permits};
use model::device::Device;
use model::event::{Event, EventLevel};
use model::id::{ResourcePoolId, SystemId, UserId};
use model::machine::Placement;
use model::notification::Notification;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What an actor may see of a row, which has no secrets in it; none when it may see nothing of it.
pub type RowSeen = fn(&Actor, Value) -> Option<Value>;

/// A machine.
#[must_use]
pub fn machine(actor: &Actor, row: Value) -> Option<Value> {
    let id: SystemId = member(&row, "system_id")?;
    let Placement { pool, owner, locked, .. } = member(&row, "placement")?;
    let object = Object::Machine { id: &id, pool, owner, locked };
    permits(actor, Permission::ReadMachine, &object).ok()?;
    Some(row)
}

/// A device.
#[must_use]
pub fn device(actor: &Actor, row: Value) -> Option<Value> {
    let Device { owner, .. } = read(&row)?;
    permits(actor, Permission::ReadDevice, &Object::Device { owner }).ok()?;
    Some(row)
}

/// An address that a user reserved.
#[must_use]
pub fn reserved_address(actor: &Actor, row: Value) -> Option<Value> {
    let may_see_all = || permits(actor, Permission::ListAllAddresses, &Object::Site).is_ok();
    (is_of(actor, &row) || may_see_all()).then_some(row)
}

/// A message.
#[must_use]
pub fn notification(actor: &Actor, row: Value) -> Option<Value> {
    let message: Notification = read(&row)?;
    let is_for = matches!(actor, Actor::User(asking, _) if message.is_for(asking));
    let may_see_all = || permits(actor, Permission::ReadAllNotifications, &Object::Site).is_ok();
    (is_for || may_see_all()).then_some(row)
}

/// Something that is its user's alone, a key.
#[must_use]
pub fn own(actor: &Actor, row: Value) -> Option<Value> {
    is_of(actor, &row).then_some(row)
}

/// An operation on many objects.
#[must_use]
pub fn operation(actor: &Actor, row: Value) -> Option<Value> {
    let may_see_all = || permits(actor, Permission::ManageOperations, &Object::Site).is_ok();
    (is_of(actor, &row) || may_see_all()).then_some(row)
}

/// A resource pool.
#[must_use]
pub fn pool(actor: &Actor, row: Value) -> Option<Value> {
    let id: ResourcePoolId = member(&row, "id")?;
    permits(actor, Permission::ReadPool, &Object::Pool { id }).ok()?;
    Some(row)
}

/// An event. Whether its machine is seen is asked where it is shown.
#[must_use]
pub fn event(actor: &Actor, row: Value) -> Option<Value> {
    let Event { level, .. } = read(&row)?;
    let may_read_audit = || permits(actor, Permission::ReadAudit, &Object::Site).is_ok();
    (level != EventLevel::Audit || may_read_audit()).then_some(row)
}

fn is_of(actor: &Actor, row: &Value) -> bool {
    let user: Option<UserId> = member(row, "user");
    matches!(actor, Actor::User(asking, _) if Some(asking.id) == user)
}

fn member<T: DeserializeOwned>(row: &Value, name: &str) -> Option<T> {
    serde_json::from_value(row.get(name)?.clone()).ok()
}

fn read<T: DeserializeOwned>(row: &Value) -> Option<T> {
    serde_json::from_value(row.clone()).ok()
}
