//! Compares the clock of this region with those of the others, and says whether it may be used.
//!
//! Each region asks each other one what its clock shows, and learns how that one stands besides. One whose clock agrees with no majority
//! refuses what depends on time until it does again, and gives leadership away; the leader among the
//! others tells operators.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use identity::{ExpectedPeer, Identity};
use model::lease::agreement::{Judge, Offset, Seen, Verdict};
use model::time::Timestamp;
use ops::cluster::clock_events::tell_offset;
use proto::cluster::cluster_client::ClusterClient;
use proto::cluster::{ClockReply, ClockRequest};
use raft_store::status::Member;
use tables::clock::reading;
use tables::peers::Standing;
use tables::update::Tables;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::Channel;
use tracing::{debug, info, warn};

use crate::standing;

/// How often the others are asked.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long one has to answer.
const ANSWER_MAX: Duration = Duration::from_millis(1_000);

/// Runs until cancelled, on every region node.
pub async fn run(tables: Tables, identity: Identity, own: u64, shutdown: CancellationToken) {
    let mut clocks = Clocks {
        tables,
        identity,
        own,
        peers: BTreeMap::new(),
        judge: Judge::default(),
        told: BTreeSet::new(),
        refused: false,
    };
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = clocks.look() => {}
        }
    }
}

/// What is known of the clocks of a cluster.
struct Clocks {
    tables: Tables,
    identity: Identity,
    own: u64,
    /// The others.
    peers: BTreeMap<u64, Peer>,
    judge: Judge,
    /// Of whom operators were told.
    told: BTreeSet<u64>,
    refused: bool,
}

/// Another region.
struct Peer {
    address: String,
    /// Only the clocks of those that vote are judged by.
    votes: bool,
    client: ClusterClient<Channel>,
}

impl Clocks {
    async fn look(&mut self) {
        self.follow_members();
        let asking = self.peers.iter().map(|(id, peer)| {
            let client = peer.client.clone();
            async move { (*id, peer.votes, ask(client).await) }
        });
        let answers = join_all(asking).await;
        let told = answers.iter().filter(|(_, _, answer)| !matches!(answer.seen, Seen::Nothing));
        self.tables.peers().answered(told.map(|(id, _, answer)| (*id, answer.standing)));
        let seen = answers.iter().filter(|(_, votes, _)| *votes);
        let seen: BTreeMap<u64, Seen> = seen.map(|(id, _, answer)| (*id, answer.seen)).collect();
        let others: Vec<Seen> = seen.values().copied().collect();
        let now = reading();
        let verdict = self.judge.look(now, &others);
        let offsets = seen.iter().filter_map(|(id, seen)| match seen {
            Seen::Measured(offset) => Some((*id, *offset)),
            Seen::Nothing | Seen::Untold => None,
        });
        let offsets: BTreeMap<u64, Offset> = offsets.collect();
        let middles = offsets.iter().map(|(id, offset)| (*id, offset.middle_ms())).collect();
        self.tables.clock().judged(verdict, now, middles);
        self.log();
        if self.tables.store().leadership().borrow().leading {
            match verdict {
                Verdict::Trusted => self.tell(&offsets).await,
                Verdict::Apart { is_odd: true, .. } => self.give_way().await,
                Verdict::Apart { is_odd: false, .. }
                | Verdict::Held { .. }
                | Verdict::Unmeasured => {}
            }
        }
    }

    /// The members but for this node; connections are made once.
    fn follow_members(&mut self) {
        let members = self.tables.store().status().map(|status| status.members);
        let others = members.unwrap_or_default().into_iter();
        let others: BTreeMap<u64, Member> = others
            .filter(|member| member.id != self.own)
            .map(|member| (member.id, member))
            .collect();
        let is_still = |id: &u64, peer: &Peer| {
            others.get(id).is_some_and(|member| member.address == peer.address)
        };
        self.peers.retain(|id, peer| is_still(id, peer));
        self.tables.peers().keep(|id| others.contains_key(&id));
        for (id, Member { address, voter, .. }) in others {
            let peer = self.peers.entry(id).or_insert_with(|| {
                let channel = self.identity.channel(&address, ExpectedPeer::Region(id));
                Peer { address, votes: voter, client: ClusterClient::new(channel) }
            });
            peer.votes = voter;
        }
    }

    fn log(&mut self) {
        let refusal = self.tables.clock().refusal();
        match &refusal {
            Some(reason) if !self.refused => {
                warn!(
                    node.id = self.own,
                    "nothing that depends on time is served here: {reason}; look at this host's time \
                     synchronization"
                );
            }
            None if self.refused => {
                info!(node.id = self.own, "the clock of this region is used again");
            }
            Some(_) | None => {}
        }
        self.refused = refusal.is_some();
    }

    /// Another one can do what this one cannot.
    async fn give_way(&self) {
        if let Some(to) = self.tables.store().hand_over().await {
            warn!(node.id = self.own, "leadership is given to node {to}: the clock here is wrong");
        }
    }

    /// Tells operators of clocks that differ, and once they agree again.
    async fn tell(&mut self, offsets: &BTreeMap<u64, Offset>) {
        for (id, offset) in offsets {
            let differs = offset.is_telling();
            if differs == self.told.contains(id) {
                continue;
            }
            let offset_ms = differs.then_some(offset.middle_ms());
            if differs {
                let ms = offset.middle_ms();
                warn!(node.id = *id, "the clock of region node {id} is {ms} ms ahead of this one");
            }
            match tell_offset(&self.tables, *id, self.own, offset_ms).await {
                Ok(()) if differs => {
                    self.told.insert(*id);
                }
                Ok(()) => {
                    self.told.remove(id);
                }
                Err(error) => debug!("no event of the clock of node {id}: {error}"),
            }
        }
    }
}

/// What one that was asked said.
struct Answer {
    seen: Seen,
    standing: Option<Standing>,
}

async fn ask(mut client: ClusterClient<Channel>) -> Answer {
    let sent = reading();
    let reply = timeout(ANSWER_MAX, client.clock(ClockRequest {})).await;
    let received = reading();
    match reply {
        Ok(Ok(reply)) => {
            let ClockReply { now_ms, standing } = reply.into_inner();
            // Milliseconds were cut off at both ends.
            let round_trip_ms = received.boot_ms.saturating_sub(sent.boot_ms) + 1;
            let theirs = Timestamp::from_unix_ms(now_ms);
            let seen = Seen::Measured(Offset::measured(theirs, received.wall, round_trip_ms));
            Answer { seen, standing: standing.map(standing::read) }
        }
        Ok(Err(status)) if status.code() == Code::Unimplemented => {
            Answer { seen: Seen::Untold, standing: None }
        }
        Ok(Err(_)) | Err(_) => Answer { seen: Seen::Nothing, standing: None },
    }
}
