//! A region as a rack sees it: a gRPC server with a script. It runs in a runtime of its own, so
//! that killing it cuts its connections as the end of a process does.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Instant;

use model::id::{FabricId, VlanId};
use model::net::vlan::Vlan;
use proto::convert::{Served, put_to_bytes};
use proto::rack::rack_message::Message as FromRack;
use proto::rack::rack_server::{Rack, RackServer};
use proto::rack::region_message::Message as ToRack;
use proto::rack::{
    CommitBindingsReply, CommitBindingsRequest, Delta, Heartbeat, Hello, RackMessage,
    RegionMessage, ReportBootReply, ReportBootRequest, ReportConflictReply, ReportConflictRequest,
    ReportExternalDhcpReply, ReportExternalDhcpRequest, ReportHeardTwiceReply,
    ReportHeardTwiceRequest, ReportNeighboursReply, ReportNeighboursRequest, ReportPowerReply,
    ReportPowerRequest, ReportTimeServiceReply, ReportTimeServiceRequest, RequestBlocksReply,
    RequestBlocksRequest, Welcome, ZoneSerial,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

type Outgoing = mpsc::Sender<Result<RegionMessage, Status>>;

/// A fake region that runs.
pub(crate) struct FakeRegion {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    runtime: Option<Runtime>,
}

/// What the region has and has seen.
#[derive(Default)]
struct Shared {
    /// What a generation consists of.
    objects: Vec<Served>,
    revision: u64,
    /// The oldest revision that a rack can resume from.
    oldest: u64,
    silent: bool,
    /// Serials of zones, if it is of a version that tells them.
    zone_serials: Option<Vec<ZoneSerial>>,
    hellos: Vec<Hello>,
    /// What racks told of hosts.
    neighbours: Vec<ReportNeighboursRequest>,
    session: Option<Outgoing>,
}

#[derive(Clone)]
struct Service(Arc<Mutex<Shared>>);

/// A VLAN with this id.
pub(crate) fn vlan(id: u32) -> Served {
    Served::Vlan(Vlan { name: format!("vlan-{id}"), ..Vlan::untagged(VlanId(id), FabricId(1)) })
}

impl FakeRegion {
    /// A region at any free port that has these objects at a revision.
    pub(crate) fn start(revision: u64, objects: Vec<Served>) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), revision, objects)
    }

    pub(crate) fn start_at(address: SocketAddr, revision: u64, objects: Vec<Served>) -> Self {
        let shared = Shared { objects, revision, ..Shared::default() };
        let shared = Arc::new(Mutex::new(shared));
        let runtime = Runtime::new().unwrap();
        let (sender, address_of) = std::sync::mpsc::channel();
        let service = RackServer::new(Service(Arc::clone(&shared)));
        runtime.spawn(async move {
            let listener = TcpListener::bind(address).await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let incoming = TcpListenerStream::new(listener);
            Server::builder().add_service(service).serve_with_incoming(incoming).await.unwrap();
        });
        Self { address: address_of.recv().unwrap(), shared, runtime: Some(runtime) }
    }

    /// Ends it as SIGKILL would.
    pub(crate) fn kill(&mut self) {
        self.shared.lock().unwrap().session = None;
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// It keeps its connections and says nothing more.
    pub(crate) fn fall_silent(&self) {
        self.shared.lock().unwrap().silent = true;
    }

    /// It has dropped its history before this revision.
    pub(crate) fn forget_before(&self, oldest: u64) {
        self.shared.lock().unwrap().oldest = oldest;
    }

    /// It is of a version that tells this serial of a zone.
    pub(crate) fn tell_zone_serial(&self, origin: &str, revision: u64) {
        let serial = ZoneSerial { origin: origin.to_owned(), revision };
        self.shared.lock().unwrap().zone_serials.get_or_insert_default().push(serial);
    }

    /// What racks said hello with.
    pub(crate) fn hellos(&self) -> Vec<Hello> {
        self.shared.lock().unwrap().hellos.clone()
    }

    /// What racks told of hosts.
    pub(crate) fn neighbours(&self) -> Vec<ReportNeighboursRequest> {
        self.shared.lock().unwrap().neighbours.clone()
    }

    /// Sends a change of one object at a revision to the rack that has a session.
    pub(crate) fn push(&self, revision: u64, served: &Served) {
        let mut shared = self.shared.lock().unwrap();
        shared.revision = shared.revision.max(revision);
        let delta = delta(revision, std::slice::from_ref(served), false);
        shared.session.as_ref().unwrap().try_send(message(ToRack::Delta(delta))).unwrap();
    }
}

impl Drop for FakeRegion {
    fn drop(&mut self) {
        self.kill();
    }
}

