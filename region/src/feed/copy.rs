//! A whole copy of what racks serve from: for racks that have none, and for those that lack a part.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use model::id::{SubnetId, VlanId};
use model::machine::served::ServedMachine;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use prometheus_client::metrics::counter::Counter;
use proto::convert::{Served, put_to_bytes};
use proto::rack::ZoneSerial;
use tables::error::TableError;
use tables::object::ObjectChange;
use tables::read::{Reads, View};
use tables::update::Tables;
use tokio::time::{Instant, timeout};
use tracing::error;

use crate::feed::audience::{Audience, Links};
use crate::feed::encode::named;
use crate::feed::served::{rows_by_table, served, zone_serial};

/// How long a confirmed view is waited for before an older one is copied.
const VIEW_TIMEOUT: Duration = Duration::from_millis(700);

/// Everything that racks serve from, at one revision.
#[derive(Debug, Default)]
pub struct Copy {
    /// The revision.
    pub revision: u64,
    /// The links of all racks.
    pub links: Arc<Links>,
    /// Encoded objects, and who needs them.
    pub objects: Vec<(Audience, Bytes)>,
    /// The serials of all zones.
    pub zone_serials: Vec<ZoneSerial>,
}

/// Makes copies. Racks that ask while one is made share the next one.
#[derive(Debug, Default)]
pub struct Copies {
    last: tokio::sync::Mutex<Option<(Instant, Weak<Copy>)>>,
    made: Counter,
}

impl Copies {
    /// Counts the copies that were made.
    #[must_use]
    pub fn made(&self) -> Counter {
        self.made.clone()
    }

    /// A copy that is not older than this call, as far as there is a quorum to confirm that. Without
    /// one an older copy is better than none: racks serve from it.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] when the store of this node failed.
    pub async fn get(&self, tables: &Tables) -> Result<Arc<Copy>, TableError> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((begun, copy)) = last.as_ref()
            && *begun >= asked
            && let Some(copy) = copy.upgrade()
        {
            return Ok(copy);
        }
        let begun = Instant::now();
        let view = match timeout(VIEW_TIMEOUT, tables.view()).await {
            Ok(Ok(view)) => view,
            Ok(Err(_)) | Err(_) => tables.stale_view().await?,
        };
        let copy = tokio::task::spawn_blocking(move || Copy::read(&view)).await;
        let copy = copy.map_err(|error| TableError::Unavailable {
            reason: error.to_string(),
            outcome_open: false,
        })?;
        let copy = Arc::new(copy?);
        self.made.inc();
        *last = Some((begun, Arc::downgrade(&copy)));
        Ok(copy)
    }
}

impl Copy {
    /// Reads everything at a view. What cannot be read is logged and left out.
    ///
    /// # Errors
    /// [`TableError`] when VLANs or subnets cannot be read.
    pub fn read(view: &View) -> Result<Self, TableError> {
        let vlans = view.list::<Vlan>()?.into_iter().map(|vlan| (vlan.id, vlan)).collect();
        let subnets = view.list::<Subnet>()?;
        let subnets = subnets.iter().map(|subnet| (subnet.id, subnet.vlan)).collect();
        let links = Arc::new(Links::of(&vlans));
        let mut copy = Self { revision: view.revision(), links, ..Self::default() };
        for (key, row) in rows_by_table().iter().flat_map(|prefix| view.values(prefix)) {
            if let Some(serial) = zone_serial(view, &key, Some(&row.value)) {
                copy.zone_serials.push(serial);
                continue;
            }
            match ObjectChange::of(view, &key, Some(&row.value)) {
                Ok(Some(ObjectChange::Put(object))) => {
                    copy.objects.extend(served(object).and_then(|it| encoded(&it, &subnets)));
                }
                Ok(Some(ObjectChange::Delete(_)) | None) => {}
                Err(error) => error!("racks are not told of a row: {error}"),
            }
        }
        copy.read_machines(view);
        Ok(copy)
    }

    /// The model in memory has them without what racks do not need; it may be of a later revision,
    /// whose changes are sent after the copy anyway.
    fn read_machines(&mut self, view: &View) {
        for machine in view.state().machines() {
            let served = Served::Machine(ServedMachine::of(machine));
            self.objects.push((Audience::All, put_to_bytes(&served)));
        }
    }
}

/// An object with those who need it; none when nobody does.
fn encoded(served: &Served, subnets: &BTreeMap<SubnetId, VlanId>) -> Option<(Audience, Bytes)> {
    let of_subnet =
        |subnet: &SubnetId| subnets.get(subnet).map_or(Audience::All, |link| Audience::Link(*link));
    let audience = match served {
        Served::Binding(binding) if named(binding).is_none() => Audience::Link(binding.vlan),
        Served::Block(block) => Audience::Link(block.vlan),
        Served::Reserved(reserved) => of_subnet(&reserved.subnet),
        Served::StaticRoute(route) => of_subnet(&route.source),
        Served::PrefixPool(pool) => of_subnet(&pool.subnet),
        Served::DhcpSnippet(snippet) => {
            snippet.scope.subnet().as_ref().map_or(Audience::All, of_subnet)
        }
        Served::PowerJob(job) => Audience::Rack(job.rack.clone()?),
        Served::NetworkScan(scan) => Audience::Rack(scan.rack.clone()),
        _ => Audience::All,
    };
    Some((audience, put_to_bytes(served)))
}
