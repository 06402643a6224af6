//! Names the racks that hold the service addresses of VLANs, as the leader knows racks ([`crate::vouching`]).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use model::id::SystemId;
use model::net::service_address::ServiceHolder;
use model::net::vlan::Vlan;
use ops::network::service_holders::{self, Vouches};
use tables::error::TableError;
use tables::read::Reads;
use tables::row::prefix;
use tables::update::Tables;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use crate::vouching::ledger::{Heard, Ledger};

/// How often it is looked whether a rack is gone.
const INTERVAL: Duration = Duration::from_millis(250);

/// Runs until cancelled.
pub(crate) async fn run(tables: Tables, node_id: u64, ledger: Ledger, shutdown: CancellationToken) {
    let schedule = Schedule {
        name: "service addresses",
        prefixes: vec![prefix::<Vlan>()],
        interval: INTERVAL,
    };
    let pass = || pass(&tables, node_id, &ledger);
    driver::run(tables.store().clone(), schedule, shutdown, pass).await;
}

async fn pass(tables: &Tables, node_id: u64, ledger: &Ledger) -> Result<(), TableError> {
    let leadership = *tables.store().leadership().borrow();
    let view = tables.stale_view().await?;
    let vlans = view.list::<Vlan>()?;
    let holders = view.list::<ServiceHolder>()?;
    let has_any = vlans.iter().any(|vlan| !vlan.service_addresses.is_empty());
    if !leadership.leading || (!has_any && holders.is_empty()) {
        return Ok(());
    }
    let vouches = Vouches { term: leadership.term, node_id };
    if !ledger.leads_in(vouches.term) {
        if service_holders::begin(tables, vouches).await? {
            ledger.lead(vouches.term, Instant::now());
        }
        return Ok(());
    }
    let named = holders.iter().filter_map(|holder| holder.rack.clone());
    let racks: BTreeSet<SystemId> =
        vlans.iter().flat_map(|vlan| vlan.racks().cloned()).chain(named).collect();
    let judgement = ledger.judge(vouches.term, racks, Instant::now());
    let is_there = |rack: &SystemId| match judgement.of(rack) {
        Heard::Lately => Some(true),
        Heard::Unsure => None,
        Heard::Gone => Some(false),
    };
    service_holders::name(tables, vouches, &is_there).await
}
