//! Which blocks racks are granted, and for how long.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::access::Actor;
use model::id::{BlockId, IpRangeId, SystemId, VlanId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::policy::Policy;
use model::net::iprange::{IpRange, Purpose};
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::user::User;
use ops::network::blocks::{BlockRequest, Wanted, request_blocks};
use ops::network::ipaddresses::{ReserveRequest, reserve};
use ops::network::leases::{RackProcess, remove_expired};
use ops::network::pools::pools;
use tables::read::Reads;
use tables::update::now;

use crate::leases::site::{Site, committed, ip, mac, process};

fn ids(blocks: &[Block]) -> BTreeSet<BlockId> {
    blocks.iter().map(|block| block.id).collect()
}

#[tokio::test]
async fn a_rack_gets_another_block_while_it_is_short_of_addresses() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let first = site.blocks(&rack, 0).await;
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].first, first[0].last), (ip(100), ip(103)));
    assert_eq!((first[0].rack.as_ref(), first[0].epoch), (Some(&rack.rack), 1));
    assert_eq!(site.blocks(&rack, 4).await.len(), 2);
    assert_eq!(site.blocks(&rack, 8).await.len(), 2, "it has enough");
}

#[tokio::test]
async fn two_racks_share_a_range_until_it_is_used_up() {
    let site = Site::new().await;
    let (first, second) = (process(1, 7), process(2, 8));
    for _ in 0..6 {
        site.blocks(&first, 0).await;
        site.blocks(&second, 0).await;
    }
    let (of_first, of_second) = (site.blocks(&first, 0).await, site.blocks(&second, 0).await);
    assert!(ids(&of_first).is_disjoint(&ids(&of_second)));
    assert_eq!((of_first.len(), of_second.len()), (4, 4));
    let mut starts: Vec<_> = of_first.iter().chain(&of_second).map(|block| block.first).collect();
    starts.sort_unstable();
    assert_eq!(starts, (0..8).map(|number| ip(100 + 4 * number)).collect::<Vec<_>>());
}

#[tokio::test]
async fn racks_that_do_not_serve_the_link_get_nothing() {
    let site = Site::new().await;
    assert_eq!(site.blocks(&process(3, 7), 0).await, []);
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.put(&Vlan { dhcp_on: false, ..vlan })
    })
    .await;
    assert_eq!(site.blocks(&process(1, 7), 0).await, []);
}

#[tokio::test]
async fn a_renewal_prolongs_the_grant_and_keeps_its_epoch() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let granted = site.blocks(&rack, 0).await.remove(0);
    let revision = site.view().await.revision();
    let again = site.blocks(&rack, 9).await;
    assert_eq!(again, std::slice::from_ref(&granted), "too fresh to be written again");
    assert_eq!(site.view().await.revision(), revision);

    site.set_valid_until(granted.id, 30_000).await;
    let (renewed, now) = request_blocks(&site.tables, &rack, &[]).await.unwrap();
    assert_eq!(renewed.len(), 1);
    assert_eq!((renewed[0].id, renewed[0].epoch), (granted.id, granted.epoch));
    assert_eq!(renewed[0].valid_until, now.plus_ms(Policy::default().block_ms));
    assert_eq!(renewed[0].granted_at, now);
}

#[tokio::test]
async fn a_lapsed_block_goes_to_the_rack_that_needs_it() {
    let site = Site::new().await;
    let lost = site.blocks(&process(1, 7), 0).await.remove(0);
    let skew = i64::try_from(Policy::default().skew_ms).unwrap();

    site.set_valid_until(lost.id, 1_000 - skew).await;
    let other = site.blocks(&process(2, 8), 0).await;
    assert!(!ids(&other).contains(&lost.id), "it may still be valid at the other rack's clock");

    site.set_valid_until(lost.id, -skew).await;
    let other = site.blocks(&process(2, 8), 0).await;
    let taken = other.iter().find(|block| block.id == lost.id).unwrap();
    assert_eq!((taken.epoch, taken.rack.as_ref()), (lost.epoch + 1, Some(&process(2, 8).rack)));
    assert_eq!(taken.quarantine_until.unix_ms, 0, "what ran out needs no quarantine");
    assert_eq!(site.blocks(&process(1, 7), 9).await, [], "its earlier owner has it no more");
}

