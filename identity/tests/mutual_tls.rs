//! Who is let in, and who is refused, over real connections on loopback.
//!
//! The service behind the connections answers with the peer it saw, through a hand-written tonic
//! codec-free route: a plain HTTP/2 request whose reply carries the peer in a header.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::net::SocketAddr;

use http::{Request, Response};
use identity::connect::joining_channel;
use identity::peer::Connection;
use identity::testing::TestCluster;
use identity::{ExpectedPeer, Identity, JoinToken, Role};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::{Channel, Server};
use tower::{Service, ServiceExt};

/// Answers every request with the peer's name in the header `peer`.
#[derive(Clone)]
struct WhoAmI;

impl NamedService for WhoAmI {
    const NAME: &'static str = "test.WhoAmI";
}

impl Service<Request<Body>> for WhoAmI {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let connection = request.extensions().get::<Connection>().expect("incoming() sets it");
        let peer =
            connection.peer.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
        let response = Response::builder().header("peer", peer).body(Body::empty());
        std::future::ready(Ok(response.expect("a name is a valid header")))
    }
}

struct Running {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

async fn serve(identity: &Identity) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = identity::incoming(listener, identity);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let served = Server::builder().add_service(WhoAmI).serve_with_incoming(incoming).await;
        served.expect("the server runs until it is dropped");
    });
    Running { address, _tasks: tasks }
}

/// Who the server says the client is, or the whole chain of causes why it could not be asked.
async fn ask(channel: Channel) -> Result<String, String> {
    let request = Request::builder()
        .method("POST")
        .uri("http://region/test.WhoAmI/Ask")
        .body(Body::empty())
        .unwrap();
    match channel.oneshot(request).await {
        Ok(response) => Ok(response.headers()["peer"].to_str().unwrap().to_owned()),
        Err(error) => {
            let mut text = error.to_string();
            let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
            while let Some(inner) = cause {
                text = format!("{text}: {inner}");
                cause = inner.source();
            }
            Err(text)
        }
    }
}

fn cluster() -> TestCluster {
    identity::testing::cluster(&[1, 2], &["4y3h7n"]).unwrap()
}

#[tokio::test]
async fn a_peer_is_known_by_its_certificate() {
    let cluster = cluster();
    let server = serve(&cluster.regions[&1]).await;
    let address = server.address.to_string();
    let id = cluster.authority.cluster_id.clone();
    let region = cluster.regions[&2].channel(&address, ExpectedPeer::Region(1));
    assert_eq!(ask(region).await, Ok(format!("region-2.{id}")));
    let rack = cluster.racks["4y3h7n"].channel(&address, ExpectedPeer::AnyRegion);
    assert_eq!(ask(rack).await, Ok(format!("rack-4y3h7n.{id}")));
}

#[tokio::test]
async fn the_wrong_node_is_refused_by_the_client() {
    let cluster = cluster();
    let server = serve(&cluster.regions[&1]).await;
    let channel = cluster.regions[&2].channel(&server.address.to_string(), ExpectedPeer::Region(3));
    let error = ask(channel).await.unwrap_err();
    assert!(error.contains("OtherNode"), "{error}");
}

#[tokio::test]
async fn a_rack_cannot_pose_as_a_region() {
    let cluster = cluster();
    let server = serve(&cluster.racks["4y3h7n"]).await;
    let channel = cluster.regions[&2].channel(&server.address.to_string(), ExpectedPeer::AnyRegion);
    let error = ask(channel).await.unwrap_err();
    assert!(error.contains("OtherNode"), "{error}");
}

#[tokio::test]
async fn another_cluster_is_refused_on_both_sides() {
    let (ours, theirs) = (cluster(), cluster());
    let server = serve(&ours.regions[&1]).await;
    let address = server.address.to_string();
    let stranger = theirs.regions[&2].channel(&address, ExpectedPeer::AnyRegion);
    assert!(ask(stranger).await.is_err());
    let token = JoinToken::generate(&theirs.authority.certificate_der().unwrap());
    let error = ask(joining_channel(&address, &token)).await.unwrap_err();
    assert!(error.contains("NotPinned"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_another_authority_with_our_names_is_refused() {
    let (ours, mut theirs) = (cluster(), cluster());
    theirs.authority.cluster_id.clone_from(&ours.authority.cluster_id);
    let forged = theirs.enroll(Role::Region { node_id: 2 }).unwrap();
    let server = serve(&ours.regions[&1]).await;
    let address = server.address.to_string();
    assert!(ask(forged.channel(&address, ExpectedPeer::Region(1))).await.is_err());
    let impostor = serve(&forged).await;
    let channel = ours.regions[&1].channel(&impostor.address.to_string(), ExpectedPeer::Region(2));
    assert!(ask(channel).await.is_err());
}

#[tokio::test]
async fn a_joining_node_is_nobody_but_may_speak() {
    let cluster = cluster();
    let server = serve(&cluster.regions[&1]).await;
    let token = JoinToken::generate(&cluster.authority.certificate_der().unwrap());
    let channel = joining_channel(&server.address.to_string(), &token);
    assert_eq!(ask(channel).await, Ok("nobody".to_owned()));
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let cluster = cluster();
    let request = identity::node::NodeRequest::create().unwrap();
    let role = Role::Region { node_id: 2 };
    let issued = cluster
        .authority
        .issue_for(&request.request_pem, role.clone(), std::time::Duration::ZERO)
        .unwrap();
    let expired = Identity::install(&cluster.folder_of(&role), &request, &issued).unwrap();
    assert!(expired.renewal_due(std::time::SystemTime::now()));
    // `not after` is a whole second, and inclusive.
    while std::time::SystemTime::now() < expired.expires() + std::time::Duration::from_secs(1) {
        tokio::task::yield_now().await;
    }
    let server = serve(&cluster.regions[&1]).await;
    let channel = expired.channel(&server.address.to_string(), ExpectedPeer::AnyRegion);
    assert!(ask(channel).await.is_err());
}

#[tokio::test]
async fn a_renewed_certificate_serves_new_connections() {
    let cluster = cluster();
    let running = cluster.regions[&1].clone();
    let server = serve(&running).await;
    let before = running.expires();
    let request = identity::node::NodeRequest::create().unwrap();
    let longer = identity::authority::NODE_VALIDITY * 2;
    let role = Role::Region { node_id: 1 };
    let issued = cluster.authority.issue_for(&request.request_pem, role, longer).unwrap();
    running.renew(&request, &issued).unwrap();
    assert!(running.expires() > before);
    let channel = cluster.regions[&2].channel(&server.address.to_string(), ExpectedPeer::Region(1));
    assert!(ask(channel).await.is_ok());
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let cluster = cluster();
    let folder = cluster.folder_of(&Role::Region { node_id: 1 });
    let path = folder.join(identity::files::NODE_FILE);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = Identity::load(&folder).unwrap_err();
    assert!(error.to_string().contains("readable by others"), "{error}");
}
