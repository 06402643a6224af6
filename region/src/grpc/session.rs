//! A rack's session: its generation, then every change, and an answer to each heartbeat.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, stream};
use model::boot::files::BootFiles;
use model::controller::{ControllerInterface, RackController, RegionController, ServedRack};
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::id::SystemId;
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::machine::Machine;
use model::machine::power::PowerJob;
use model::machine::served::ServedMachine;
use model::net::iprange::IpRange;
use model::net::reserved::ReservedAddress;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::setting::Setting;
use proto::convert::{Key, Served};
use proto::rack::change::Change as WireChange;
use proto::rack::rack_message::Message as FromRack;
use proto::rack::region_message::Message as ToRack;
use proto::rack::{Change, Delta, Heartbeat, Hello, RackMessage, RegionMessage, Welcome};
use raft_store::watch::{Batch, Watch};
use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Status, Streaming};
use tracing::{error, info};

use crate::grpc::rack::{RackService, unavailable};
use crate::reconcile::racks::{Described, LiveSession};
use tables::object::{Object, ObjectChange, ObjectId};
use tables::read::{Reads, View};
use tables::row::{self, prefix};
use tables::update::now;

/// After how much silence a rack counts as gone.
const SILENCE_MAX: Duration = Duration::from_secs(3);

/// How long a rack may take to say hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a confirmed view is waited for before an older one is sent.
const VIEW_TIMEOUT: Duration = Duration::from_millis(700);

/// Objects in one message of a generation.
const OBJECTS_IN_MESSAGE: usize = 500;

/// Begins a session: waits for the hello and answers with everything that follows.
pub(super) async fn open(
    service: RackService,
    rack: SystemId,
    mut inbound: Streaming<RackMessage>,
) -> Result<impl Stream<Item = Result<RegionMessage, Status>> + Send, Status> {
    let hello = hello(&mut inbound).await?;
    let view = service.tables.stale_view().await.map_err(unavailable)?;
    if view.get::<RackController>(&rack).map_err(unavailable)?.is_none() {
        return Err(Status::permission_denied(format!("rack {rack} is not known here")));
    }
    let regions = service.regions().await?;
    let start = Start::new(&service, hello.resume_revision).await?;
    info!(
        rack.id = %rack, raft.index = start.revision, resumed = start.view.is_none(),
        "rack {rack} ({}) begins a session", hello.hostname
    );
    let mut queue = VecDeque::from([ToRack::Welcome(Welcome {
        rack_id: rack.to_string(),
        cluster_id: service.ends.cluster_id.clone(),
        regions,
        resumed: start.view.is_none(),
    })]);
    if let Some(view) = &start.view {
        queue.extend(generation(view, &rack)?.into_iter().map(ToRack::Delta));
    }
    let live = service.sessions.enter(rack.clone(), described(&hello)?);
    let feed = Feed {
        service,
        rack,
        inbound,
        watch: start.watch,
        revision: start.revision,
        queue,
        heard: Instant::now(),
        _live: live,
    };
    Ok(stream::unfold(Some(feed), |feed| async {
        let mut feed = feed?;
        match feed.next().await {
            Ok(message) => Some((Ok(stamped(message)), Some(feed))),
            Err(status) => Some((Err(status), None)),
        }
    }))
}

async fn hello(inbound: &mut Streaming<RackMessage>) -> Result<Hello, Status> {
    let first = timeout(HELLO_TIMEOUT, inbound.message()).await;
    let first = first.map_err(|_| Status::deadline_exceeded("no hello"))??;
    match first.and_then(|first| first.message) {
        Some(FromRack::Hello(hello)) => Ok(hello),
        Some(FromRack::Heartbeat(_)) | None => {
            Err(Status::invalid_argument("the first message is not a hello"))
        }
    }
}

fn described(hello: &Hello) -> Result<Described, Status> {
    let interfaces = hello.interfaces.iter().cloned().map(ControllerInterface::try_from);
    Ok(Described {
        hostname: hello.hostname.clone(),
        version: hello.version.clone(),
        interfaces: interfaces
            .collect::<Result<_, _>>()
            .map_err(|error| Status::invalid_argument(error.to_string()))?,
    })
}

