//! Leases of IPv6: blocks of their own, names of both kinds, and how full their ranges are.

use std::net::IpAddr;

use model::dns::name::RecordData;
use model::id::{IpRangeId, SubnetId};
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::commit::{Change, Refusal, Request};
use model::net::iprange::{IpRange, Purpose};
use ops::network::blocks::Wanted;
use ops::network::leases::{CommitRefusal, RackProcess};
use ops::network::pools::pools;
use tables::read::Reads;
use tables::update::now;

use crate::leases::site::{Site, committed, mac, process, refused};

fn ip6(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A client of `DHCPv6`: an association's number and a DUID.
fn client(last: u8) -> ClientId {
    ClientId::Identifier([255, 0, 0, 0, 1, 0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, last].into())
}

/// The site's link with a subnet of IPv6, whose range has `2^48` addresses.
async fn site() -> (Site, SubnetId) {
    let site = Site::new().await;
    let subnet = site.add_ipv6().await;
    site.change(|tx| {
        let id = IpRangeId(tx.next_id::<IpRange>()?);
        tx.insert(&IpRange {
            id,
            purpose: Purpose::Dynamic,
            start_ip: ip6("fd00:1::1:0:0:0"),
            end_ip: ip6("fd00:1::1:ffff:ffff:ffff"),
            subnet,
            user: None,
            comment: String::new(),
        })
    })
    .await;
    (site, subnet)
}

/// What a rack owns of IPv6 that asks for addresses of it.
async fn blocks(site: &Site, rack: &RackProcess, free: u32, wanted: u32) -> Vec<Block> {
    let mut blocks = site.blocks_of(Wanted::Ipv6, rack, free, wanted).await;
    blocks.retain(|block| block.first.is_ipv6());
    blocks
}

fn request(site: &Site, subnet: SubnetId, ip: IpAddr, last: u8, block: &Block) -> Request {
    Request {
        subnet,
        client: client(last),
        hardware: Some(mac(last)),
        hostname: Some(format!("web{last}")),
        ..site.request(Change::Bind, ip, mac(last), Some(block))
    }
}

#[tokio::test]
async fn who_asks_for_addresses_of_ipv6_alone_renews_nothing_else() {
    let (site, _) = site().await;
    let rack = process(1, 7);
    let id = site.blocks(&rack, 0).await.remove(0).id;
    let minutes_ago = now().minus_ms(120_000);
    site.change(|tx| {
        let block = tx.get::<Block>(&id)?.unwrap();
        tx.put(&Block { granted_at: minutes_ago, ..block })
    })
    .await;
    blocks(&site, &rack, 0, 256).await;
    assert_eq!(site.block(id).await.granted_at, minutes_ago);
    site.blocks(&rack, 0).await;
    assert!(site.block(id).await.granted_at > minutes_ago, "who asks for these does");
}

#[tokio::test]
async fn racks_get_blocks_of_each_family_apart() {
    let (site, _) = site().await;
    let (first, second) = (process(1, 7), process(2, 8));
    let of_first = blocks(&site, &first, 0, 256).await;
    assert_eq!(of_first.len(), 1);
    let Block { first: from, last: to, .. } = of_first[0];
    assert_eq!((from, to), (ip6("fd00:1::1:0:0:0"), ip6("fd00:1::1:0:0:3ff")));
    let of_second = blocks(&site, &second, 0, 256).await;
    assert_eq!(of_second[0].first, ip6("fd00:1::1:0:0:400"), "the next one");
    let of_ipv4 = site.blocks(&first, 0).await;
    assert!(of_ipv4.iter().all(|block| block.first.is_ipv4()), "{of_ipv4:?}");
    assert_eq!(blocks(&site, &first, 1_024, 256).await, of_first, "nothing more is needed");
}

#[tokio::test]
async fn a_lease_has_its_names_and_counts_in_its_range() {
    let (site, subnet) = site().await;
    let rack = process(1, 7);
    let block = blocks(&site, &rack, 0, 256).await.remove(0);
    let ip = ip6("fd00:1::1:0:0:42");
    let bind = request(&site, subnet, ip, 1, &block);
    let (_, binding, _) = committed(site.commit(&rack, &bind).await);
    assert_eq!((binding.mac(), binding.client.mac()), (Some(mac(1)), None));
    let zones = site.zones().await;
    let records = |name: &str, kind: &str| {
        let set = zones.iter().find_map(|zone| zone.names.get(name)?.get(kind));
        set.map(|set| set.records.iter().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    assert_eq!(records("web1.maas", "AAAA"), [RecordData::Address(ip)]);
    let reverse = "2.4.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa";
    assert_eq!(records(reverse, "PTR"), [RecordData::Name("web1.maas".into())]);
    let view = site.view().await;
    let pools = pools(&view, now(), |of| of.id == subnet).unwrap();
    let used = pools[0].used;
    assert_eq!((used.active, used.in_blocks, used.size), (1, 1_024, 1 << 48));
    assert!(view.state().bound_to(mac(1)).eq([ip]), "it is found by its hardware address");
}

#[tokio::test]
async fn an_address_is_one_client_s_and_what_is_kept_for_a_machine_is_its() {
    let (site, subnet) = site().await;
    let rack = process(1, 7);
    let block = blocks(&site, &rack, 0, 256).await.remove(0);
    let ip = ip6("fd00:1::1:0:0:42");
    committed(site.commit(&rack, &request(&site, subnet, ip, 1, &block)).await);
    let other = site.commit(&rack, &request(&site, subnet, ip, 2, &block)).await;
    assert!(matches!(refused(other), CommitRefusal::Rule(Refusal::BoundToAnother { .. })));
    let outside = request(&site, subnet, ip6("fd00:2::1"), 3, &block);
    let outside = site.commit(&rack, &outside).await;
    assert!(matches!(refused(outside), CommitRefusal::WrongSubnet { .. }));
}
