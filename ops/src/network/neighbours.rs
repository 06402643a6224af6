//! What racks tell of hosts that use addresses on their links: which of it is kept, and for how long.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::id::{SystemId, VlanId};
use model::net::neighbour::{self, Neighbour, OF_RACK_MAX, OF_SUBNET_MAX, Sighting, is_forgotten};
use model::net::subnet::Subnet;
use model::time::Timestamp;

use crate::authorize::cause;
use crate::background;
use crate::error::Refusal;
use tables::error::TableError;
use tables::network::SUBNETS_OF_VLAN;
use tables::read::{Reads, View};
use tables::tx::Tx;
use tables::update::{Cause, Tables, now};

/// How many rows are read at once.
pub(crate) const PAGE: usize = 1_000;

/// How many rows one transaction removes.
const REMOVED_MAX: usize = 256;

/// Takes in hosts that a rack saw. What is on no link of the rack's, or in no subnet of the link, is left
/// out: networks change while a report is on its way.
///
/// # Errors
/// [`Refusal`].
pub async fn take_in(tables: &Tables, rack: &SystemId, seen: &[Sighting]) -> Result<(), Refusal> {
    let actor = Actor::Rack(rack.clone());
    permits(&actor, Permission::ServeMachines, &Object::Site)?;
    if seen.is_empty() {
        return Ok(());
    }
    tables
        .update(&cause(&actor, "neighbours.report"), |tx| {
            let reporter = tx.get::<RackController>(rack)?;
            let own = reporter.iter().flat_map(|rack| &rack.interfaces);
            let own: Vec<IpNet> = own.flat_map(|it| it.addresses.iter().copied()).collect();
            let mut links: BTreeMap<VlanId, Vec<IpNet>> = BTreeMap::new();
            for sighting in seen {
                let subnets = match links.entry(sighting.vlan) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(new) => {
                        new.insert(subnets_of(tx, sighting.vlan, &own)?)
                    }
                };
                if !subnets.iter().any(|subnet| subnet.contains(&sighting.ip)) {
                    continue;
                }
                let known = tx.get::<Neighbour>(&(sighting.ip, sighting.vlan))?;
                let wanted = neighbour::take_in(known.as_ref(), sighting, rack, tx.now());
                if let Some(neighbour) = wanted {
                    tx.put(&neighbour)?;
                }
            }
            Ok(())
        })
        .await
}

/// The subnets of a link, if a host with these addresses is on it.
fn subnets_of(tx: &Tx, vlan: VlanId, own: &[IpNet]) -> Result<Vec<IpNet>, TableError> {
    let subnets = tx.list_by(&SUBNETS_OF_VLAN, &vlan)?;
    let cidrs: Vec<IpNet> = subnets.iter().map(|subnet| subnet.cidr).collect();
    let is_on = cidrs.iter().any(|cidr| own.iter().any(|net| cidr.contains(&net.addr())));
    Ok(if is_on { cidrs } else { Vec::new() })
}

/// Removes hosts that nobody has seen for long, whose link or finder is no more, and the longest unseen of
/// too many.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn remove_old(tables: &Tables) -> Result<usize, TableError> {
    let view = tables.stale_view().await?;
    let at = now();
    let gone = background::run(move || surplus(&view, at)).await?;
    let cause = Cause::new("reconciler:discovery", "neighbours.forget");
    remove(tables, &cause, gone).await
}

/// Removes rows, as they were seen: one that was written meanwhile stays.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub(crate) async fn remove(
    tables: &Tables,
    cause: &Cause,
    seen: Vec<Neighbour>,
) -> Result<usize, TableError> {
    for part in seen.chunks(REMOVED_MAX) {
        tables
            .update(cause, |tx| {
                for neighbour in part {
                    let id = (neighbour.ip, neighbour.vlan);
                    if tx.get::<Neighbour>(&id)?.as_ref() == Some(neighbour) {
                        tx.delete::<Neighbour>(&id)?;
                    }
                }
                Ok::<_, TableError>(())
            })
            .await?;
    }
    Ok(seen.len())
}

/// All hosts, a page of rows at a time.
///
/// # Errors
/// [`TableError::Corrupt`].
pub(crate) fn all(view: &View) -> Result<Vec<Neighbour>, TableError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let ids = view.ids_after::<Neighbour>(after.as_ref(), PAGE);
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(found) };
        found.extend(view.rows_between::<Neighbour>(first, last)?);
        after = Some(*last);
    }
}

fn surplus(view: &View, at: Timestamp) -> Result<Vec<Neighbour>, TableError> {
    let racks = view.list::<RackController>()?;
    let racks: BTreeSet<SystemId> = racks.into_iter().map(|rack| rack.system_id).collect();
    let mut subnets: BTreeMap<VlanId, Vec<Subnet>> = BTreeMap::new();
    for subnet in view.list::<Subnet>()? {
        subnets.entry(subnet.vlan).or_default().push(subnet);
    }
    let mut known = all(view)?;
    // Those that were seen last stay.
    known.sort_by_key(|neighbour| std::cmp::Reverse(neighbour.last_seen));
    let (mut of_rack, mut of_subnet) = (BTreeMap::new(), BTreeMap::new());
    known.retain(|neighbour| {
        let mut of_vlan = subnets.get(&neighbour.vlan).into_iter().flatten();
        let subnet = of_vlan.find(|subnet| subnet.cidr.contains(&neighbour.ip));
        let Some(subnet) = subnet.filter(|_| racks.contains(&neighbour.rack)) else { return true };
        let rack: &mut usize = of_rack.entry(neighbour.rack.clone()).or_default();
        let count: &mut usize = of_subnet.entry(subnet.id).or_default();
        *rack += 1;
        *count += 1;
        is_forgotten(neighbour, at) || *rack > OF_RACK_MAX || *count > OF_SUBNET_MAX
    });
    Ok(known)
}
