//! Images between region nodes, and to racks: over mutual TLS, without anybody's key.

use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use http::{Method, Request, StatusCode};
use identity::node::NodeRequest;
use identity::peer::Connection;
use identity::{CertificateAuthority, ExpectedPeer, Identity, PeerIdentity, Role};
use images::Images;
use images::files::hash_of_bytes;
use images::peers::{Peers, Ports};
use images::replicate;
use images::upload::{self, Upload};
use model::boot::content::Content;
use model::controller::RegionController;
use model::id::SystemId;
use raft_store::Store;
use region::grpc::server;
use tables::read::Reads;
use tables::update::{Cause, Tables};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::service::Routes;
use tower::ServiceExt;

const CONTENT: &[u8] = b"a root file system";

/// Region node 1, which is served at one address, and node 2.
struct Pair {
    first: Images,
    second: Images,
    rack: Identity,
    grpc: String,
    _serving: JoinSet<()>,
    _dir: tempfile::TempDir,
}

impl Pair {
    /// What node 1 serves comes from `routes`: over mutual TLS, and in public.
    async fn start(address: &str, routes: impl FnOnce(&Images) -> (Routes, Router)) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let authority = CertificateAuthority::create().expect("an authority");
        let enroll = |name: &str, role: Role| {
            let request = NodeRequest::create().expect("a key");
            let issued = authority.issue(&request.request_pem, role).expect("a certificate");
            Identity::install(&dir.path().join(name), &request, &issued).expect("an identity")
        };
        let identities =
            [1, 2].map(|node_id| enroll(&node_id.to_string(), Role::Region { node_id }));
        let rack = enroll("rack", Role::Rack { system_id: "rack34".to_owned() });
        let address: IpAddr = address.parse().expect("an address");
        let grpc = TcpListener::bind((address, 0)).await.expect("a port");
        let http = TcpListener::bind((address, 0)).await.expect("a port");
        let port = |listener: &TcpListener| listener.local_addr().expect("bound").port();
        let ports = Ports { grpc: port(&grpc), http: port(&http) };
        let tables = Tables::new(Store::in_memory());
        let row = RegionController {
            system_id: SystemId::from_number(1),
            node_id: 1,
            hostname: "r1".to_owned(),
            version: String::new(),
            address,
        };
        let cause = Cause::new("test", "test");
        tables.update(&cause, |tx| tx.insert(&row)).await.expect("a row");
        let open = |node: u64, identity: &Identity| {
            let peers = Peers::new(Some(identity.clone()), ports).expect("a client");
            let dir = dir.path().join(format!("images-{node}"));
            Images::open(dir, tables.clone(), node, peers).expect("an image store")
        };
        let [first, second] = [open(1, &identities[0]), open(2, &identities[1])];
        let (services, public) = routes(&first);
        let mut serving = JoinSet::new();
        let identity = identities[0].clone();
        serving.spawn(async move { server::serve(grpc, &identity, services).await.expect("gRPC") });
        serving.spawn(async move { axum::serve(http, public).await.expect("HTTP") });
        let grpc = format!("{address}:{}", ports.grpc);
        Self { first, second, rack, grpc, _serving: serving, _dir: dir }
    }

    /// Node 2 gets the content in two pieces, which node 1 collects.
    async fn pass_on(&self) -> Result<(u16, String), upload::UploadError> {
        let upload = Upload { sha256: sha256(), size_bytes: CONTENT.len() as u64, node: 1 };
        let (one, two) = CONTENT.split_at(7);
        let pieces = [one, two].map(|piece| Ok(Bytes::from_static(piece)));
        upload::pass_on(&self.second, &upload, futures::stream::iter(pieces)).await
    }

    async fn pull(&self) -> Option<Vec<u8>> {
        let view = self.second.tables().view().await.expect("a view");
        let content = view.get::<Content>(&sha256()).expect("readable").expect("the content");
        replicate::pull(&self.second, &content).await.ok()?;
        std::fs::read(self.second.files.path_of(&sha256())?).ok()
    }

    async fn hold(&self) {
        let size_bytes = CONTENT.len() as u64;
        self.first.files.append(&sha256(), size_bytes, CONTENT).await.expect("kept");
        replicate::record_holder(&self.first, &sha256(), size_bytes).await.expect("recorded");
    }
}

