//! A rack's session: a whole copy if it needs one, then every change, and an answer to each heartbeat.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, stream};
use model::controller::{ControllerInterface, RackController};
use model::id::{SystemId, VlanId};
use proto::rack::rack_message::Message as FromRack;
use proto::rack::region_message::Message as ToRack;
use proto::rack::{Delta, Heartbeat, Hello, RackMessage, RegionMessage, Welcome};
use tables::error::TableError;
use tables::read::Reads;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Status, Streaming};
use tracing::info;

use crate::feed::audience::Audience;
use crate::feed::copy::Copy;
use crate::feed::encode::Encoded;
use crate::feed::recent::Kept;
use crate::grpc::rack::{RackService, unavailable};
use crate::reconcile::racks::{Described, LiveSession};
use crate::vouching::ledger::RackProcess;

/// After how much silence a rack counts as gone.
const SILENCE_MAX: Duration = Duration::from_secs(3);

/// How long a rack may take to say hello, and the feed to begin.
const HELLO_TIMEOUT: Duration = Duration::from_secs(2);

/// Objects in one message of a copy.
const OBJECTS_IN_MESSAGE: usize = 500;

/// Begins a session: waits for the hello and answers with everything that follows.
pub(super) async fn open(
    service: RackService,
    rack: SystemId,
    mut inbound: Streaming<RackMessage>,
) -> Result<impl Stream<Item = Result<RegionMessage, Status>> + Send, Status> {
    let hello = hello(&mut inbound).await?;
    service.tables.clock().now().map_err(unavailable)?;
    let view = service.tables.stale_view().await.map_err(unavailable)?;
    if view.get::<RackController>(&rack).map_err(unavailable)?.is_none() {
        return Err(Status::permission_denied(format!("rack {rack} is not known here")));
    }
    drop(view);
    let mut reached = service.feed.reached();
    let begun = timeout(HELLO_TIMEOUT, reached.wait_for(Option::is_some)).await;
    drop(begun.map_err(unavailable)?.map_err(unavailable)?);
    let revision = hello.resume_revision;
    let resumed = revision > 0 && !matches!(service.feed.after(revision), Kept::Gone);
    info!(
        rack.id = %rack, raft.index = revision, resumed,
        "rack {rack} ({}) begins a session", hello.hostname
    );
    let process = RackProcess { rack: rack.clone(), incarnation: hello.incarnation };
    let live = service.sessions.enter(process, described(&hello)?);
    let mut session = Session {
        links: None,
        service,
        rack,
        inbound,
        reached,
        revision,
        told: revision,
        copying: Copying::No,
        queue: VecDeque::new(),
        heard: Instant::now(),
        live,
    };
    session.welcome(resumed).await?;
    if !resumed {
        session.begin_copy();
    }
    Ok(stream::unfold(Some(session), |session| async {
        let mut session = session?;
        match session.next().await.and_then(|message| session.stamped(message)) {
            Ok(message) => Some((Ok(message), Some(session))),
            Err(status) => {
                info!(rack.id = %session.rack, "the session of rack {} is ended: {}", session.rack, status.message());
                Some((Err(status), None))
            }
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
        searches_for_hosts: hello.searches_for_hosts,
        holds_service_addresses: hello.holds_service_addresses,
    })
}

/// One session, as the source of its messages.
struct Session {
    service: RackService,
    rack: SystemId,
    inbound: Streaming<RackMessage>,
    reached: watch::Receiver<Option<u64>>,
    /// The links of the rack; not known before the feed has passed the rack's revision. This region may be
    /// behind the one that the rack comes from.
    links: Option<BTreeSet<VlanId>>,
    /// Up to which revision changes were looked at, and up to which the rack knows that it has all.
    revision: u64,
    told: u64,
    copying: Copying,
    queue: VecDeque<ToRack>,
    heard: Instant,
    live: LiveSession,
}

/// Whether a whole copy is on its way. Heartbeats are answered meanwhile.
enum Copying {
    No,
    /// It is being made.
    Making(JoinSet<Result<Arc<Copy>, TableError>>),
    /// It is being sent; so many of its objects were looked at.
    Sending(Arc<Copy>, usize),
}

impl Copying {
    /// The copy that is being made, once it is there.
    async fn made(&mut self) -> Result<Result<Arc<Copy>, TableError>, JoinError> {
        if let Self::Making(making) = self
            && let Some(made) = making.join_next().await
        {
            return made;
        }
        std::future::pending().await
    }
}

impl Session {
    async fn next(&mut self) -> Result<ToRack, Status> {
        loop {
            if let Some(message) = self.queue.pop_front() {
                return Ok(message);
            }
            // In turns: a rack hears an answer to its heartbeats while a copy is sent.
            tokio::select! {
                message = self.inbound.message() => match message? {
                    Some(message) => self.take_message(&message)?,
                    None => return Err(Status::cancelled("the rack closed the session")),
                },
                copy = self.copying.made() => {
                    let copy = copy.map_err(unavailable)?.map_err(unavailable)?;
                    self.links = Some(copy.links.of_rack(&self.rack));
                    self.copying = Copying::Sending(copy, 0);
                }
                () = std::future::ready(()), if matches!(self.copying, Copying::Sending(..)) => {
                    self.send_copy();
                }
                passed = passed(&mut self.reached, self.revision),
                    if matches!(self.copying, Copying::No) =>
                {
                    passed.map_err(unavailable)?;
                    self.follow().await?;
                }
                () = sleep_until(self.heard + SILENCE_MAX) => {
                    return Err(Status::deadline_exceeded("the rack is silent"));
                }
            }
        }
    }

    /// A message with region time; a node that may not use its clock ends the session, and the rack goes to
    /// another one.
    fn stamped(&self, message: ToRack) -> Result<RegionMessage, Status> {
        let now = self.service.tables.clock().now().map_err(unavailable)?;
        Ok(RegionMessage { now_ms: now.unix_ms, message: Some(message) })
    }

    async fn welcome(&mut self, resumed: bool) -> Result<(), Status> {
        self.queue.push_back(ToRack::Welcome(Welcome {
            rack_id: self.rack.to_string(),
            cluster_id: self.service.ends.cluster_id.clone(),
            regions: self.service.regions().await?,
            resumed,
            tells_zone_serials: true,
            takes_client_identifiers: true,
            serves_ipv6: true,
            delegates_prefixes: true,
            registers_addresses: true,
            takes_dhcpv6_servers: true,
        }));
        Ok(())
    }

    fn take_message(&mut self, message: &RackMessage) -> Result<(), Status> {
        self.heard = Instant::now();
        let Some(FromRack::Heartbeat(heartbeat)) = &message.message else { return Ok(()) };
        if heartbeat.gave_up {
            self.live.gave_up();
            return Err(Status::cancelled("the rack ends"));
        }
        if matches!(self.copying, Copying::No) && self.told < self.revision {
            // Nothing of this was for the rack, but it goes on from there if it has to move.
            self.tell(Delta { revision: self.revision, ..Delta::default() });
        }
        let has_leader = self.service.tables.store().leadership().borrow().leader.is_some();
        let (revision, sequence) = (self.told, heartbeat.sequence);
        self.live.heard(sequence);
        let vouched = self.live.vouched_for(self.told);
        let answer = Heartbeat { revision, sequence, has_leader, vouched, gave_up: false };
        self.queue.push_back(ToRack::Heartbeat(answer));
        Ok(())
    }

    /// Takes the next changes from the feed.
    async fn follow(&mut self) -> Result<(), Status> {
        if self.links.is_none() {
            self.links = Some(self.service.feed.links().of_rack(&self.rack));
        }
        match self.service.feed.after(self.revision) {
            Kept::Next(encoded) => self.take(&encoded).await?,
            Kept::Nothing => {}
            Kept::Gone => self.begin_copy(),
        }
        Ok(())
    }

    async fn take(&mut self, encoded: &Encoded) -> Result<(), Status> {
        if let Some(links) = &encoded.links {
            self.links = Some(links.of_rack(&self.rack));
        }
        if encoded.renewed.includes(&self.rack) {
            info!(rack.id = %self.rack, "rack {} gets another link, and so a whole copy", self.rack);
            self.begin_copy();
            return Ok(());
        }
        self.revision = encoded.revision;
        let changes = self.needed(&encoded.changes);
        if !changes.is_empty() || !encoded.zone_serials.is_empty() {
            self.tell(Delta {
                revision: encoded.revision,
                changes,
                zone_serials: encoded.zone_serials.clone(),
                ..Delta::default()
            });
        }
        if encoded.regions_changed {
            self.welcome(true).await?;
        }
        Ok(())
    }

    fn needed(&self, changes: &[(Audience, Bytes)]) -> Vec<Bytes> {
        let links = self.links.clone().unwrap_or_default();
        let needed = changes.iter().filter(|(who, _)| who.includes(&self.rack, &links));
        needed.map(|(_, bytes)| bytes.clone()).collect()
    }

    fn tell(&mut self, delta: Delta) {
        self.told = delta.revision;
        self.queue.push_back(ToRack::Delta(delta));
    }

    fn begin_copy(&mut self) {
        let feed = self.service.feed.clone();
        let mut making = JoinSet::new();
        making.spawn(async move { feed.copy().await });
        self.copying = Copying::Making(making);
    }

    /// Sends the next part of a copy.
    fn send_copy(&mut self) {
        let Copying::Sending(copy, sent) = &self.copying else { return };
        let (copy, sent) = (Arc::clone(copy), *sent);
        let end = copy.objects.len().min(sent + OBJECTS_IN_MESSAGE);
        let is_last = end == copy.objects.len();
        let delta = Delta {
            revision: copy.revision,
            changes: self.needed(&copy.objects[sent..end]),
            part_of_generation: true,
            generation_end: is_last,
            zone_serials: if is_last { copy.zone_serials.clone() } else { Vec::new() },
        };
        if is_last {
            self.revision = copy.revision;
            self.copying = Copying::No;
            self.tell(delta);
        } else {
            self.copying = Copying::Sending(copy, end);
            self.queue.push_back(ToRack::Delta(delta));
        }
    }
}

/// Waits until the feed is past a revision.
async fn passed(
    reached: &mut watch::Receiver<Option<u64>>,
    revision: u64,
) -> Result<(), watch::error::RecvError> {
    reached.wait_for(|at| *at > Some(revision)).await.map(drop)
}

#[cfg(test)]
mod tests;
