//! Addresses that hosts made themselves and registered (RFC 9686).

use std::net::IpAddr;

use model::dns::project::Zone;
use model::id::{IpRangeId, SubnetId};
use model::lease::client::ClientId;
use model::lease::commit::{Change, Refusal, Request};
use model::net::iprange::{IpRange, Purpose};
use model::net::vlan::Vlan;
use ops::network::lease_list::{self, LeaseQuery};
use ops::network::leases::CommitRefusal;
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