#[tokio::test]
async fn a_block_outside_every_dynamic_range_is_not_renewed_and_goes() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    site.change(|tx| {
        let range = tx.get::<IpRange>(&block.iprange)?.unwrap();
        tx.put(&IpRange { purpose: Purpose::Reserved, ..range })
    })
    .await;
    site.set_valid_until(block.id, 30_000).await;
    assert_eq!(site.blocks(&rack, 0).await, []);
    assert_eq!(remove_expired(&site.tables, 8).await.unwrap(), 0, "it is still valid");
    site.set_valid_until(block.id, -60_000).await;
    assert_eq!(remove_expired(&site.tables, 8).await.unwrap(), 1);
    assert_eq!(site.view().await.list::<Block>().unwrap(), []);
}

#[tokio::test]
async fn a_rack_that_no_longer_serves_the_link_loses_its_blocks_to_the_new_one() {
    let site = Site::new().await;
    let block = site.blocks(&process(1, 7), 0).await.remove(0);
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.put(&Vlan { primary_rack: Some(SystemId::from_number(5)), ..vlan })
    })
    .await;
    site.set_valid_until(block.id, -60_000).await;
    assert_eq!(site.blocks(&process(1, 7), 0).await, []);
    assert!(ids(&site.blocks(&process(5, 9), 0).await).contains(&block.id));
}

/// A rack that is cut off may give an address of its block to a client although the range is gone.
#[tokio::test]
async fn addresses_of_a_valid_block_are_nobody_else_s_when_the_range_is_gone() {
    let site = Site::new().await;
    let block = site.blocks(&process(1, 7), 0).await.remove(0);
    site.change(|tx| tx.delete::<IpRange>(&block.iprange).map(drop)).await;
    let user = site.view().await.list::<User>().unwrap().remove(0);
    let actor = Actor::without_groups(user);
    let request = ReserveRequest { ip: Some(ip(101)), ..ReserveRequest::default() };
    let reserve = async || reserve(&site.tables, &actor, &request).await;
    let refusal = reserve().await.unwrap_err().to_string();
    assert_eq!(refusal, "The IP address 10.0.0.101 is already in use.");
    site.set_valid_until(block.id, -60_000).await;
    assert_eq!(reserve().await.unwrap().ip, ip(101));
}

/// Of 32 addresses and two racks a rack keeps eight free ones in store.
#[tokio::test]
async fn a_rack_gets_what_it_wants_at_once_but_leaves_some_to_the_others() {
    let site = Site::new().await;
    let (first, second) = (process(1, 7), process(2, 8));
    assert_eq!(site.blocks_for(&first, 0, 1_000).await.len(), 1, "a block of four");
    assert_eq!(site.blocks_for(&second, 0, 1_000).await.len(), 1);
    for _ in 0..8 {
        site.blocks_for(&first, 8, 1_000).await;
    }
    assert_eq!(site.view().await.list::<Block>().unwrap().len(), 3, "it has its share");
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.put(&Vlan { secondary_rack: None, ..vlan })
    })
    .await;
    assert_eq!(site.blocks_for(&first, 8, 1_000).await.len(), 4, "it is alone");
}