fn delta(revision: u64, objects: &[Served], generation: bool) -> Delta {
    Delta {
        revision,
        changes: objects.iter().map(put_to_bytes).collect(),
        part_of_generation: generation,
        generation_end: generation,
        zone_serials: Vec::new(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a stream of a service has this item")]
fn message(message: ToRack) -> Result<RegionMessage, Status> {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let passed_ms = u64::try_from(BEGUN.elapsed().as_millis()).unwrap();
    Ok(RegionMessage { now_ms: 1_000_000 + passed_ms, message: Some(message) })
}

impl Shared {
    /// What a session begins with, and how it goes on.
    fn open(&mut self, hello: Hello) -> ReceiverStream<Result<RegionMessage, Status>> {
        let (sender, outgoing) = mpsc::channel(64);
        let resumed = hello.resume_revision > 0 && hello.resume_revision >= self.oldest;
        self.hellos.push(hello);
        let tells_zone_serials = self.zone_serials.is_some();
        let welcome = Welcome { resumed, tells_zone_serials, ..Welcome::default() };
        sender.try_send(message(ToRack::Welcome(welcome))).unwrap();
        if !resumed {
            let mut whole = delta(self.revision, &self.objects, true);
            whole.zone_serials = self.zone_serials.clone().unwrap_or_default();
            sender.try_send(message(ToRack::Delta(whole))).unwrap();
        }
        self.session = Some(sender);
        ReceiverStream::new(outgoing)
    }

    fn answer(&self, message_of_rack: &RackMessage) {
        if let (false, Some(FromRack::Heartbeat(heartbeat)), Some(session)) =
            (self.silent, &message_of_rack.message, &self.session)
        {
            let (revision, sequence) = (self.revision, heartbeat.sequence);
            let answer = Heartbeat { revision, sequence, has_leader: true, ..Heartbeat::default() };
            // The rack may be gone.
            let _ = session.try_send(message(ToRack::Heartbeat(answer)));
        }
    }
}

#[tonic::async_trait]
impl Rack for Service {
    type SessionStream = Pin<Box<dyn Stream<Item = Result<RegionMessage, Status>> + Send>>;

    async fn session(
        &self,
        request: Request<Streaming<RackMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let mut inbound = request.into_inner();
        let first = inbound.message().await?.and_then(|first| first.message);
        let Some(FromRack::Hello(hello)) = first else {
            return Err(Status::invalid_argument("not a hello"));
        };
        let outgoing = self.0.lock().unwrap().open(hello);
        let shared = Arc::clone(&self.0);
        // Heartbeats are read as part of the answer stream, which ends with the session.
        let heartbeats = inbound.filter_map(move |message| {
            shared.lock().unwrap().answer(&message.ok()?);
            None
        });
        Ok(Response::new(Box::pin(outgoing.merge(heartbeats))))
    }

    async fn commit_bindings(
        &self,
        _: Request<CommitBindingsRequest>,
    ) -> Result<Response<CommitBindingsReply>, Status> {
        Err(Status::unimplemented("a fake"))
    }

    async fn request_blocks(
        &self,
        _: Request<RequestBlocksRequest>,
    ) -> Result<Response<RequestBlocksReply>, Status> {
        Err(Status::unimplemented("a fake"))
    }

    async fn report_power(
        &self,
        _: Request<ReportPowerRequest>,
    ) -> Result<Response<ReportPowerReply>, Status> {
        Err(Status::unimplemented("a fake"))
    }

    async fn report_boot(
        &self,
        _: Request<ReportBootRequest>,
    ) -> Result<Response<ReportBootReply>, Status> {
        Err(Status::unimplemented("a fake"))
    }

    async fn report_conflict(
        &self,
        _: Request<ReportConflictRequest>,
    ) -> Result<Response<ReportConflictReply>, Status> {
        Err(Status::unimplemented("a fake"))
    }

    async fn report_heard_twice(
        &self,
        _: Request<ReportHeardTwiceRequest>,
    ) -> Result<Response<ReportHeardTwiceReply>, Status> {
        Err(Status::unimplemented("a fake"))
    }

    async fn report_neighbours(
        &self,
        request: Request<ReportNeighboursRequest>,
    ) -> Result<Response<ReportNeighboursReply>, Status> {
        self.0.lock().unwrap().neighbours.push(request.into_inner());
        Ok(Response::new(ReportNeighboursReply {}))
    }

    async fn report_time_service(
        &self,
        _: Request<ReportTimeServiceRequest>,
    ) -> Result<Response<ReportTimeServiceReply>, Status> {
        Ok(Response::new(ReportTimeServiceReply {}))
    }

    async fn report_external_dhcp(
        &self,
        _: Request<ReportExternalDhcpRequest>,
    ) -> Result<Response<ReportExternalDhcpReply>, Status> {
        Err(Status::unimplemented("a fake"))
    }
}