fn sha256() -> String {
    hash_of_bytes(CONTENT)
}

#[tokio::test]
async fn parts_and_contents_go_over_mutual_tls() {
    let secure =
        |images: &Images| (images::serve::peer_router(images.clone()).into(), Router::new());
    let pair = Pair::start("127.0.58.1", secure).await;
    assert_eq!(pair.pass_on().await.expect("passed on"), (200, "OK".to_owned()));
    assert!(pair.first.files.path_of(&sha256()).is_some());
    assert_eq!(pair.pull().await.as_deref(), Some(CONTENT));

    // A rack reads there too, from any byte on.
    let channel = pair.rack.channel(&pair.grpc, ExpectedPeer::AnyRegion);
    let request = Request::get(format!("/ironraft/images/{}", sha256()))
        .header("range", "bytes=7-")
        .body(tonic::body::Body::empty())
        .expect("a request");
    let answer = channel.oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    let pieces: Vec<Bytes> =
        Body::new(answer.into_body()).into_data_stream().try_collect().await.expect("a body");
    assert_eq!(pieces.concat(), CONTENT[7..]);
}

#[tokio::test]
async fn a_part_that_breaks_off_between_regions_is_not_kept() {
    let secure =
        |images: &Images| (images::serve::peer_router(images.clone()).into(), Router::new());
    let pair = Pair::start("127.0.58.2", secure).await;
    let upload = Upload { sha256: sha256(), size_bytes: CONTENT.len() as u64, node: 1 };
    let broken = futures::stream::iter([Ok(Bytes::from_static(&CONTENT[..7]))])
        .chain(futures::stream::iter([Err(std::io::Error::other("the client hung up"))]));
    let passed = upload::pass_on(&pair.second, &upload, broken).await;
    assert!(!matches!(passed, Ok((200, _))), "{passed:?}");
    assert_eq!(pair.first.files.received(&sha256()).await, 0);
    assert_eq!(pair.pass_on().await.expect("passed on").0, 200);
}

#[tokio::test]
async fn a_region_of_the_version_before_sends_by_hash_and_gets_no_key() {
    let before = |images: &Images| (Routes::default(), images::serve::router(images.clone()));
    let pair = Pair::start("127.0.58.3", before).await;
    pair.hold().await;
    assert_eq!(pair.pull().await.as_deref(), Some(CONTENT));
    let refused = pair.pass_on().await.expect_err("a refusal").to_string();
    assert!(refused.contains("region 1") && refused.contains("older version"), "{refused}");
}

#[tokio::test]
async fn only_nodes_of_the_cluster_come_in_and_only_regions_write() {
    let secure = |images: &Images| (Routes::default(), images::serve::router(images.clone()));
    let pair = Pair::start("127.0.58.4", secure).await;
    pair.hold().await;
    let router = images::serve::peer_router(pair.first.clone());
    let content = format!("/ironraft/images/{}", sha256());
    let part = format!("/ironraft/images/{}/parts/18", "ab".repeat(32));
    let rack = Role::Rack { system_id: "rack34".to_owned() };
    let region = Role::Region { node_id: 2 };
    for (method, path, role, status) in [
        (Method::GET, &content, None, StatusCode::FORBIDDEN),
        (Method::PUT, &part, None, StatusCode::FORBIDDEN),
        (Method::GET, &content, Some(rack.clone()), StatusCode::OK),
        (Method::PUT, &part, Some(rack), StatusCode::FORBIDDEN),
        (Method::PUT, &part, Some(region), StatusCode::OK),
    ] {
        let who = format!("{method} {role:?}");
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("a path");
        let peer = role.map(|role| PeerIdentity { role, cluster_id: "c".to_owned() });
        request.extensions_mut().insert(Connection { peer, remote: ([127, 0, 0, 1], 1).into() });
        let answer = router.clone().oneshot(request).await.expect("infallible");
        assert_eq!(answer.status(), status, "{who}");
    }
}