/// Where a session starts: at the rack's own revision, or with a whole view.
struct Start {
    watch: Watch,
    revision: u64,
    view: Option<View>,
}

impl Start {
    async fn new(service: &RackService, resume: u64) -> Result<Self, Status> {
        let store = service.tables.store();
        if resume > 0
            && let Ok(watch) = store.watch(prefixes(), resume).await
        {
            return Ok(Self { watch, revision: resume, view: None });
        }
        // Without a quorum an older view is better than none: racks serve from it.
        let view = match timeout(VIEW_TIMEOUT, service.tables.view()).await {
            Ok(Ok(view)) => view,
            Ok(Err(_)) | Err(_) => service.tables.stale_view().await.map_err(unavailable)?,
        };
        let revision = view.revision();
        let watch = store.watch(prefixes(), revision).await.map_err(unavailable)?;
        Ok(Self { watch, revision, view: Some(view) })
    }
}

/// One session, as the source of its messages.
struct Feed {
    service: RackService,
    rack: SystemId,
    inbound: Streaming<RackMessage>,
    watch: Watch,
    /// What the rack was sent up to.
    revision: u64,
    queue: VecDeque<ToRack>,
    heard: Instant,
    _live: LiveSession,
}

impl Feed {
    async fn next(&mut self) -> Result<ToRack, Status> {
        loop {
            if let Some(message) = self.queue.pop_front() {
                return Ok(message);
            }
            tokio::select! {
                batch = self.watch.next() => self.take_batch(&batch.map_err(unavailable)?).await?,
                message = self.inbound.message() => match message? {
                    Some(message) => self.take_message(&message),
                    None => return Err(Status::cancelled("the rack closed the session")),
                },
                () = sleep_until(self.heard + SILENCE_MAX) => {
                    return Err(Status::deadline_exceeded("the rack is silent"));
                }
            }
        }
    }

    fn take_message(&mut self, message: &RackMessage) {
        self.heard = Instant::now();
        if let Some(FromRack::Heartbeat(heartbeat)) = &message.message {
            let has_leader = self.service.tables.store().leadership().borrow().leader.is_some();
            let (revision, sequence) = (self.revision, heartbeat.sequence);
            self.queue.push_back(ToRack::Heartbeat(Heartbeat { revision, sequence, has_leader }));
        }
    }

    async fn take_batch(&mut self, batch: &Batch) -> Result<(), Status> {
        let view = self.service.tables.stale_view().await.map_err(unavailable)?;
        let changes = batch.changes.iter();
        let changes = changes
            .filter_map(|change| changed(&view, &change.key, change.value.as_deref(), &self.rack));
        let delta = Delta {
            revision: batch.revision,
            changes: changes.collect(),
            part_of_generation: false,
            generation_end: false,
        };
        self.revision = batch.revision;
        self.queue.push_back(ToRack::Delta(delta));
        let regions = prefix::<RegionController>();
        if batch.changes.iter().any(|change| change.key.starts_with(&regions)) {
            self.queue.push_back(ToRack::Welcome(Welcome {
                rack_id: self.rack.to_string(),
                cluster_id: self.service.ends.cluster_id.clone(),
                regions: self.service.regions().await?,
                resumed: true,
            }));
        }
        Ok(())
    }
}

fn stamped(message: ToRack) -> RegionMessage {
    RegionMessage { now_ms: now().unix_ms, message: Some(message) }
}

/// The tables that racks serve from.
fn prefixes() -> Vec<Bytes> {
    let others = [
        prefix::<Vlan>(),
        prefix::<Subnet>(),
        prefix::<IpRange>(),
        prefix::<ReservedAddress>(),
        prefix::<Domain>(),
        prefix::<DnsResource>(),
        prefix::<Binding>(),
        prefix::<Block>(),
        prefix::<PowerJob>(),
        prefix::<Setting>(),
        prefix::<RackController>(),
        prefix::<RegionController>(),
        prefix::<BootFiles>(),
    ];
    let machines = row::prefixes::<Machine>();
    others.into_iter().chain(machines).collect()
}

