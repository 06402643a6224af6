//! Prefixes that are delegated: pools of them, blocks of their own, and bindings that are none of addresses.

use std::net::IpAddr;

use model::access::Actor;
use model::dns::name::RecordData;
use model::id::{PrefixPoolId, SubnetId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::commit::{Change, Refusal, Request};
use model::net::prefixpool::PrefixPool;
use ops::network::blocks::{BlockRequest, Wanted, request_blocks};
use ops::network::lease_list::{self, LeaseQuery};
use ops::network::leases::{CommitRefusal, RackProcess, remove_expired};
use ops::network::pools::pools;
use ops::network::pools::prefixes::prefix_pools;
use ops::network::prefixpools::{self, PrefixPoolChange};
use ops::network::subnets::{self, SubnetChange};
use tables::read::Reads;
use tables::update::now;

use crate::leases::site::{Site, committed, mac, process, refused};
use crate::many::admin;

const POOL: &str = "fd00:a00::/52";

fn ip6(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// An association for prefixes.
fn client(last: u8) -> ClientId {
    ClientId::Identifier([254, 0, 0, 0, 1, 0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, last].into())
}

fn change(prefix: &str, length: u8, subnet: &str) -> PrefixPoolChange {
    PrefixPoolChange {
        prefix: Some(prefix.parse().unwrap()),
        delegated_length: Some(length),
        subnet: Some(subnet.to_owned()),
        comment: None,
    }
}

/// The site's link with a subnet of IPv6 and a pool of 16 prefixes.
async fn site() -> (Site, SubnetId) {
    let (site, subnet) = without_pool().await;
    create(&site, &change(POOL, 56, "fd00:1::/64")).await.unwrap();
    (site, subnet)
}

async fn without_pool() -> (Site, SubnetId) {
    let site = Site::new().await;
    let subnet = site.add_ipv6().await;
    (site, subnet)
}

async fn create(site: &Site, change: &PrefixPoolChange) -> Result<PrefixPool, String> {
    let made = prefixpools::create(&site.tables, &admin(), change).await;
    made.map(|detail| detail.pool).map_err(|refusal| refusal.to_string())
}

/// What a rack owns of prefixes that asks for some.
async fn blocks(site: &Site, rack: &RackProcess, free: u32, wanted: u32) -> Vec<Block> {
    let mut blocks = site.blocks_of(Wanted::Prefixes, rack, free, wanted).await;
    blocks.retain(|block| block.prefix_length.is_some());
    blocks
}

fn request(site: &Site, subnet: SubnetId, ip: IpAddr, last: u8, block: &Block) -> Request {
    Request {
        subnet,
        client: client(last),
        hardware: Some(mac(last)),
        hostname: Some("router".to_owned()),
        prefix_length: Some(56),
        ..site.request(Change::Bind, ip, mac(last), Some(block))
    }
}

#[tokio::test]
async fn racks_share_the_prefixes_of_a_pool_and_no_two_have_the_same() {
    let (site, _) = site().await;
    let (first, second) = (process(1, 7), process(2, 8));
    let of_first = blocks(&site, &first, 0, 256).await;
    let of_second = blocks(&site, &second, 0, 256).await;
    assert!(!of_first.is_empty() && !of_second.is_empty(), "each has its part");
    let mut all: Vec<String> = Vec::new();
    for block in of_first.iter().chain(&of_second) {
        let prefixes = block.prefixes().unwrap();
        all.extend(prefixes.addresses().map(|prefix| prefix.to_string()));
        assert_eq!(block.last, IpAddr::V6(prefixes.last.last_address()), "it has all addresses");
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "{all:?}");
    assert!(
        all.iter().all(|prefix| prefix.starts_with("fd00:a00:0:") && prefix.ends_with("00::/56")
            || prefix == "fd00:a00::/56"),
        "{all:?}"
    );
    let again = blocks(&site, &first, 0, 256).await;
    assert!(again.iter().map(|block| block.id).ge(of_first.iter().map(|block| block.id)));
    let asked = [BlockRequest { vlan: site.vlan, free: 0, wanted: 9, of: Wanted::Ipv6 }];
    let of_addresses = request_blocks(&site.tables, &first, &asked).await.unwrap().0;
    assert!(
        of_addresses.iter().all(|block| block.first.is_ipv4() || block.prefix_length.is_some())
    );
}

#[tokio::test]
async fn a_prefix_is_one_router_s_and_is_no_address() {
    let (site, subnet) = site().await;
    let (first, second) = (process(1, 7), process(2, 8));
    let block = blocks(&site, &first, 0, 256).await.remove(0);
    let ip = block.first;
    let bound = request(&site, subnet, ip, 1, &block);
    let (_, binding, _) = committed(site.commit(&first, &bound).await);
    assert_eq!(binding.prefix().map(|it| it.to_string()), Some(format!("{ip}/56")));
    let other = request(&site, subnet, ip, 2, &block);
    let taken = refused(site.commit(&first, &other).await);
    let holder = client(1);
    assert_eq!(taken, CommitRefusal::Rule(Refusal::BoundToAnother { ip, holder }));
    let renewed = Request { block: None, ..bound.clone() };
    committed(site.commit(&second, &renewed).await);
    for wrong in [
        Request { prefix_length: Some(60), ..bound.clone() },
        Request { prefix_length: None, ..bound.clone() },
        Request { ip: ip6("fd00:a00:0:1::"), ..bound.clone() },
        Request { ip: ip6("fd00:b00::"), ..bound.clone() },
    ] {
        let refusal = refused(site.commit(&first, &wrong).await);
        assert!(matches!(refusal, CommitRefusal::WrongSubnet { .. }), "{wrong:?}: {refusal}");
    }
    let view = site.view().await;
    assert_eq!(view.state().bound_to(mac(1)).next(), None, "it is no address of the machine");
    assert!(view.state().leased_to(mac(1)).eq([ip]));
    let used = pools(&view, now(), |_| true).unwrap();
    assert!(used.iter().all(|pool| pool.used.active == 0), "{used:?}");
    let full = prefix_pools(&view, now(), |_| true).unwrap();
    let [full] = &full[..] else { panic!("{full:?}") };
    assert_eq!((full.subnet, full.used.size, full.used.active), (subnet, 16, 1));
    assert_eq!(full.used.in_blocks, block.prefixes().unwrap().len());
    assert_eq!(full.pools, [(POOL.parse().unwrap(), 56)]);
    let query = LeaseQuery { subnet: Some(subnet.to_string()), limit: 9, ..LeaseQuery::default() };
    let listed = lease_list::list(&site.tables, &admin(), &query).await.unwrap().leases;
    assert_eq!(listed.len(), 1, "it is found by the subnet on whose link it is");
    let lease = &listed[0];
    assert_eq!((lease.what(), lease.kind.as_str()), (format!("{ip}/56"), "prefix"));
    assert_eq!(lease.subnet.cidr.map(|cidr| cidr.to_string()).as_deref(), Some("fd00:1::/64"));
    let zones = site.zones().await;
    let mut sets = zones.iter().flat_map(|zone| zone.names.values()).flat_map(|sets| sets.values());
    assert!(!sets.any(|set| set.records.contains(&RecordData::Address(ip))), "it has no name");
}

#[tokio::test]
async fn a_pool_is_alone_with_its_addresses() {
    let (site, _) = site().await;
    for (prefix, length, subnet, why) in [
        (POOL, 56, "fd00:1::/64", "overlaps prefix pool"),
        ("fd00:a00::/40", 48, "fd00:1::/64", "overlaps prefix pool"),
        ("fd00:1::/60", 64, "fd00:1::/64", "overlaps subnet fd00:1::/64"),
        ("fd00:b00::/40", 56, "10.0.0.0/24", "name a subnet of IPv6"),
        ("fd00:b00::/40", 44, "fd00:1::/64", "from 48 to 64"),
        ("fd00:b00::/40", 65, "fd00:1::/64", "from 48 to 64"),
        ("fd00:b00::/60", 56, "fd00:1::/64", "from 60 to 64"),
        ("fd00:b00::/80", 64, "fd00:1::/64", "No prefix of /64"),
        ("fe80::/40", 64, "fd00:1::/64", "Nobody routes"),
        ("fd00:b00::/40", 56, "77", "No such subnet"),
    ] {
        let refusal = create(&site, &change(prefix, length, subnet)).await.unwrap_err();
        assert!(refusal.contains(why), "{prefix} /{length}: {refusal}");
    }
    let within = SubnetChange {
        cidr: Some("fd00:a00:0:100::/64".parse().unwrap()),
        vlan: Some(site.vlan.to_string()),
        ..SubnetChange::default()
    };
    let refusal = subnets::create(&site.tables, &admin(), &within).await.unwrap_err();
    assert!(refusal.to_string().contains("overlaps prefix pool"), "{refusal}");
    let id = PrefixPoolId(1);
    for other in [
        PrefixPoolChange { delegated_length: Some(60), ..PrefixPoolChange::default() },
        change("fd00:b00::/52", 56, "fd00:1::/64"),
    ] {
        let refusal = prefixpools::update(&site.tables, &admin(), id, &other).await;
        assert!(refusal.unwrap_err().to_string().contains("stays as it is"), "{other:?}");
    }
    let said =
        PrefixPoolChange { comment: Some("homes".to_owned()), ..change(POOL, 56, "fd00:1::/64") };
    let detail = prefixpools::update(&site.tables, &admin(), id, &said).await.unwrap();
    assert_eq!((detail.pool.comment.as_str(), detail.total, detail.delegated), ("homes", 16, 0));
    let anybody = Actor::Anonymous;
    assert!(prefixpools::create(&site.tables, &anybody, &said).await.is_err());
}

#[tokio::test]
async fn a_pool_stays_while_it_is_delegated_from_unless_it_is_taken_back() {
    let (site, subnet) = site().await;
    let rack = process(1, 7);
    let block = blocks(&site, &rack, 0, 256).await.remove(0);
    committed(site.commit(&rack, &request(&site, subnet, block.first, 1, &block)).await);
    let delete = async |force| {
        let deleted = prefixpools::delete(&site.tables, &admin(), PrefixPoolId(1), force).await;
        deleted.map_err(|refusal| refusal.to_string())
    };
    let refusal = delete(false).await.unwrap_err();
    assert!(
        refusal.contains(&format!("{}/56 is delegated to {}", block.first, client(1))),
        "{refusal}"
    );
    let of_subnet = subnets::delete(&site.tables, &admin(), "fd00:1::/64", false).await;
    assert!(of_subnet.unwrap_err().to_string().contains("is delegated to"));
    delete(true).await.unwrap();
    let late = site.commit(&rack, &request(&site, subnet, block.first, 1, &block)).await;
    assert!(matches!(refused(late), CommitRefusal::WrongSubnet { .. }));
    let refusal = create(&site, &change(POOL, 60, "fd00:1::/64")).await.unwrap_err();
    assert!(refusal.contains("was delegated to"), "its router goes on using it: {refusal}");
    let within = SubnetChange {
        cidr: Some("fd00:a00:0:100::/64".parse().unwrap()),
        vlan: Some(site.vlan.to_string()),
        ..SubnetChange::default()
    };
    assert!(subnets::create(&site.tables, &admin(), &within).await.is_err());
    create(&site, &change(POOL, 56, "fd00:1::/64")).await.unwrap();
    let again = request(&site, subnet, block.first, 1, &block);
    committed(site.commit(&rack, &again).await);
    let renewed = blocks(&site, &rack, 0, 256).await;
    assert!(renewed.iter().any(|it| it.id == block.id), "the block goes on in the new pool");
}

/// A rack that is cut off goes on delegating what it has, so nothing else may be there for that long.
#[tokio::test]
async fn a_pool_of_another_length_waits_for_the_blocks_of_the_one_before() {
    let (site, _) = site().await;
    let rack = process(1, 7);
    let owned = blocks(&site, &rack, 0, 256).await;
    prefixpools::delete(&site.tables, &admin(), PrefixPoolId(1), false).await.unwrap();
    let refusal = create(&site, &change(POOL, 60, "fd00:1::/64")).await.unwrap_err();
    assert!(refusal.contains("by another length"), "{refusal}");
    for block in &owned {
        site.set_valid_until(block.id, -4_000).await;
    }
    let all = remove_expired(&site.tables, 64).await.unwrap();
    assert!(all >= owned.len(), "what is of no pool means nothing any more");
    create(&site, &change(POOL, 60, "fd00:1::/64")).await.unwrap();
    let cut = blocks(&site, &rack, 0, 256).await;
    assert!(cut.iter().all(|block| block.prefix_length == Some(60)), "{cut:?}");
}

/// Prefixes that were given back and are promised to nobody any more go to other routers.
#[tokio::test]
async fn blocks_of_a_pool_outlive_what_is_bound_in_them_and_stay_in_it() {
    let (site, subnet) = site().await;
    let rack = process(1, 7);
    let block = blocks(&site, &rack, 0, 256).await.remove(0);
    let ip = block.first;
    committed(site.commit(&rack, &request(&site, subnet, ip, 1, &block)).await);
    assert_eq!(remove_expired(&site.tables, 64).await.unwrap(), 0, "it is in its pool");
    site.set_promise_until(ip, -4_000).await;
    let (_, next, _) = committed(site.commit(&rack, &request(&site, subnet, ip, 2, &block)).await);
    assert_eq!(next.client, client(2));
    let stored: Vec<Binding> = site.view().await.list().unwrap();
    assert_eq!(stored, [next]);
}
