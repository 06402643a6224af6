//! Certificates that last seconds: region and rack renew them before they end, and the session
//! between them goes on as if nothing had happened.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use identity::node::NodeRequest;
use identity::token::JoinRole;
use identity::{CertificateAuthority, ExpectedPeer, Identity, Role};
use model::access::Actor;
use model::id::{FabricId, VlanId};
use model::net::vlan::Vlan;
use ops::cluster::nodes::{NewRack, NewRegion, admit_rack, create_token, init_cluster};
use proto::cluster::RenewRequest;
use proto::cluster::cluster_client::ClusterClient;
use rack::clock::RegionClock;
use rack::generation::Generations;
use rack::service_address::vouched::Vouched;
use rack::session::{Dial, Introduction, Session};
use rack::uplink::Uplink;
use raft_store::Store;
use region::feed::Feed;
use region::grpc::authority::AuthorityService;
use region::grpc::cluster::ClusterService;
use region::grpc::rack::{RackService, RegionEnds};
use region::grpc::{renewal, server};
use region::reconcile::racks::Sessions;
use region::vouching::ledger::Ledger;
use tables::update::{Cause, Tables};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// How long the first certificates are valid. They are due at once, because certificates begin an
/// hour before they are issued.
const VALIDITY: Duration = Duration::from_secs(12);
/// The bound of every wait.
const WAIT_MAX: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(50);
/// How often the nodes look at their certificates here.
const INTERVAL: Duration = Duration::from_millis(200);

async fn wait_for(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < WAIT_MAX, "{what} did not happen in {WAIT_MAX:?}");
        tokio::time::sleep(POLL).await;
    }
}

fn short_lived(authority: &CertificateAuthority, folder: &Path, role: Role) -> Identity {
    let request = NodeRequest::create().unwrap();
    let issued = authority.issue_for(&request.request_pem, role, VALIDITY).unwrap();
    Identity::install(folder, &request, &issued).unwrap()
}

/// The tables of a cluster of one region and one rack; returns the rack's system id as well.
async fn cluster(authority: &CertificateAuthority) -> (Tables, String) {
    let tables = Tables::new(Store::in_memory());
    let address = "127.0.0.1".parse().unwrap();
    let (hostname, version) = ("r1".to_owned(), String::new());
    init_cluster(&tables, authority, &NewRegion { hostname, address, version }).await.unwrap();
    let minute = Duration::from_secs(60);
    let token = create_token(&tables, &Actor::Setup, JoinRole::Rack, minute).await.unwrap();
    let pem = NodeRequest::create().unwrap().request_pem;
    let new = NewRack { hostname: "rack-1".to_owned(), version: String::new() };
    let (rack, _) = admit_rack(&tables, &token, &pem, &new).await.unwrap();
    (tables, rack.system_id.to_string())
}

fn services(tasks: &mut JoinSet<()>, tables: &Tables, cluster_id: &str, port: u16) -> Routes {
    let feed = Feed::new(tables.clone());
    tasks.spawn(feed.clone().run(CancellationToken::new()));
    let cluster_id = cluster_id.to_owned();
    let ends =
        RegionEnds { node_id: 1, cluster_id: cluster_id.clone(), grpc_port: port, http_port: 1 };
    let mut services = Routes::builder();
    services.add_service(RackService::server(tables.clone(), ends, feed, Sessions::default()));
    services.add_service(AuthorityService::server(tables.clone()));
    services.add_service(ClusterService::server(tables.clone(), cluster_id, 1, Ledger::default()));
    services.routes()
}

/// The rack's session; returns how often it was dialed.
fn start_session(
    tasks: &mut JoinSet<()>,
    identity: &Identity,
    seeds: Vec<String>,
    generations: &Generations,
    uplink: &Uplink,
) -> Arc<AtomicUsize> {
    let dials = Arc::new(AtomicUsize::new(0));
    let (counted, identity) = (Arc::clone(&dials), identity.clone());
    let dial: Dial = Arc::new(move |address| {
        counted.fetch_add(1, Ordering::Relaxed);
        identity.channel(address, ExpectedPeer::AnyRegion)
    });
    let introduction = Introduction {
        hostname: "rack-1".to_owned(),
        version: String::new(),
        incarnation: 0,
        interfaces: Vec::new,
    };
    let (generations, clock) = (generations.clone(), RegionClock::default());
    let session = Session::new(
        introduction,
        dial,
        seeds,
        generations,
        clock,
        uplink.clone(),
        Vouched::default(),
    );
    tasks.spawn(session.run(CancellationToken::new()));
    dials
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_renewed_while_the_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let authority = CertificateAuthority::create().unwrap();
    let (tables, system_id) = cluster(&authority).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    let routes = services(&mut tasks, &tables, &authority.cluster_id, address.port());
    let rack_role = Role::Rack { system_id };
    let region =
        short_lived(&authority, &folder.path().join("region"), Role::Region { node_id: 1 });
    let rack = short_lived(&authority, &folder.path().join("rack"), rack_role);
    let first_end = region.expires().max(rack.expires());

    let serving = region.clone();
    tasks.spawn(async move { server::serve(listener, &serving, routes).await.unwrap() });
    let (generations, uplink) = (Generations::default(), Uplink::default());
    let seeds = vec![address.to_string()];
    let dials = start_session(&mut tasks, &rack, seeds.clone(), &generations, &uplink);
    wait_for("a session", || generations.load().is_loaded()).await;
    let own_region = region.clone();
    tasks.spawn(async move {
        renewal::keep_certificate(own_region, &address.to_string(), INTERVAL).await;
    });
    tasks.spawn(rack::certificate::keep(rack.clone(), seeds, uplink.clone(), INTERVAL));

    let day = Duration::from_secs(24 * 3600);
    for (name, identity) in [("region", &region), ("rack", &rack)] {
        wait_for("a renewal", || identity.expires() > first_end + day).await;
        let stored = Identity::load(&folder.path().join(name)).unwrap();
        assert_eq!(stored.expires(), identity.expires(), "the {name} keeps it on disk");
        assert_eq!(stored.own(), identity.own());
    }
    assert!(SystemTime::now() < first_end, "they were renewed in time");
    wait_for("the end of the first certificates", || {
        SystemTime::now() > first_end + Duration::from_secs(1)
    })
    .await;

    // The session is the first one still, and carries what changes.
    let vlan = Vlan::untagged(VlanId(7), FabricId(1));
    tables.update(&Cause::new("test", "test"), |tx| tx.put(&vlan)).await.unwrap();
    wait_for("the change", || generations.load().vlans.contains_key(&VlanId(7))).await;
    assert_eq!(dials.load(Ordering::Relaxed), 1);
    // New connections prove themselves with the new certificates.
    let channel = rack.channel(&address.to_string(), ExpectedPeer::Region(1));
    let request_pem = NodeRequest::create().unwrap().request_pem;
    let again = ClusterClient::new(channel).renew(RenewRequest { request_pem }).await.unwrap();
    assert!(!again.into_inner().chain_pem.is_empty());
}