/// Everything the rack serves from, in messages of a bounded size.
fn generation(view: &View, rack: &SystemId) -> Result<Vec<Delta>, Status> {
    let rows = prefixes().into_iter().flat_map(|prefix| view.values(&prefix));
    let changes: Vec<Change> =
        rows.filter_map(|(key, row)| changed(view, &key, Some(&row.value), rack)).collect();
    let mut deltas: Vec<Delta> = changes
        .chunks(OBJECTS_IN_MESSAGE)
        .map(|changes| Delta {
            revision: view.revision(),
            changes: changes.to_vec(),
            part_of_generation: true,
            generation_end: false,
        })
        .collect();
    if deltas.is_empty() {
        deltas.push(Delta { part_of_generation: true, ..Delta::default() });
    }
    if let Some(last) = deltas.last_mut() {
        last.revision = view.revision();
        last.generation_end = true;
    }
    Ok(deltas)
}

/// A change as the rack sees it. What cannot be read is logged and left out: one bad row must not
/// keep a rack from all others. The view is not older than the change.
fn changed(at: &View, key: &[u8], value: Option<&[u8]>, rack: &SystemId) -> Option<Change> {
    let change = match ObjectChange::of(at, key, value) {
        Ok(Some(ObjectChange::Put(object))) => put(object, rack)?,
        Ok(Some(ObjectChange::Delete(id))) => WireChange::Delete((&deleted(id)?).into()),
        Ok(None) => return None,
        Err(error) => {
            error!("a rack is not told of a row: {error}");
            return None;
        }
    };
    Some(Change { change: Some(change) })
}

/// None for tables that racks do not serve from.
fn put(object: Object, rack: &SystemId) -> Option<WireChange> {
    let served = match object {
        Object::Vlan(vlan) => Served::Vlan(*vlan),
        Object::Subnet(subnet) => Served::Subnet(*subnet),
        Object::IpRange(range) => Served::IpRange(*range),
        Object::Reserved(reserved) => Served::Reserved(*reserved),
        Object::Domain(domain) => Served::Domain(*domain),
        Object::DnsResource(resource) => Served::DnsResource(*resource),
        Object::Machine(machine) => Served::Machine(ServedMachine::of(&machine)),
        Object::Binding(binding) => Served::Binding(*binding),
        Object::Block(block) => Served::Block(*block),
        // Another rack's job may have been this one's before.
        Object::PowerJob(job) if job.rack.as_ref() != Some(rack) => {
            return Some(WireChange::Delete((&Key::PowerJob(job.machine)).into()));
        }
        Object::PowerJob(job) => Served::PowerJob(*job),
        Object::Setting(setting) => Served::Setting(*setting),
        Object::Rack(controller) => Served::Rack(ServedRack::of(&controller)),
        Object::Region(region) => Served::Region(*region),
        Object::BootFiles(files) => Served::BootFiles(*files),
        Object::Fabric(_)
        | Object::Space(_)
        | Object::Event(_)
        | Object::Zone(_)
        | Object::Pool(_)
        | Object::Tag(_) => return None,
    };
    Some(WireChange::Put((&served).into()))
}

/// None for tables that racks do not serve from.
fn deleted(id: ObjectId) -> Option<Key> {
    Some(match id {
        ObjectId::Vlan(id) => Key::Vlan(id),
        ObjectId::Subnet(id) => Key::Subnet(id),
        ObjectId::IpRange(id) => Key::IpRange(id),
        ObjectId::Reserved(ip) => Key::Reserved(ip),
        ObjectId::Domain(id) => Key::Domain(id),
        ObjectId::DnsResource(id) => Key::DnsResource(id),
        ObjectId::Machine(id) => Key::Machine(id),
        ObjectId::Binding(ip) => Key::Binding(ip),
        ObjectId::Block(id) => Key::Block(id),
        ObjectId::PowerJob(id) => Key::PowerJob(id),
        ObjectId::Setting(name) => Key::Setting(name),
        ObjectId::Rack(id) => Key::Rack(id),
        ObjectId::Region(id) => Key::Region(id),
        ObjectId::BootFiles(architecture) => Key::BootFiles(architecture),
        ObjectId::Fabric(_)
        | ObjectId::Space(_)
        | ObjectId::Event(_)
        | ObjectId::Zone(_)
        | ObjectId::Pool(_)
        | ObjectId::Tag(_) => return None,
    })
}
