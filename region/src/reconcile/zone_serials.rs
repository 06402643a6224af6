//! Writes down at which revision each zone got its content, so that all racks give it the same
//! serial ([`model::dns::serial`] says why one must remember it).
//!
//! While this node leads it follows the names as the racks do, change by change. What it knows it
//! can lose: a new leader projects anew, and finds by the digests which rows are of another content.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use model::controller::{RackController, RegionController, ServedRack};
use model::device::Device;
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::dns::project::{TTL_SETTING, ttl_of_setting};
use model::dns::projector::Projector;
use model::dns::serial::{ZoneSerial, next};
use model::lease::binding::Binding;
use model::machine::Machine;
use model::machine::served::ServedMachine;
use model::net::subnet::Subnet;
use model::setting::Setting;
use raft_store::watch::{Batch, Watch, WatchError};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use tables::error::TableError;
use tables::object::{Object, ObjectChange, ObjectId};
use tables::read::{Reads, View};
use tables::row::{self, prefix};
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// How long changes gather before the serials they move are written: leases change all the time.
const GATHER: Duration = Duration::from_millis(250);

/// The pause after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How many rows one transaction writes.
const WRITTEN_MAX: usize = 256;

/// Why it starts anew.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error("names cannot be read: {0}")]
    Read(#[from] JoinError),
}

