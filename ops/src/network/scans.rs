//! Searches for hosts: which rack searches which networks, asked for by users or by the time.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net};
use model::access::{Actor, Permission};
use model::controller::RackController;
use model::error::Kind;
use model::id::SystemId;
use model::net::scan::{LastScan, NetworkScan, is_on, on_links, searchable};
use model::net::subnet::Subnet;
use model::setting::typed::{ACTIVE_DISCOVERY_INTERVAL, NETWORK_DISCOVERY};
use model::time::Timestamp;

use crate::authorize::{authorize, cause};
use crate::cluster::controllers::is_connected;
use crate::error::Refusal;
use crate::site::settings;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Tables, now};

/// Numbers searches.
const COUNTER: &str = "network-scan";

/// A search that a user asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanRequest {
    /// The networks; all that racks are on when there is none.
    pub networks: Vec<IpNet>,
    /// Whether with few packets a second.
    pub slow: bool,
}

/// A rack as the answer names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRack {
    /// Its id.
    pub system_id: SystemId,
    /// Its name.
    pub hostname: String,
    /// The version of its program.
    pub version: String,
}

/// What became of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanStarted {
    /// The racks that search.
    pub started: Vec<AskedRack>,
    /// The racks that search already.
    pub busy: Vec<AskedRack>,
    /// The racks that have no session with a region.
    pub away: Vec<AskedRack>,
    /// The racks whose program is too old to search.
    pub unable: Vec<AskedRack>,
}

/// Has racks search networks for hosts.
///
/// # Errors
/// [`Refusal`] when discovery is switched off, or a network cannot be searched.
pub async fn start(
    tables: &Tables,
    actor: &Actor,
    request: &ScanRequest,
) -> Result<ScanStarted, Refusal> {
    let cause = authorize(actor, Permission::ScanNetworks, "network.scan")?;
    let wanted = request.networks.iter().map(|net| searchable(*net)).collect::<Result<Vec<_>, _>>();
    let wanted = wanted.map_err(|why| Refusal::field("cidr", why.to_string()))?;
    tables
        .update(&cause, |tx| {
            if !settings::read(tx, &NETWORK_DISCOVERY)? {
                let message = "Network discovery is disabled, so racks look for no hosts: set \
                               network_discovery=enabled.";
                return Err(Refusal::with_message(Kind::Invalid, message));
            }
            let racks = tx.list::<RackController>()?;
            check_reached(&racks, &wanted)?;
            let mut outcome = ScanStarted::default();
            for rack in &racks {
                let networks = on_links(&addresses(rack), &wanted);
                if networks.is_empty() {
                    continue;
                }
                let asked = AskedRack {
                    system_id: rack.system_id.clone(),
                    hostname: rack.hostname.clone(),
                    version: rack.version.clone(),
                };
                if !is_connected(rack) {
                    outcome.away.push(asked);
                } else if !rack.searches_for_hosts {
                    outcome.unable.push(asked);
                } else if is_busy(tx, &rack.system_id)? {
                    outcome.busy.push(asked);
                } else {
                    put(tx, &rack.system_id, networks, request.slow)?;
                    outcome.started.push(asked);
                }
            }
            Ok(outcome)
        })
        .await
}

/// A rack has made a search.
///
/// # Errors
/// [`Refusal`].
pub async fn finish(tables: &Tables, rack: &SystemId, id: u64) -> Result<(), Refusal> {
    let cause =
        authorize(&Actor::Rack(rack.clone()), Permission::ServeMachines, "network.scanned")?;
    tables
        .update(&cause, |tx| {
            let scan = tx.get::<NetworkScan>(rack)?;
            if let Some(scan) = scan.filter(|scan| scan.id == id && scan.finished.is_none()) {
                tx.put(&NetworkScan { finished: Some(tx.now()), ..scan })?;
            }
            Ok(())
        })
        .await
}

/// Ends searches that should have ended, and begins those that are due: each subnet with active discovery is
/// searched by one rack.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn keep_up(tables: &Tables) -> Result<(), TableError> {
    let view = tables.stale_view().await?;
    let mut scans = view.list::<NetworkScan>()?.into_iter();
    let is_late = scans.any(|scan| scan.finished.is_none() && !scan.is_running(now()));
    if !is_late && !is_due(&view, now())? {
        return Ok(());
    }
    let cause = cause(&Actor::Reconciler("discovery"), "network.scan");
    tables.update(&cause, step).await
}

fn step(tx: &mut Tx) -> Result<(), TableError> {
    for scan in tx.list::<NetworkScan>()? {
        if scan.finished.is_none() && !scan.is_running(tx.now()) {
            tx.put(&NetworkScan { finished: Some(tx.now()), ..scan })?;
        }
    }
    if !is_due(tx, tx.now())? {
        return Ok(());
    }
    let mut racks = tx.list::<RackController>()?;
    racks.retain(|rack| is_connected(rack) && rack.searches_for_hosts);
    let mut wanted: BTreeMap<SystemId, Vec<Ipv4Net>> = BTreeMap::new();
    for subnet in tx.list::<Subnet>()? {
        let Ok(network) = searchable(subnet.cidr) else { continue };
        let mut able = racks.iter().filter(|rack| is_on(&addresses(rack), network));
        if let Some(rack) = able.next().filter(|_| subnet.active_discovery) {
            wanted.entry(rack.system_id.clone()).or_default().push(network);
        }
    }
    for rack in &racks {
        let Some(wanted) = wanted.get(&rack.system_id) else { continue };
        let networks = on_links(&addresses(rack), wanted);
        if !networks.is_empty() && !is_busy(tx, &rack.system_id)? {
            put(tx, &rack.system_id, networks, false)?;
        }
    }
    tx.put(&LastScan { at: tx.now() })
}

/// Whether it is time to search.
fn is_due(reads: &impl Reads, at: Timestamp) -> Result<bool, TableError> {
    let interval = settings::read(reads, &ACTIVE_DISCOVERY_INTERVAL)?;
    if interval.is_zero() || !settings::read(reads, &NETWORK_DISCOVERY)? {
        return Ok(false);
    }
    if !reads.list::<Subnet>()?.iter().any(|subnet| subnet.active_discovery) {
        return Ok(false);
    }
    let interval_ms = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    let last = reads.get::<LastScan>(&0)?;
    Ok(last.is_none_or(|last| at.since_ms(last.at) >= interval_ms))
}

fn put(tx: &mut Tx, rack: &SystemId, networks: Vec<Ipv4Net>, slow: bool) -> Result<(), TableError> {
    let id = tx.next_number(COUNTER, 1)?;
    let (rack, asked) = (rack.clone(), tx.now());
    tx.put(&NetworkScan { rack, id, networks, slow, asked, finished: None })
}

fn is_busy(tx: &Tx, rack: &SystemId) -> Result<bool, TableError> {
    Ok(tx.get::<NetworkScan>(rack)?.is_some_and(|scan| scan.is_running(tx.now())))
}

fn addresses(rack: &RackController) -> Vec<IpNet> {
    rack.interfaces.iter().flat_map(|interface| interface.addresses.iter().copied()).collect()
}

/// Refuses networks that no rack can search.
fn check_reached(racks: &[RackController], wanted: &[Ipv4Net]) -> Result<(), Refusal> {
    let all: Vec<IpNet> = racks.iter().flat_map(addresses).collect();
    match wanted.iter().find(|network| on_links(&all, &[**network]).is_empty()) {
        None => Ok(()),
        Some(network) => {
            let message =
                format!("{network} is not searched for hosts: no rack has an address there.");
            Err(Refusal::field("cidr", message))
        }
    }
}
