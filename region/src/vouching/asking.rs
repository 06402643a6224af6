//! Each region tells the leader which racks it heard, and its racks what the leader said.

use std::time::{Duration, Instant};

use identity::{ExpectedPeer, Identity};
use model::id::SystemId;
use model::net::service_address::ServiceHolder;
use model::net::vlan::Vlan;
use proto::cluster::cluster_client::ClusterClient;
use proto::cluster::{HeardRack as Message, VouchReply, VouchRequest};
use tables::error::TableError;
use tables::read::Reads;
use tables::row::prefix;
use tables::update::Tables;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tracing::debug;

use crate::reconcile::racks::{HeardRack, Sessions};
use crate::vouching::ledger::{Ledger, RackProcess};

/// How often the leader is told.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long it has to answer.
const ANSWER_MAX: Duration = Duration::from_millis(1_000);

/// Racks that the leader vouched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Vouched {
    /// The racks.
    pub(crate) racks: Vec<SystemId>,
    /// Who holds what was decided at this revision last: a rack that does not know it yet is not to be told.
    pub(crate) revision: u64,
}

/// Vouches for racks, if this node leads and a quorum confirms it after they were heard of.
///
/// # Errors
/// [`TableError::Unavailable`] without a quorum.
pub(crate) async fn vouch(
    tables: &Tables,
    ledger: &Ledger,
    heard: &[RackProcess],
    gave_up: &[RackProcess],
) -> Result<Vouched, TableError> {
    let leading = || {
        let known = *tables.store().leadership().borrow();
        known.leading.then_some(known.term)
    };
    let Some(term) = leading() else { return Ok(Vouched::default()) };
    gave_up.iter().for_each(|process| ledger.gave_up(term, process));
    let racks = ledger.heard(term, heard, Instant::now());
    if racks.is_empty() {
        return Ok(Vouched::default());
    }
    let named = tables.view().await?.values(&prefix::<ServiceHolder>());
    let revision = named.iter().map(|(_, row)| row.revision).max().unwrap_or_default();
    Ok(if leading() == Some(term) { Vouched { racks, revision } } else { Vouched::default() })
}

/// Runs until cancelled, on every region node.
pub(crate) async fn run(
    tables: Tables,
    identity: Identity,
    sessions: Sessions,
    ledger: Ledger,
    shutdown: CancellationToken,
) {
    let mut asking = Asking { tables, identity, ledger, leader: None, wanted: (0, false) };
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
            () = sessions.gives_up() => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = asking.look(&sessions) => {}
        }
    }
}

struct Asking {
    tables: Tables,
    identity: Identity,
    ledger: Ledger,
    /// The leader that was asked last: its id, its address, and the way there.
    leader: Option<(u64, String, ClusterClient<Channel>)>,
    /// Whether there was any service address, at a revision.
    wanted: (u64, bool),
}

impl Asking {
    async fn look(&mut self, sessions: &Sessions) {
        if !self.is_wanted().await {
            return;
        }
        let heard = sessions.heard();
        if !heard.is_empty()
            && let Some(vouched) = self.ask(&heard).await
        {
            sessions.vouched(&heard, &vouched);
        }
    }

    /// Whether the site has a service address.
    async fn is_wanted(&mut self) -> bool {
        let Ok(view) = self.tables.stale_view().await else { return false };
        if view.revision() != self.wanted.0 {
            let vlans = view.list::<Vlan>().unwrap_or_default();
            let any = vlans.iter().any(|vlan| !vlan.service_addresses.is_empty());
            self.wanted = (view.revision(), any);
        }
        self.wanted.1
    }

    async fn ask(&mut self, heard: &[HeardRack]) -> Option<Vouched> {
        let known = *self.tables.store().leadership().borrow();
        if known.leading {
            let (gave_up, heard) = apart(heard.iter().map(|one| (&one.process, one.gave_up)));
            return vouch(&self.tables, &self.ledger, &heard, &gave_up).await.ok();
        }
        let mut client = self.client(known.leader?)?;
        let message = |one: &HeardRack| Message {
            rack: one.process.rack.to_string(),
            incarnation: one.process.incarnation,
            gave_up: one.gave_up,
        };
        let racks = heard.iter().map(message).collect();
        match timeout(ANSWER_MAX, client.vouch(VouchRequest { racks })).await {
            Ok(Ok(reply)) => read(&reply.into_inner()),
            Ok(Err(status)) => {
                debug!("the leader vouches for no rack: {}", status.message());
                None
            }
            Err(_) => None,
        }
    }

    /// The way to the leader; connections are made once.
    fn client(&mut self, leader: u64) -> Option<ClusterClient<Channel>> {
        let members = self.tables.store().status()?.members;
        let address = members.into_iter().find(|member| member.id == leader)?.address;
        match &self.leader {
            Some((id, at, client)) if *id == leader && *at == address => Some(client.clone()),
            Some(_) | None => {
                let channel = self.identity.channel(&address, ExpectedPeer::Region(leader));
                let client = ClusterClient::new(channel);
                self.leader = Some((leader, address, client.clone()));
                Some(client)
            }
        }
    }
}

/// Those that gave up, and the others.
pub(crate) fn apart<'a>(
    heard: impl Iterator<Item = (&'a RackProcess, bool)>,
) -> (Vec<RackProcess>, Vec<RackProcess>) {
    let (gave_up, others): (Vec<_>, Vec<_>) = heard.partition(|(_, gave_up)| *gave_up);
    let processes =
        |of: Vec<(&RackProcess, bool)>| of.into_iter().map(|(it, _)| it.clone()).collect();
    (processes(gave_up), processes(others))
}

fn read(reply: &VouchReply) -> Option<Vouched> {
    let racks = reply.racks.iter().map(|rack| rack.parse()).collect::<Result<_, _>>();
    Some(Vouched { racks: racks.ok()?, revision: reply.revision })
}
