//! What people call the objects that rows name by number.
//!
//! Rows refer to each other by ids, which nobody knows. Who reads what a plan would do, or what was done, is told the names
//! that those objects have now; one that is gone keeps its number.

use model::controller::RackController;
use model::dns::domain::Domain;
use model::id::{
    AvailabilityZoneId, DomainId, FabricId, ResourcePoolId, SpaceId, SubnetId, SystemId, UserId,
    VlanId,
};
use model::machine::Machine;
use model::net::fabric::Fabric;
use model::net::space::Space;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::user::User;
use model::zone::AvailabilityZone;
use serde_json::Value;
use tables::audit;
use tables::read::Reads;

use crate::difference::{Difference, differences};
use crate::item::text_of;

/// What a row is called: its name, or what its table's rows are known by; none where it has nothing but an id.
#[must_use]
pub fn row(at: &impl Reads, table: &str, row: &Value) -> Option<String> {
    let of = |member: &str| Some(text_of(&named(at, member, row.get(member)?.clone())));
    match table {
        "vlan" => Some(format!("{} {}", of("fabric")?, of("vid")?)),
        "staticroute" => Some(format!("{} to {}", of("source")?, of("destination")?)),
        _ => audit::name_of(row),
    }
}

/// The name of the machine that a row is of whose key is that of a machine.
#[must_use]
pub fn of_machine(at: &impl Reads, id: &str) -> Option<String> {
    let id: SystemId = id.split('/').next()?.parse().ok()?;
    Some(at.get::<Machine>(&id).ok()??.hostname)
}

/// The members that differ, with the names of what they refer to.
#[must_use]
pub fn differing(at: &impl Reads, before: &Value, after: &Value) -> Vec<Difference> {
    let name = |found: Difference| {
        let Difference { pointer, before, after } = found;
        let member = pointer.rsplit('/').next().unwrap_or_default();
        let (before, after) = (named(at, member, before), named(at, member, after));
        Difference { pointer, before, after }
    };
    differences(before, after).into_iter().map(name).collect()
}

/// The value of a member, with names in place of ids, also in what it holds.
fn named(at: &impl Reads, member: &str, value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let named = |(name, value): (String, Value)| {
                let value = named(at, &name, value);
                (name, value)
            };
            members.into_iter().map(named).collect()
        }
        Value::Array(items) => items.into_iter().map(|item| named(at, member, item)).collect(),
        Value::Number(number) => {
            let id = number.as_u64().and_then(|id| u32::try_from(id).ok());
            id.and_then(|id| numbered(at, member, id)).map_or(Value::Number(number), Value::String)
        }
        Value::String(text) => {
            let is_rack =
                matches!(member, "rack" | "primary_rack" | "secondary_rack" | "further_racks");
            let known = is_rack.then(|| rack(at, &text)).flatten();
            Value::String(known.unwrap_or(text))
        }
        other @ (Value::Null | Value::Bool(_)) => other,
    }
}

/// The name of the object with an id that a member of that name refers to.
fn numbered(at: &impl Reads, member: &str, id: u32) -> Option<String> {
    match member {
        "pool" => Some(at.get::<ResourcePool>(&ResourcePoolId(id)).ok()??.name),
        "zone" => Some(at.get::<AvailabilityZone>(&AvailabilityZoneId(id)).ok()??.name),
        "domain" => Some(at.get::<Domain>(&DomainId(id)).ok()??.name),
        "user" | "owner" => Some(at.get::<User>(&UserId(id)).ok()??.username),
        "fabric" => Some(at.get::<Fabric>(&FabricId(id)).ok()??.name),
        "space" => Some(at.get::<Space>(&SpaceId(id)).ok()??.name),
        "subnet" | "source" | "destination" => {
            Some(at.get::<Subnet>(&SubnetId(id)).ok()??.cidr.to_string())
        }
        "vlan" => {
            let Vlan { fabric, vid, .. } = at.get::<Vlan>(&VlanId(id)).ok()??;
            Some(format!("{} {vid}", at.get::<Fabric>(&fabric).ok()??.name))
        }
        _ => None,
    }
}

fn rack(at: &impl Reads, id: &str) -> Option<String> {
    Some(at.get::<RackController>(&id.parse().ok()?).ok()??.hostname)
}
