//! Addresses that hosts made themselves and registered (RFC 9686).

use std::net::IpAddr;

use model::dns::project::Zone;
use model::id::{IpRangeId, SubnetId};
use model::lease::client::ClientId;
use model::lease::commit::{Change, Refusal, Request};
use model::net::iprange::{IpRange, Purpose};
use model::net::vlan::Vlan;
use ops::network::ipaddresses::{self, ReserveRequest, Whose};
use ops::network::lease_list::{self, LeaseQuery};
use ops::network::leases::CommitRefusal;
use ops::network::reservedips::{self, ReservedIpChange};
use ops::network::subnets::{self, SubnetChange};
use tables::read::Reads;

use crate::leases::site::{Site, TOLD_MS, committed, mac, process, refused};
use crate::many::admin;

const MADE: &str = "fd00:1::77";

fn made() -> IpAddr {
    MADE.parse().unwrap()
}

fn register(site: &Site, subnet: SubnetId, ip: IpAddr, last: u8) -> Request {
    Request {
        subnet,
        client: ClientId::registering(&[0, 3, 0, 1, last]),
        hardware: Some(mac(last)),
        hostname: Some("laptop".to_owned()),
        told_ms: TOLD_MS,
        ..site.request(Change::Register, ip, mac(last), None)
    }
}

#[tokio::test]
async fn what_a_host_registers_is_a_lease_of_its_own_kind_with_a_name() {
    let site = Site::new().await;
    let subnet = site.add_ipv6().await;
    committed(site.commit(&process(1, 7), &register(&site, subnet, made(), 1)).await);
    let kind = |kind| LeaseQuery { kind: Some(kind), limit: 9, ..LeaseQuery::default() };
    let listed = async |of| {
        let listed = lease_list::list(&site.tables, &admin(), &kind(of)).await;
        listed.unwrap().leases.into_iter().map(|lease| lease.ip).collect::<Vec<_>>()
    };
    assert_eq!((listed("registered").await, listed("address").await), (vec![made()], vec![]));
    let zones = site.zones().await;
    let has_name =
        |zone: &Zone| zone.names.get("laptop.maas").is_some_and(|it| it.get("AAAA").is_some());
    assert!(zones.iter().any(has_name));
    // The host has another identifier now, and the address still.
    committed(site.commit(&process(2, 8), &register(&site, subnet, made(), 2)).await);
    let binding = site.binding(made()).await.unwrap();
    assert_eq!(binding.mac(), Some(mac(2)));
}

/// A host that says that its address is valid for ever keeps it from nobody: what an operator chooses is chosen, and nothing is left of
/// what was registered.
#[tokio::test]
async fn an_operator_s_choice_takes_the_place_of_what_was_registered() {
    let site = Site::new().await;
    let subnet = site.add_ipv6().await;
    let for_ever =
        Request { told_ms: u64::from(u32::MAX) * 1_000, ..register(&site, subnet, made(), 1) };
    let again = async || {
        committed(site.commit(&process(1, 7), &for_ever).await);
        assert!(site.binding(made()).await.is_some());
    };
    again().await;
    let change =
        ReservedIpChange { ip: Some(made()), mac: Some(mac(9)), ..ReservedIpChange::default() };
    let kept = reservedips::create(&site.tables, &admin(), &change).await.unwrap();
    assert_eq!(site.binding(made()).await, None, "for another host");
    reservedips::delete(&site.tables, &admin(), kept.reserved.id).await.unwrap();
    again().await;
    let gateway = |ip| SubnetChange { gateway_ip: Some(ip), ..SubnetChange::default() };
    let named = subnet.to_string();
    for ip in [Some(made()), None] {
        subnets::update(&site.tables, &admin(), &named, &gateway(ip)).await.unwrap();
        assert_eq!(site.binding(made()).await, None, "as a gateway");
    }
    again().await;
    let request = ReserveRequest { ip: Some(made()), ..ReserveRequest::default() };
    ipaddresses::reserve(&site.tables, &admin(), &request).await.unwrap();
    assert_eq!(site.binding(made()).await, None, "for a user");
}

#[tokio::test]
async fn what_was_registered_goes_when_it_is_released_and_with_its_subnet() {
    let site = Site::new().await;
    let subnet = site.add_ipv6().await;
    let register = register(&site, subnet, made(), 1);
    committed(site.commit(&process(1, 7), &register).await);
    ipaddresses::release(&site.tables, &admin(), made(), Whose::Clients).await.unwrap();
    assert_eq!(site.binding(made()).await, None);
    let nothing = ipaddresses::release(&site.tables, &admin(), made(), Whose::Clients).await;
    assert!(nothing.is_err(), "there is nothing any more");
    committed(site.commit(&process(1, 7), &register).await);
    assert_eq!(site.view().await.state().registered_in(subnet), 1);
    subnets::delete(&site.tables, &admin(), &subnet.to_string(), false).await.unwrap();
    assert_eq!(site.binding(made()).await, None);
    assert_eq!(site.view().await.state().registered_in(subnet), 0);
}

/// RFC 4291 §2.6.1, RFC 5453.
#[tokio::test]
async fn what_no_single_host_may_have_is_not_registered() {
    let site = Site::new().await;
    let subnet = site.add_ipv6().await;
    for ip in ["fd00:1::", "fd00:1::fdff:ffff:ffff:fffe", "fd00:1::200:5eff:fe00:1"] {
        let ip: IpAddr = ip.parse().unwrap();
        let refusal = refused(site.commit(&process(1, 7), &register(&site, subnet, ip, 1)).await);
        assert_eq!(refusal, CommitRefusal::Rule(Refusal::Reserved { ip }));
    }
}

#[tokio::test]
async fn what_others_give_is_not_registered() {
    let site = Site::new().await;
    let subnet = site.add_ipv6().await;
    let in_range: IpAddr = "fd00:1::1:7".parse().unwrap();
    site.change(|tx| {
        let id = IpRangeId(tx.next_id::<IpRange>()?);
        tx.insert(&IpRange {
            id,
            purpose: Purpose::Dynamic,
            start_ip: "fd00:1::1:0".parse().unwrap(),
            end_ip: "fd00:1::1:ffff".parse().unwrap(),
            subnet,
            user: None,
            comment: String::new(),
        })?;
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.put(&Vlan { service_addresses: vec![made()], ..vlan })
    })
    .await;
    for ip in [in_range, made()] {
        let refusal = refused(site.commit(&process(1, 7), &register(&site, subnet, ip, 1)).await);
        assert_eq!(refusal, CommitRefusal::Rule(Refusal::Reserved { ip }));
    }
}
