//! Sessions over the service itself, with a store in memory.

use std::collections::BTreeMap;

use futures::channel::mpsc::{UnboundedSender, unbounded};
use identity::peer::Connection;
use identity::{PeerIdentity, Role};
use model::id::{BlockId, FabricId, IpRangeId, SubnetId};
use model::lease::agreement::Verdict;
use model::lease::block::Block;
use model::net::vlan::Vlan;
use model::setting::Setting;
use model::time::Timestamp;
use proto::convert::change_from_bytes;
use proto::rack::change::Change;
use proto::rack::rack_client::RackClient;
use raft_store::Store;
use tables::clock::reading;
use tables::update::{Cause, Tables};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request};

use super::*;
use crate::feed::Feed;
use crate::grpc::rack::RegionEnds;
use crate::reconcile::racks::Sessions;

struct Region {
    tables: Tables,
    feed: Feed,
    _running: JoinSet<()>,
}

/// A rack's end of a session.
struct Client {
    outgoing: UnboundedSender<RackMessage>,
    incoming: Streaming<RegionMessage>,
}

impl Region {
    async fn start() -> Self {
        let tables = Tables::new(Store::in_memory());
        let region = Self::over(tables);
        let rack = RackController {
            system_id: rack(),
            hostname: "r1".to_owned(),
            interfaces: Vec::new(),
            version: "1".to_owned(),
            session: None,
            last_seen: Timestamp::default(),
            searches_for_hosts: false,
            holds_service_addresses: false,
        };
        let cause = Cause::new("test", "test");
        region.tables.update(&cause, |tx| tx.put(&rack)).await.unwrap();
        region.put_vlan(1, None).await;
        region
    }

    /// A process that begins with what is stored.
    fn over(tables: Tables) -> Self {
        let feed = Feed::new(tables.clone());
        let mut running = JoinSet::new();
        running.spawn(feed.clone().run(CancellationToken::new()));
        Self { tables, feed, _running: running }
    }

    async fn put_vlan(&self, id: u32, primary_rack: Option<SystemId>) {
        let vlan = Vlan { primary_rack, ..Vlan::untagged(VlanId(id), FabricId(id)) };
        self.tables.update(&Cause::new("test", "test"), |tx| tx.put(&vlan)).await.unwrap();
    }

    async fn put_setting(&self, name: &str) -> u64 {
        let setting = Setting { name: name.to_owned(), value: 1.into() };
        let cause = Cause::new("test", "test");
        self.tables.update_at(&cause, |tx| tx.put(&setting)).await.unwrap().1
    }

    async fn session(&self, resume_revision: u64) -> Client {
        let ends =
            RegionEnds { node_id: 1, cluster_id: "c".to_owned(), grpc_port: 1, http_port: 1 };
        let (tables, feed) = (self.tables.clone(), self.feed.clone());
        let service = RackService::server(tables, ends, feed, Sessions::default());
        let (outgoing, queue) = unbounded();
        let hello = Hello { resume_revision, ..Hello::default() };
        outgoing.unbounded_send(RackMessage { message: Some(FromRack::Hello(hello)) }).unwrap();
        let mut request = Request::new(queue);
        let role = Role::Rack { system_id: rack().to_string() };
        let peer = Some(PeerIdentity { role, cluster_id: "c".to_owned() });
        let remote = ([127, 0, 0, 1], 1).into();
        request.extensions_mut().insert(Connection { peer, remote });
        let incoming = RackClient::new(service).session(request).await.unwrap().into_inner();
        Client { outgoing, incoming }
    }
}

impl Client {
    async fn next(&mut self) -> ToRack {
        self.incoming.message().await.unwrap().unwrap().message.unwrap()
    }

    async fn welcome(&mut self) -> bool {
        match self.next().await {
            ToRack::Welcome(welcome) => welcome.resumed,
            other => panic!("{other:?}"),
        }
    }

    async fn delta(&mut self) -> Delta {
        match self.next().await {
            ToRack::Delta(delta) => delta,
            other => panic!("{other:?}"),
        }
    }

    fn beat(&self, sequence: u64) {
        let heartbeat = Heartbeat { sequence, ..Heartbeat::default() };
        let message = RackMessage { message: Some(FromRack::Heartbeat(heartbeat)) };
        self.outgoing.unbounded_send(message).unwrap();
    }
}

fn rack() -> SystemId {
    SystemId::from_number(7)
}

#[tokio::test]
async fn fresh_rack_gets_a_copy_and_then_each_change() {
    let region = Region::start().await;
    let mut client = region.session(0).await;
    assert!(!client.welcome().await);
    let copy = client.delta().await;
    assert!(copy.part_of_generation && copy.generation_end);
    assert_eq!(copy.changes.len(), 2, "the rack and the VLAN");
    let revision = region.put_setting("a").await;
    let delta = client.delta().await;
    assert_eq!((delta.revision, delta.changes.len()), (revision, 1));
    assert!(!delta.part_of_generation);
}

#[tokio::test]
async fn rack_resumes_at_a_region_that_started_after_its_revision() {
    let region = Region::start().await;
    let known = region.put_setting("a").await;
    let missed = region.put_setting("b").await;
    // What happened before it was started is in the history.
    let restarted = Region::over(region.tables.clone());
    let mut client = restarted.session(known).await;
    assert!(client.welcome().await);
    let delta = client.delta().await;
    assert_eq!((delta.revision, delta.changes.len()), (missed, 1));
}

