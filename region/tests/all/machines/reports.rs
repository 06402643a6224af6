//! What racks report of their links, from the message over gRPC to what operators see.

use std::net::Ipv6Addr;

use identity::peer::Connection;
use identity::{PeerIdentity, Role};
use model::event::Event;
use model::net::vlan::Vlan;
use proto::rack::rack_client::RackClient;
use proto::rack::rack_server::RackServer;
use proto::rack::{
    ExternalDhcpServer, Neighbour, ReportConflictRequest, ReportExternalDhcpRequest,
    ReportHeardTwiceRequest, ReportNeighboursRequest,
};
use region::feed::Feed;
use region::grpc::rack::{RackService, RegionEnds};
use region::reconcile::racks::Sessions;
use serde_json::Value;
use tables::read::Reads;
use tonic::{Code, Request};

use crate::machines::site::{SimulatedMachine, Site};

const SERVER: [u8; 4] = [10, 0, 0, 77];
const MAC: &str = "52:54:00:00:00:01";
const MAC_BYTES: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];

/// A message over the connection of the site's rack, or of another.
fn from_rack<T>(rack: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let role = Role::Rack { system_id: rack.to_owned() };
    let peer = Some(PeerIdentity { role, cluster_id: "c".to_owned() });
    request.extensions_mut().insert(Connection { peer, remote: ([127, 0, 0, 1], 1).into() });
    request
}

/// The door of the site for racks.
fn door(site: &Site) -> RackClient<RackServer<RackService>> {
    let ends = RegionEnds { node_id: 1, cluster_id: "c".to_owned(), grpc_port: 1, http_port: 1 };
    let (tables, feed) = (site.tables.clone(), Feed::new(site.tables.clone()));
    RackClient::new(RackService::server(tables, ends, feed, Sessions::default()))
}

async fn events(site: &Site) -> Vec<Event> {
    site.tables.view().await.expect("a view").list::<Event>().expect("events")
}

async fn told(site: &Site, kind: &str) -> Vec<Event> {
    events(site).await.into_iter().filter(|event| event.kind == kind).collect()
}

fn conflict(site: &Site) -> ReportConflictRequest {
    let (ip, mac) = (SERVER.to_vec(), MAC_BYTES.to_vec());
    ReportConflictRequest { vlan: site.vlan.0, ip, mac, ..ReportConflictRequest::default() }
}

/// C-08.
#[tokio::test]
async fn an_address_in_use_is_an_event_of_the_machine_that_uses_it() {
    let site = Site::new().await;
    let id = SimulatedMachine::new(MAC).enlist(&site).await;
    let mut door = door(&site);
    door.report_conflict(from_rack("rack34", conflict(&site))).await.expect("taken");
    let told = told(&site, "IP address conflict").await;
    let [event] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(event.node, Some(id));
    assert!(event.description.contains(&format!("{MAC} uses 10.0.0.77")), "{event:?}");
}

#[tokio::test]
async fn what_is_no_report_and_who_is_no_rack_of_the_link_is_refused() {
    let site = Site::new().await;
    let before = events(&site).await.len();
    let mut door = door(&site);
    let refused = door.report_conflict(from_rack("rack35", conflict(&site))).await;
    assert!(refused.is_err(), "a rack of another link");
    let nobody = door.report_conflict(conflict(&site)).await.expect_err("no certificate");
    assert_eq!(nobody.code(), Code::PermissionDenied);
    for (ip, mac) in [(vec![1, 2, 3], vec![]), (SERVER.to_vec(), vec![1])] {
        let odd = ReportConflictRequest { ip, mac, ..conflict(&site) };
        let refused = door.report_conflict(from_rack("rack34", odd)).await.expect_err("odd");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    assert_eq!(events(&site).await.len(), before);
}

/// C-02.
#[tokio::test]
async fn a_hardware_address_in_use_twice_is_an_event_of_its_machine() {
    let site = Site::new().await;
    let id = SimulatedMachine::new(MAC).enlist(&site).await;
    let (vlan, mac) = (site.vlan.0, MAC_BYTES.to_vec());
    let (one, other) = ("circuit 1 of relay 10.0.0.1".to_owned(), "x".repeat(9_000));
    let report = ReportHeardTwiceRequest { vlan, mac, one, other };
    door(&site).report_heard_twice(from_rack("rack34", report)).await.expect("taken");
    let told = told(&site, "Hardware address in use twice").await;
    let [event] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(event.node, Some(id));
    let says = format!("{MAC} on VLAN fabric-0 0 at once, circuit 1 of relay 10.0.0.1 and xxx");
    assert!(event.description.contains(&says), "{event:?}");
    assert!(event.description.len() < 600, "what the network makes up is cut");
}

/// C-14.
#[tokio::test]
async fn an_external_dhcp_server_is_shown_with_its_vlan() {
    let site = Site::new().await;
    let mut door = door(&site);
    let of_ipv6 = |last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last).octets();
    let mut report = async |servers: &[&[u8]]| {
        let server = |ip: &&[u8]| ExternalDhcpServer { ip: ip.to_vec(), mac: MAC_BYTES.to_vec() };
        let dhcpv6_complete = servers.iter().any(|ip| ip.len() == 16);
        let report = ReportExternalDhcpRequest {
            vlan: site.vlan.0,
            servers: servers.iter().map(server).collect(),
            complete: !dhcpv6_complete,
            dhcpv6_complete,
        };
        door.report_external_dhcp(from_rack("rack34", report)).await.expect("taken");
        let vlan = site
            .tables
            .view()
            .await
            .expect("a view")
            .get::<Vlan>(&site.vlan)
            .expect("readable")
            .expect("the VLAN");
        let path = format!("fabrics/{}/vlans/{}/", vlan.fabric, vlan.vid);
        let (status, body) = site.rest("GET", &path, "").await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        body["external_dhcp"].clone()
    };
    let other = [10, 0, 0, 78];
    assert_eq!(report(&[&SERVER, &other]).await, "10.0.0.77");
    assert_eq!(report(&[&other]).await, "10.0.0.78");
    assert_eq!(report(&[&of_ipv6(9)]).await, "10.0.0.78", "the least of both protocols");
    assert_eq!(report(&[]).await, "fe80::9", "it does not speak DHCPv4");
    assert_eq!(told(&site, "External DHCP server").await.len(), 3);
    assert_eq!(told(&site, "External DHCP server gone").await.len(), 2);
}

#[tokio::test]
async fn a_host_that_a_rack_saw_is_shown_with_its_link() {
    let site = Site::new().await;
    let mut door = door(&site);
    let host = |ip: &[u8]| Neighbour {
        vlan: site.vlan.0,
        ip: ip.to_vec(),
        mac: MAC_BYTES.to_vec(),
        interface: "a-name-that-no-kernel-gives".to_owned(),
    };
    let report =
        |ip: &[u8]| ReportNeighboursRequest { neighbours: vec![host(ip)], finished_scan: 9 };
    door.report_neighbours(from_rack("rack34", report(&SERVER))).await.expect("taken");
    let (status, body) = site.rest("GET", "discovery/", "").await;
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let shown = |field: &str| body[0][field].as_str().unwrap_or_default().to_owned();
    assert_eq!((shown("ip").as_str(), shown("mac_address").as_str()), ("10.0.0.77", MAC));
    assert_eq!(body[0]["observer"]["interface_name"], "a-name-that-no-");
    let odd = door.report_neighbours(from_rack("rack34", report(&[1]))).await.expect_err("odd");
    assert_eq!(odd.code(), Code::InvalidArgument);
}