#[tokio::test]
async fn three_racks_share_a_range_and_none_is_left_without() {
    let site = Site::new().await;
    let racks = [process(1, 7), process(2, 8), process(3, 9)];
    assert_eq!(site.blocks_for(&racks[2], 0, 1_000).await, [], "it does not serve yet");
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.put(&Vlan { further_racks: vec![racks[2].rack.clone()], ..vlan })
    })
    .await;
    site.set_range(104, 109).await;
    for _ in 0..8 {
        for rack in &racks {
            site.blocks_for(rack, 0, 1_000).await;
        }
    }
    let mut given = Vec::new();
    for rack in &racks {
        let mut own = addresses(&site.blocks_for(rack, 0, 1_000).await);
        given.extend(own.clone());
        let ip = own.pop().expect("something of six addresses");
        let blocks = site.blocks_for(rack, 2, 1_000).await;
        let block = blocks.iter().find(|block| block.first <= ip && ip <= block.last);
        let client = u8::try_from(rack.incarnation).unwrap();
        committed(site.bind(rack, ip, mac(client), block).await);
    }
    let distinct: BTreeSet<IpAddr> = given.iter().copied().collect();
    assert_eq!(distinct.len(), given.len(), "none is given twice: {given:?}");
}

/// A rack that says again and again that it has nothing, and uses nothing, does not get everything.
#[tokio::test]
async fn a_rack_that_uses_nothing_gets_no_more_whatever_it_says() {
    let site = Site::new().await;
    let rack = process(1, 7);
    for _ in 0..20 {
        site.blocks_for(&rack, 0, 1).await;
    }
    let owned = site.view().await.list::<Block>().unwrap();
    assert_eq!(owned.len(), 4, "twice the eight addresses that a rack has at least");
}

#[tokio::test]
async fn what_a_rack_does_not_want_any_more_lapses() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let mut many = site.blocks_for(&rack, 0, 1).await;
    many.extend(site.blocks_for(&rack, 0, 1).await.pop());
    assert_eq!(many.len(), 2);
    for block in &many {
        site.set_valid_until(block.id, 30_000).await;
    }
    let kept = site.blocks_for(&rack, 8, 2).await;
    assert_eq!(kept.len(), 1, "twice what it wants is enough");
    let revision = site.view().await.revision();
    assert_eq!(site.blocks_for(&rack, 8, 2).await, kept);
    assert_eq!(site.view().await.revision(), revision, "nothing is written");
}

/// An address whose promise is over counts as free where no other is.
#[tokio::test]
async fn a_block_whose_clients_are_gone_is_renewed_when_it_is_needed() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks_for(&rack, 0, 1).await.remove(0);
    let used: Vec<_> = [100, 101, 102].into_iter().map(ip).collect();
    for (number, ip) in (1..).zip(&used) {
        committed(site.bind(&rack, *ip, mac(number), Some(&block)).await);
    }
    site.change(|tx| {
        // The gateway's address, which has no client.
        let binding = tx.get::<Binding>(&used[0])?.unwrap();
        tx.put(&Binding { ip: ip(103), ..binding })
    })
    .await;
    site.set_valid_until(block.id, 30_000).await;
    assert!(!ids(&site.blocks_for(&rack, 0, 1).await).contains(&block.id), "it is used up");
    for ip in &used {
        site.set_promise_until(*ip, -60_000).await;
    }
    let others: Vec<_> = site.view().await.list::<Block>().unwrap();
    for other in others.iter().filter(|other| other.id != block.id) {
        site.change(|tx| tx.delete::<Block>(&other.id).map(drop)).await;
    }
    assert!(ids(&site.blocks_for(&rack, 3, 1).await).contains(&block.id), "clients are gone");
}

/// A range that is no larger than a block was cut, so that one rack had all of it.
#[tokio::test]
async fn two_racks_share_a_range_of_four_addresses() {
    let site = Site::new().await;
    site.set_range(100, 103).await;
    let (first, second) = (process(1, 7), process(2, 8));
    for _ in 0..4 {
        let free = addresses(&site.blocks_for(&first, 0, 256).await).len();
        site.blocks_for(&first, u32::try_from(free).unwrap(), 256).await;
    }
    site.blocks_for(&second, 0, 256).await;
    site.blocks_for(&second, 1, 256).await;
    let owned = async |process: &RackProcess| {
        let blocks = site.view().await.list::<Block>().unwrap();
        let own = blocks.into_iter().filter(|block| block.rack.as_ref() == Some(&process.rack));
        addresses(&own.collect::<Vec<_>>()).len()
    };
    assert_eq!((owned(&first).await, owned(&second).await), (2, 2));
}