#[tokio::test]
async fn rack_learns_the_revision_of_what_is_not_for_it() {
    let region = Region::start().await;
    let known = region.put_setting("a").await;
    let mut client = region.session(known).await;
    assert!(client.welcome().await);
    // When a rack was last seen is nothing that racks are told.
    let cause = Cause::new("test", "test");
    let controller = |seen| RackController {
        system_id: rack(),
        hostname: "r1".to_owned(),
        interfaces: Vec::new(),
        version: "1".to_owned(),
        session: None,
        last_seen: Timestamp::from_unix_ms(seen),
        searches_for_hosts: false,
        holds_service_addresses: false,
    };
    let mut last = 0;
    for seen in [5, 6] {
        let row = controller(seen);
        last = region.tables.update_at(&cause, |tx| tx.put(&row)).await.unwrap().1;
    }
    region.feed.reached().wait_for(|at| *at >= Some(last)).await.unwrap();
    let mut told = 0;
    for sequence in 1.. {
        client.beat(sequence);
        match client.next().await {
            ToRack::Delta(delta) => {
                assert!(delta.changes.is_empty(), "{delta:?}");
                told = delta.revision;
            }
            ToRack::Heartbeat(heartbeat) if heartbeat.revision == last => break,
            ToRack::Heartbeat(_) => {}
            ToRack::Welcome(_) => panic!("a second welcome"),
        }
    }
    assert_eq!(told, last);
}

#[tokio::test]
async fn rack_that_gets_a_link_is_sent_a_copy_and_heartbeats_are_answered() {
    let region = Region::start().await;
    let known = region.put_setting("a").await;
    let mut client = region.session(known).await;
    assert!(client.welcome().await);
    region.put_vlan(1, Some(rack())).await;
    client.beat(1);
    let (mut copied, mut answered) = (false, false);
    while !copied || !answered {
        match client.next().await {
            ToRack::Delta(delta) => copied |= delta.generation_end,
            ToRack::Heartbeat(_) => answered = true,
            ToRack::Welcome(_) => panic!("a second welcome"),
        }
    }
    let revision = region.put_setting("b").await;
    assert_eq!(client.delta().await.revision, revision);
}

#[tokio::test]
async fn rack_that_resumes_at_a_region_behind_it_keeps_the_links_it_has() {
    let region = Region::start().await;
    let known = region.put_setting("a").await;
    // At the region that it comes from it was told already that it has a link.
    let mut client = region.session(known + 1).await;
    assert!(client.welcome().await);
    region.put_vlan(1, Some(rack())).await;
    let address = |last| std::net::IpAddr::from([10, 0, 0, last]);
    let block = Block {
        id: BlockId(1),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(1),
        vlan: VlanId(1),
        first: address(1),
        last: address(9),
        rack: Some(rack()),
        incarnation: 1,
        epoch: 1,
        granted_at: Timestamp::default(),
        valid_until: Timestamp::default(),
        quarantine_until: Timestamp::default(),
    };
    let cause = Cause::new("test", "test");
    let put = region.tables.update_at(&cause, |tx| tx.put(&block)).await.unwrap().1;
    let delta = client.delta().await;
    assert_eq!(delta.revision, put);
    let [change] = delta.changes.as_slice() else { panic!("{delta:?}") };
    let change = change_from_bytes(change.clone()).unwrap();
    assert!(matches!(change, Change::Put(_)), "{change:?}");
}

#[tokio::test]
async fn unknown_rack_is_refused() {
    let region = Region::over(Tables::new(Store::in_memory()));
    let ends = RegionEnds { node_id: 1, cluster_id: "c".to_owned(), grpc_port: 1, http_port: 1 };
    let (tables, feed) = (region.tables.clone(), region.feed.clone());
    let service = RackService::server(tables, ends, feed, Sessions::default());
    let hello = RackMessage { message: Some(FromRack::Hello(Hello::default())) };
    let mut request = Request::new(stream::iter([hello]));
    let role = Role::Rack { system_id: rack().to_string() };
    let peer = Some(PeerIdentity { role, cluster_id: "c".to_owned() });
    request.extensions_mut().insert(Connection { peer, remote: ([127, 0, 0, 1], 1).into() });
    let refused = RackClient::new(service).session(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_region_that_may_not_use_its_clock_ends_sessions_and_begins_none() {
    let region = Region::start().await;
    let mut client = region.session(0).await;
    client.welcome().await;
    client.delta().await;
    let apart = Verdict::Apart { offset_ms: -3_600_000, is_odd: true };
    region.tables.clock().judged(apart, reading(), BTreeMap::new());
    client.beat(1);
    let ended = client.incoming.message().await.unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable);
    assert!(ended.message().contains("+3600.0 s"), "{ended}");
    let cause = Cause::new("test", "test");
    let refused = region.tables.update(&cause, |tx| tx.delete::<Setting>(&"a".to_owned())).await;
    assert!(matches!(refused, Err(TableError::Unavailable { .. })), "{refused:?}");
}
