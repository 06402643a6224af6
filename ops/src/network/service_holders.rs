//! Who holds the service addresses of VLANs.

use std::collections::BTreeMap;

use model::access::Actor;
use model::controller::RackController;
use model::event::EventLevel;
use model::id::{SystemId, VlanId};
use model::net::service_address::{Choice, Rack, ServiceHolder, Voucher, choose};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use tables::error::TableError;
use tables::network::SUBNETS_OF_VLAN;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

use crate::authorize::cause;
use crate::network::link_names::vlan_in_words;
use crate::site::events::{NewEvent, record_of_controller};

/// The region that vouches for racks, as the leader of a term.
#[derive(Debug, Clone, Copy)]
pub struct Vouches {
    /// The term.
    pub term: u64,
    /// Its Raft node id.
    pub node_id: u64,
}

/// Has it known that a region vouches for racks from now on. False when another one does, in a later term.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn begin(tables: &Tables, vouches: Vouches) -> Result<bool, TableError> {
    let cause = cause(&Actor::Reconciler("service-addresses"), "rack.vouch");
    tables
        .update(&cause, |tx: &mut Tx| -> Result<bool, TableError> {
            let Vouches { term, node_id } = vouches;
            if tx.get::<Voucher>(&0)?.is_some_and(|known| known.term > term) {
                return Ok(false);
            }
            tx.put(&Voucher { term, node_id })?;
            Ok(true)
        })
        .await
}

/// Names who holds the service addresses of all VLANs. `is_there` says of a rack whether it is, if that is known. Nothing is done
/// when another region vouches by now.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn name(
    tables: &Tables,
    vouches: Vouches,
    is_there: &impl Fn(&SystemId) -> Option<bool>,
) -> Result<(), TableError> {
    let due = due(tables, is_there).await?;
    if due.is_empty() {
        return Ok(());
    }
    let cause = cause(&Actor::Reconciler("service-addresses"), "vlan.service-holder");
    tables
        .update(&cause, |tx: &mut Tx| -> Result<(), TableError> {
            // What another region has begun is not undone by one that stood still meanwhile.
            if tx.get::<Voucher>(&0)?.map(|known| known.term) != Some(vouches.term) {
                return Ok(());
            }
            due.iter().try_for_each(|id| name_one(tx, *id, is_there))
        })
        .await
}

/// The VLANs whose service addresses are to be held by another rack, or by none.
async fn due(
    tables: &Tables,
    is_there: &impl Fn(&SystemId) -> Option<bool>,
) -> Result<Vec<VlanId>, TableError> {
    let (view, now) = (tables.stale_view().await?, tables.clock().now()?);
    let holders = view.list::<ServiceHolder>()?.into_iter();
    let mut holders: BTreeMap<_, _> = holders.map(|holder| (holder.vlan, holder)).collect();
    let mut due = Vec::new();
    for vlan in view.list::<Vlan>()? {
        let holder = holders.remove(&vlan.id);
        let known = |rack: &SystemId| standing(&view, &vlan, is_there, rack);
        if choose(&vlan, holder.as_ref(), known, now) != Choice::Stays {
            due.push(vlan.id);
        }
    }
    // What is left is of VLANs that are gone.
    due.extend(holders.into_keys());
    Ok(due)
}

fn name_one(
    tx: &mut Tx,
    id: VlanId,
    is_there: &impl Fn(&SystemId) -> Option<bool>,
) -> Result<(), TableError> {
    let holder = tx.get::<ServiceHolder>(&id)?;
    let since = tx.now();
    let vlan = tx.get::<Vlan>(&id)?;
    let known = |rack: &SystemId| match &vlan {
        Some(vlan) => standing(&*tx, vlan, is_there, rack),
        None => Rack::Unsure,
    };
    let Some(vlan) = &vlan else { return tx.delete::<ServiceHolder>(&id).map(drop) };
    match choose(vlan, holder.as_ref(), known, since) {
        Choice::Stays => Ok(()),
        Choice::Nobody => tx.delete::<ServiceHolder>(&id).map(drop),
        Choice::Ends => tx.put(&ServiceHolder { vlan: id, rack: None, since }),
        Choice::Takes(rack) => {
            tx.put(&ServiceHolder { vlan: id, rack: Some(rack.clone()), since })?;
            tell(tx, vlan, rack, holder.and_then(|holder| holder.rack).as_ref())
        }
    }
}

/// What is known of a rack as one that may hold the service addresses of a VLAN.
fn standing(
    at: &impl Reads,
    vlan: &Vlan,
    is_there: &impl Fn(&SystemId) -> Option<bool>,
    rack: &SystemId,
) -> Rack {
    match is_there(rack) {
        Some(false) => Rack::Gone,
        Some(true) if can_hold(at, vlan, rack).unwrap_or(false) => Rack::Ready,
        Some(true) | None => Rack::Unsure,
    }
}

/// Whether a rack can hold addresses, and has an interface on the VLAN.
fn can_hold(at: &impl Reads, vlan: &Vlan, rack: &SystemId) -> Result<bool, TableError> {
    let rack = at.get::<RackController>(rack)?.filter(|rack| rack.holds_service_addresses);
    let Some(rack) = rack else { return Ok(false) };
    let subnets = at.list_by(&SUBNETS_OF_VLAN, &vlan.id)?;
    let lies_in = |subnet: &Subnet| {
        let mut addresses = rack.interfaces.iter().flat_map(|own| &own.addresses);
        addresses.any(|own| subnet.cidr.contains(&own.addr()))
    };
    Ok(subnets.iter().any(lies_in))
}

fn tell(
    tx: &mut Tx,
    vlan: &Vlan,
    rack: &SystemId,
    before: Option<&SystemId>,
) -> Result<(), TableError> {
    let addresses: Vec<String> = vlan.service_addresses.iter().map(ToString::to_string).collect();
    let of = vlan_in_words(&tx.looking(), vlan.id)?;
    let what = format!("{} of {of}", addresses.join(" and "));
    let (level, description) = match before {
        Some(before) => {
            let before = hostname(tx, before)?;
            (EventLevel::Warning, format!("{what}, because rack {before} is away"))
        }
        None => (EventLevel::Info, what),
    };
    let event = NewEvent { kind: "Service address taken", level, description };
    let hostname = hostname(tx, rack)?;
    record_of_controller(tx, (rack, hostname), event)
}

fn hostname(tx: &Tx, rack: &SystemId) -> Result<String, TableError> {
    let row = tx.looking().get::<RackController>(rack)?;
    Ok(row.map_or_else(|| rack.to_string(), |row| row.hostname))
}