/// An earlier version cut the whole range as one block; its rack is not told so from one moment to
/// the next, and nobody else gets what it may still give away.
#[tokio::test]
async fn a_block_that_is_a_whole_small_range_is_halved_for_the_other_rack() {
    let site = Site::new().await;
    site.set_range(100, 103).await;
    let (first, second) = (process(1, 7), process(2, 8));
    let small = site.blocks_for(&first, 0, 1).await.remove(0);
    site.change(|tx| {
        let blocks: Vec<Block> = tx.list()?;
        for block in blocks {
            tx.delete::<Block>(&block.id)?;
        }
        tx.put(&Block { first: ip(100), last: ip(103), ..small.clone() })
    })
    .await;
    site.set_valid_until(small.id, 30_000).await;
    let until = site.block(small.id).await.valid_until;

    let renewed = site.blocks_for(&first, 4, 256).await;
    assert_eq!(addresses(&renewed), [ip(100), ip(101)]);
    assert_eq!((renewed[0].id, renewed[0].epoch), (small.id, small.epoch));
    let blocks = site.view().await.list::<Block>().unwrap();
    let rest = blocks.iter().find(|block| block.first == ip(102)).unwrap();
    assert_eq!(
        (rest.last, rest.rack.as_ref(), rest.valid_until),
        (ip(103), Some(&first.rack), until)
    );
    assert_eq!((rest.incarnation, rest.epoch), (small.incarnation, small.epoch));
    assert_eq!(site.blocks_for(&second, 0, 256).await, [], "the first rack may give it away yet");

    site.set_valid_until(rest.id, -60_000).await;
    assert_eq!(addresses(&site.blocks_for(&first, 2, 256).await), [ip(100), ip(101)]);
    assert_eq!(addresses(&site.blocks_for(&second, 0, 256).await), [ip(102)]);
    assert_eq!(addresses(&site.blocks_for(&second, 1, 256).await), [ip(102), ip(103)]);
}

#[tokio::test]
async fn a_rack_that_is_alone_keeps_its_large_block() {
    let site = Site::new().await;
    site.set_range(100, 103).await;
    let rack = process(1, 7);
    let small = site.blocks_for(&rack, 0, 1).await.remove(0);
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.put(&Vlan { secondary_rack: None, ..vlan })?;
        tx.put(&Block { first: ip(100), last: ip(103), ..small.clone() })
    })
    .await;
    site.set_valid_until(small.id, 30_000).await;
    assert_eq!(addresses(&site.blocks_for(&rack, 4, 256).await).len(), 4);
}

/// Whatever one rack's clients need it may have: only what is free is shared.
#[tokio::test]
async fn a_rack_gets_more_than_its_part_as_its_clients_come() {
    let site = Site::new().await;
    site.set_range(104, 107).await;
    let rack = process(1, 7);
    for client in 1..=4 {
        let blocks = site.blocks_for(&rack, 0, 256).await;
        let view = site.view().await;
        let free =
            addresses(&blocks).into_iter().find(|ip| view.get::<Binding>(ip).unwrap().is_none());
        let free = free.unwrap();
        let block = blocks.iter().find(|block| block.first <= free && free <= block.last);
        committed(site.bind(&rack, free, mac(client), block).await);
    }
}

/// Addresses of blocks that lie in no range are none that a rack can give.
#[tokio::test]
async fn a_rack_gets_blocks_of_a_range_as_soon_as_it_is_moved() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let before = site.blocks_for(&rack, 0, 256).await;
    site.set_range(10, 41).await;
    for free in [0, u32::try_from(addresses(&before).len()).unwrap()] {
        let granted = site.blocks_for(&rack, free, 256).await;
        assert!(addresses(&granted).iter().any(|at| *at < ip(42)), "{granted:?}");
    }
    assert_eq!(pool_blocks(&site).await, 8, "what lies in no range is none of the pool");
}