/// Runs until cancelled; acts while this node leads.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let mut leadership = tables.store().leadership();
    loop {
        let ended = async {
            leadership.wait_for(|known| known.leading).await.map(drop).ok()?;
            let until_lost = async { leadership.wait_for(|known| !known.leading).await.map(drop) };
            tokio::select! {
                lost = until_lost => lost.ok(),
                Err(failure) = lead(&tables) => {
                    warn!("reconciler zone serials: {failure}");
                    sleep(RETRY_PAUSE).await;
                    Some(())
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            goes_on = ended => if goes_on.is_none() { return },
        }
    }
}

/// Follows the names and writes the serials that move; ends only by a failure.
async fn lead(tables: &Tables) -> Result<(), Failure> {
    let (mut followed, mut watch) = Followed::begin(tables).await?;
    loop {
        followed.write(tables).await?;
        followed.take(tables, &watch.next().await?).await?;
        let until = Instant::now() + GATHER;
        loop {
            tokio::select! {
                biased;
                () = sleep_until(until), if !followed.moved.is_empty() => break,
                batch = watch.next() => followed.take(tables, &batch?).await?,
            }
        }
    }
}

/// The names as of one revision, and what is written of them.
#[derive(Debug, Default)]
struct Followed {
    projector: Projector,
    written: BTreeMap<String, ZoneSerial>,
    /// Origins of zones whose rows may be of another content.
    moved: BTreeSet<String>,
}

impl Followed {
    async fn begin(tables: &Tables) -> Result<(Self, Watch), Failure> {
        let view = tables.view().await?;
        let revision = view.revision();
        // This takes long enough to keep Raft's heartbeats waiting.
        let followed = spawn_blocking(move || Self::read(&view)).await??;
        let watch = tables.store().watch(prefixes(), revision).await?;
        Ok((followed, watch))
    }

    fn read(view: &View) -> Result<Self, TableError> {
        let mut followed = Self::default();
        for (key, stored) in rows_by_table().iter().flat_map(|prefix| view.values(prefix)) {
            followed.change(view, &key, Some(&stored.value));
        }
        for machine in view.state().machines() {
            followed.projector.put_machine(&Arc::new(ServedMachine::of(machine)));
        }
        for serial in view.list::<ZoneSerial>()? {
            followed.moved.insert(serial.origin.clone());
            followed.written.insert(serial.origin.clone(), serial);
        }
        followed.settle(view.revision());
        Ok(followed)
    }

    async fn take(&mut self, tables: &Tables, batch: &Batch) -> Result<(), TableError> {
        let view = tables.stale_view().await?;
        let mut machines = BTreeSet::new();
        for change in &batch.changes {
            match ObjectId::of_key(&change.key) {
                // The model in memory has it, whatever part of it has changed.
                Some(ObjectId::Machine(id)) if view.state().machine(&id).is_some() => {
                    machines.insert(id);
                }
                _ => self.change(&view, &change.key, change.value.as_deref()),
            }
        }
        for machine in machines.iter().filter_map(|id| view.state().machine(id)) {
            self.projector.put_machine(&Arc::new(ServedMachine::of(machine)));
        }
        if !batch.changes.is_empty() {
            self.settle(batch.revision);
        }
        let zones = [prefix::<Domain>(), prefix::<Subnet>()];
        let has = |prefix: &Bytes| batch.changes.iter().any(|it| it.key.starts_with(prefix));
        if zones.iter().any(has) {
            self.moved.extend(self.written.keys().cloned());
        }
        Ok(())
    }

    fn settle(&mut self, revision: u64) {
        let changed = self.projector.settle(revision);
        self.moved.extend(changed.iter().map(ToString::to_string));
    }

    /// What cannot be read is left out, as it is left out of the racks' copies.
    fn change(&mut self, at: &View, key: &[u8], value: Option<&[u8]>) {
        match ObjectChange::of(at, key, value) {
            Ok(Some(ObjectChange::Put(object))) => self.put(object),
            Ok(Some(ObjectChange::Delete(id))) => self.remove(&id),
            Ok(None) => {}
            Err(error) => error!("a zone may lack a name: {error}"),
        }
    }

    fn put(&mut self, object: Object) {
        let projector = &mut self.projector;
        match object {
            Object::Domain(domain) => projector.put_domain(&domain),
            Object::DnsResource(resource) => projector.put_resource(&Arc::from(resource)),
            Object::Machine(machine) => {
                projector.put_machine(&Arc::new(ServedMachine::of(&machine)));
            }
            Object::Device(device) => projector.put_machine(&Arc::new(device.served())),
            Object::Binding(binding) => projector.put_binding(&binding),
            Object::Rack(rack) => projector.put_rack(&ServedRack::of(&rack)),
            Object::Region(region) => projector.put_region(&region),
            Object::Subnet(subnet) => projector.put_subnet(&subnet),
            Object::Setting(setting) if setting.name == TTL_SETTING => {
                projector.set_ttl(ttl_of_setting(Some(&setting)));
            }
            Object::Setting(_)
            | Object::Fabric(_)
            | Object::Vlan(_)
            | Object::Space(_)
            | Object::IpRange(_)
            | Object::Reserved(_)
            | Object::PowerJob(_)
            | Object::Event(_)
            | Object::Block(_)
            | Object::Zone(_)
            | Object::Pool(_)
            | Object::Tag(_)
            | Object::BootFiles(_)
            | Object::DhcpSnippet(_)
            | Object::StaticRoute(_)
            | Object::NetworkScan(_)
            | Object::PrefixPool(_)
            | Object::ServiceHolder(_) => {}
        }
    }

    fn remove(&mut self, id: &ObjectId) {
        let projector = &mut self.projector;
        match id {
            ObjectId::Domain(id) => projector.remove_domain(*id),
            ObjectId::DnsResource(id) => projector.remove_resource(*id),
            ObjectId::Machine(id) | ObjectId::Device(id) => projector.remove_machine(id),
            ObjectId::Binding(ip) => projector.remove_binding(*ip),
            ObjectId::Rack(id) => projector.remove_rack(id),
            ObjectId::Region(id) => projector.remove_region(id),
            ObjectId::Subnet(id) => projector.remove_subnet(*id),
            ObjectId::Setting(name) if name == TTL_SETTING => {
                projector.set_ttl(ttl_of_setting(None));
            }
            ObjectId::Setting(_)
            | ObjectId::Fabric(_)
            | ObjectId::Vlan(_)
            | ObjectId::Space(_)
            | ObjectId::IpRange(_)
            | ObjectId::Reserved(_)
            | ObjectId::PowerJob(_)
            | ObjectId::Event(_)
            | ObjectId::Block(_)
            | ObjectId::Zone(_)
            | ObjectId::Pool(_)
            | ObjectId::Tag(_)
            | ObjectId::BootFiles(_)
            | ObjectId::DhcpSnippet(_)
            | ObjectId::StaticRoute(_)
            | ObjectId::NetworkScan(_)
            | ObjectId::PrefixPool(_)
            | ObjectId::ServiceHolder(_) => {}
        }
    }

    /// Writes the rows of zones with another content, and removes those of zones that ended.
    async fn write(&mut self, tables: &Tables) -> Result<(), TableError> {
        let moved: Vec<String> = std::mem::take(&mut self.moved).into_iter().collect();
        for origins in moved.chunks(WRITTEN_MAX) {
            let (wanted, ended) = self.wanted(origins);
            if wanted.is_empty() && ended.is_empty() {
                continue;
            }
            let cause = Cause::new("reconciler:zone-serials", "zone-serial.write");
            let written = tables.update(&cause, |tx| write(tx, &wanted, &ended));
            for serial in written.await? {
                self.written.insert(serial.origin.clone(), serial);
            }
            for origin in ended {
                self.written.remove(&origin);
            }
        }
        Ok(())
    }

    /// The rows that zones should have, and the origins of those that are no zones.
    fn wanted(&self, origins: &[String]) -> (Vec<ZoneSerial>, Vec<String>) {
        let (mut wanted, mut ended) = (Vec::new(), Vec::new());
        for origin in origins {
            let written = self.written.get(origin);
            match self.projector.names().zone(origin) {
                Some(head) => wanted.extend(next(origin, head, written)),
                None if written.is_some() => ended.push(origin.clone()),
                None => {}
            }
        }
        (wanted, ended)
    }
}

fn write(
    tx: &mut Tx,
    wanted: &[ZoneSerial],
    ended: &[String],
) -> Result<Vec<ZoneSerial>, TableError> {
    let mut written = Vec::with_capacity(wanted.len());
    for serial in wanted {
        // A leader before this one may have written it last.
        let present = tx.get::<ZoneSerial>(&serial.origin)?;
        let least = present.map_or(0, |present| present.revision + 1);
        let serial = ZoneSerial { revision: serial.revision.max(least), ..serial.clone() };
        tx.put(&serial)?;
        written.push(serial);
    }
    for origin in ended {
        tx.delete::<ZoneSerial>(origin)?;
    }
    Ok(written)
}

/// The tables that names come from.
fn prefixes() -> Vec<Bytes> {
    rows_by_table().into_iter().chain(row::prefixes::<Machine>()).collect()
}

/// Those of them whose objects are one row each.
fn rows_by_table() -> [Bytes; 8] {
    [
        prefix::<Device>(),
        prefix::<Domain>(),
        prefix::<DnsResource>(),
        prefix::<Binding>(),
        prefix::<RackController>(),
        prefix::<RegionController>(),
        prefix::<Subnet>(),
        prefix::<Setting>(),
    ]
}