/// A rack that is cut off may still give what lies in its block: blocks of the new range do not overlap it.
#[tokio::test]
async fn a_range_that_is_made_again_has_the_blocks_of_the_one_before() {
    let site = Site::new().await;
    let (first, second) = (process(1, 7), process(2, 8));
    let block = site.blocks(&first, 0).await.remove(0);
    let another = IpRangeId(77);
    site.change(|tx| {
        let range = tx.list::<IpRange>()?.remove(0);
        tx.delete::<IpRange>(&range.id)?;
        tx.insert(&IpRange { id: another, end_ip: ip(130), ..range })
    })
    .await;
    let of_second = site.blocks(&second, 0).await;
    assert_eq!(addresses(&of_second).first(), Some(&ip(104)), "behind the other rack's");
    let renewed = site.blocks(&first, 0).await;
    let renewed = renewed.iter().find(|renewed| renewed.id == block.id).unwrap();
    assert_eq!((renewed.iprange, renewed.epoch), (another, block.epoch), "it goes on at once");
    site.set_valid_until(block.id, -60_000).await;
    assert_eq!(remove_expired(&site.tables, 8).await.unwrap(), 0, "it is in its range");
}

#[tokio::test]
async fn a_block_is_cut_off_where_its_range_ends() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    site.set_range(102, 131).await;
    let renewed = site.blocks(&rack, 0).await;
    assert!(addresses(&renewed).starts_with(&[ip(102), ip(103), ip(104)]), "{renewed:?}");
    let all = site.view().await.list::<Block>().unwrap();
    let rest = all.iter().find(|rest| rest.first == ip(100)).unwrap();
    assert_eq!((rest.last, rest.valid_until), (ip(101), block.valid_until));
    assert_eq!((rest.rack.as_ref(), rest.epoch), (Some(&rack.rack), block.epoch));
    site.set_valid_until(rest.id, -60_000).await;
    assert_eq!(remove_expired(&site.tables, 8).await.unwrap(), 1, "nobody gives from it any more");
}

#[tokio::test]
async fn blocks_follow_their_subnet_to_another_link() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let lapsed = site.blocks(&process(2, 8), 0).await.remove(0);
    let to = VlanId(77);
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.insert(&Vlan { id: to, vid: 77, secondary_rack: None, ..vlan })?;
        let subnet = tx.get::<Subnet>(&site.subnet)?.unwrap();
        tx.put(&Subnet { vlan: to, ..subnet })
    })
    .await;
    let request = BlockRequest { vlan: to, free: 0, wanted: 0, of: Wanted::Ipv4 };
    let (granted, _) = request_blocks(&site.tables, &rack, &[request]).await.unwrap();
    let moved = granted.iter().find(|moved| moved.id == block.id).unwrap();
    assert_eq!((moved.vlan, moved.epoch), (to, block.epoch));
    site.set_valid_until(lapsed.id, -60_000).await;
    assert_eq!(
        remove_expired(&site.tables, 8).await.unwrap(),
        1,
        "its rack does not serve that link"
    );
}

/// How many addresses of the site's only pool are in blocks.
async fn pool_blocks(site: &Site) -> u64 {
    let pools = pools(&site.view().await, now(), |_| true).unwrap();
    pools.iter().map(|pool| pool.used.in_blocks).sum()
}

/// All addresses of some blocks, in order.
fn addresses(blocks: &[Block]) -> Vec<IpAddr> {
    let ranges = blocks.iter().filter_map(|block| AddressRange::new(block.first, block.last));
    let mut addresses: Vec<IpAddr> = ranges.flat_map(|range| range.addresses()).collect();
    addresses.sort_unstable();
    addresses
}
