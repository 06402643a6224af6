//! What becomes of addresses, and what operators are told of it, over a store in memory.

use std::net::IpAddr;

use model::event::Event;
use model::id::{BlockId, PrefixPoolId, SystemId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::pool::PrefixPoolLevel;
use model::mac::MacAddress;
use model::net::iprange::{IpRange, Purpose};
use model::net::prefixpool::PrefixPool;
use raft_store::Store;
use tables::tx::Tx;
use tables::update::{Cause, Tables, now};

use super::levels::{Easing, tell, tell_levels, tell_levels_at};
use super::prefixes::prefix_pools;
use super::*;

const SUBNET: SubnetId = SubnetId(1);
const RANGE: IpRangeId = IpRangeId(1);

fn ip(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn at(ms: u64) -> Timestamp {
    now().plus_ms(ms)
}

/// A subnet with a dynamic range of 40 addresses, 100 to 139.
async fn site() -> Tables {
    let tables = Tables::new(Store::in_memory());
    let subnet = Subnet {
        name: "lab".to_owned(),
        ..Subnet::new(SUBNET, VlanId(1), "10.0.0.0/24".parse().unwrap())
    };
    let range = IpRange {
        id: RANGE,
        purpose: Purpose::Dynamic,
        start_ip: ip(100),
        end_ip: ip(139),
        subnet: SUBNET,
        user: None,
        comment: String::new(),
    };
    change(&tables, |tx| {
        tx.insert(&subnet)?;
        tx.insert(&range)
    })
    .await;
    tables
}

async fn change(tables: &Tables, change: impl FnMut(&mut Tx) -> Result<(), TableError>) {
    tables.update(&Cause::new("test", "test"), change).await.unwrap();
}

fn binding(last: u8, state: BindingState, promise_until: Timestamp) -> Binding {
    Binding {
        ip: ip(last),
        subnet: SUBNET,
        vlan: VlanId(1),
        client: MacAddress([2, 0, 0, 0, 0, last]).into(),
        hardware: None,
        prefix_length: None,
        state,
        hostname: None,
        told_until: promise_until,
        promise_until,
        rack: SystemId::from_number(1),
    }
}

/// So many addresses are in use, from the first on.
async fn use_addresses(tables: &Tables, count: u8) {
    let until = at(3_600_000);
    change(tables, |tx| {
        for last in 100..140 {
            if last < 100 + count {
                tx.put(&binding(last, BindingState::Active, until))?;
            } else {
                tx.delete::<Binding>(&ip(last))?;
            }
        }
        Ok(())
    })
    .await;
}

async fn events(tables: &Tables) -> Vec<(String, EventLevel)> {
    let view = tables.view().await.unwrap();
    let events = view.list::<Event>().unwrap();
    assert!(events.iter().all(|event| event.node.is_none() && event.hostname.is_empty()));
    events.into_iter().map(|event| (event.kind, event.level)).collect()
}

async fn use_of(tables: &Tables, now: Timestamp) -> PoolUse {
    let view = tables.view().await.unwrap();
    let pools = pools(&view, now, |_| true).unwrap();
    let [pool] = pools.as_slice() else { panic!("{pools:?}") };
    pool.used
}

#[tokio::test]
async fn a_pool_is_counted_by_what_became_of_its_addresses() {
    let tables = site().await;
    let (later, over) = (at(60_000), at(0).minus_ms(60_000));
    let block = Block {
        id: BlockId(1),
        iprange: RANGE,
        prefix_length: None,
        subnet: SUBNET,
        vlan: VlanId(1),
        first: ip(100),
        last: ip(107),
        rack: Some(SystemId::from_number(1)),
        incarnation: 1,
        epoch: 1,
        granted_at: at(0),
        valid_until: at(60_000),
        quarantine_until: Timestamp::default(),
    };
    change(&tables, |tx| {
        tx.put(&binding(100, BindingState::Active, later))?;
        tx.put(&binding(101, BindingState::Active, later))?;
        tx.put(&binding(102, BindingState::Released, later))?;
        tx.put(&binding(103, BindingState::Released, over))?;
        tx.put(&binding(104, BindingState::Declined, later))?;
        tx.put(&binding(99, BindingState::Active, later))?;
        tx.put(&block)
    })
    .await;
    let want = PoolUse { size: 40, active: 2, released: 1, declined: 1, reserved: 0, in_blocks: 8 };
    assert_eq!(use_of(&tables, at(0)).await, want);
    let all_over = PoolUse { size: 40, ..PoolUse::default() };
    assert_eq!(use_of(&tables, at(120_000)).await, all_over, "times pass without a write");
}

#[tokio::test]
async fn a_range_that_changes_is_counted_anew() {
    let tables = site().await;
    use_addresses(&tables, 30).await;
    change(&tables, |tx| {
        let range = tx.get::<IpRange>(&RANGE)?.unwrap();
        tx.put(&IpRange { start_ip: ip(120), ..range })
    })
    .await;
    let used = use_of(&tables, at(0)).await;
    assert_eq!((used.size, used.active), (20, 10));
    change(&tables, |tx| tx.delete::<IpRange>(&RANGE).map(drop)).await;
    let view = tables.view().await.unwrap();
    assert_eq!(pools(&view, at(0), |_| true).unwrap(), []);
}

#[tokio::test]
async fn operators_are_told_of_each_level_once() {
    let tables = site().await;
    let mut easing = Easing::default();
    for (used, want) in [(31, 0), (32, 1), (37, 0), (38, 1), (40, 1), (40, 0)] {
        use_addresses(&tables, used).await;
        assert_eq!(tell_levels(&tables, &mut easing).await.unwrap(), want, "{used} in use");
    }
    // A leader that begins knows what was told.
    assert_eq!(tell_levels(&tables, &mut Easing::default()).await.unwrap(), 0);
    let of = |kind: &str, level| (kind.to_owned(), level);
    let up = [
        of("DHCP pool above 80%", EventLevel::Warning),
        of("DHCP pool above 95%", EventLevel::Error),
        of("DHCP pool exhausted", EventLevel::Critical),
    ];
    assert_eq!(events(&tables).await, up);
}

#[tokio::test]
async fn leaders_that_see_the_same_tell_it_once() {
    let tables = site().await;
    use_addresses(&tables, 40).await;
    let view = tables.view().await.unwrap();
    let pool = pools(&view, at(0), |_| true).unwrap().remove(0);
    let tell = || tell(&tables, &pool, Level::Ample, Level::Exhausted);
    let (first, second) = tokio::join!(tell(), tell());
    assert_ne!(first.unwrap(), second.unwrap());
    assert_eq!(events(&tables).await.len(), 1);
}

#[tokio::test]
async fn a_pool_has_recovered_when_it_is_less_full_for_a_while() {
    let tables = site().await;
    let mut easing = Easing::default();
    use_addresses(&tables, 40).await;
    let began = now();
    let mut tell = async |after_ms| {
        tell_levels_at(&tables, &mut easing, began.plus_ms(after_ms)).await.unwrap()
    };
    assert_eq!(tell(0).await, 1);
    use_addresses(&tables, 10).await;
    assert_eq!(tell(5_000).await, 0);
    use_addresses(&tables, 40).await;
    assert_eq!(tell(10_000).await, 0, "it was full again");
    use_addresses(&tables, 10).await;
    assert_eq!((tell(15_000).await, tell(74_999).await), (0, 0));
    assert_eq!(tell(75_000).await, 1);
    assert_eq!(tell(80_000).await, 0);
    let last = events(&tables).await.pop();
    assert_eq!(last, Some(("DHCP pool below 75%".to_owned(), EventLevel::Info)));
    let view = tables.view().await.unwrap();
    assert_eq!(view.list::<PoolLevel>().unwrap(), [], "nothing is kept of it");
}

#[tokio::test]
async fn what_was_told_of_a_subnet_without_ranges_is_forgotten() {
    let tables = site().await;
    use_addresses(&tables, 40).await;
    tell_levels(&tables, &mut Easing::default()).await.unwrap();
    change(&tables, |tx| tx.delete::<IpRange>(&RANGE).map(drop)).await;
    tell_levels(&tables, &mut Easing::default()).await.unwrap();
    let view = tables.view().await.unwrap();
    assert_eq!(view.list::<PoolLevel>().unwrap(), []);
    assert_eq!(events(&tables).await.len(), 1);
}

#[tokio::test]
async fn an_event_names_subnet_ranges_and_numbers() {
    let tables = site().await;
    use_addresses(&tables, 32).await;
    tell_levels(&tables, &mut Easing::default()).await.unwrap();
    let view = tables.view().await.unwrap();
    let event = view.list::<Event>().unwrap().remove(0);
    assert_eq!(
        event.description,
        "subnet 10.0.0.0/24, range 10.0.0.100-10.0.0.139: 80 % of 40 dynamic addresses are in use \
         (32 leased, 0 kept for clients that left, 0 declined, 0 reserved), 8 are free; add a \
         dynamic range to the subnet before it is full"
    );
}

const SUBNET_V6: SubnetId = SubnetId(2);

/// A subnet of IPv6 with a dynamic range of 40 addresses, and with two pools that have 16 prefixes each.
async fn with_prefixes() -> Tables {
    let tables = Tables::new(Store::in_memory());
    let subnet = Subnet::new(SUBNET_V6, VlanId(1), "fd00:1::/64".parse().unwrap());
    let pool = |id, prefix: &str| PrefixPool {
        id: PrefixPoolId(id),
        prefix: prefix.parse().unwrap(),
        delegated_length: 60,
        subnet: SUBNET_V6,
        comment: String::new(),
    };
    let range = IpRange {
        id: RANGE,
        purpose: Purpose::Dynamic,
        start_ip: ip_v6(100),
        end_ip: ip_v6(139),
        subnet: SUBNET_V6,
        user: None,
        comment: String::new(),
    };
    change(&tables, |tx| {
        tx.insert(&subnet)?;
        tx.insert(&range)?;
        tx.insert(&pool(1, "fd00:20::/56"))?;
        tx.insert(&pool(2, "fd00:20:0:100::/56"))
    })
    .await;
    tables
}

fn ip_v6(last: u16) -> IpAddr {
    IpAddr::from([0xfd00, 1, 0, 0, 0, 0, 0, last])
}

/// The prefix with a number, of both pools.
fn prefix(number: u8) -> IpAddr {
    IpAddr::from([0xfd00, 0x20, 0, u16::from(number) << 4, 0, 0, 0, 0])
}

/// So many prefixes are delegated, from the first on.
async fn delegate(tables: &Tables, count: u8) {
    let until = at(3_600_000);
    change(tables, |tx| {
        for number in 0..32 {
            if number < count {
                tx.put(&Binding {
                    ip: prefix(number),
                    subnet: SUBNET_V6,
                    prefix_length: Some(60),
                    ..binding(number, BindingState::Active, until)
                })?;
            } else {
                tx.delete::<Binding>(&prefix(number))?;
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn prefixes_of_all_pools_of_a_subnet_are_counted_by_what_became_of_them() {
    let tables = with_prefixes().await;
    delegate(&tables, 17).await;
    let block = Block {
        id: BlockId(1),
        iprange: IpRangeId(0),
        prefix_length: Some(60),
        subnet: SUBNET_V6,
        vlan: VlanId(1),
        first: prefix(0),
        last: "fd00:20:0:7f:ffff:ffff:ffff:ffff".parse().unwrap(),
        rack: Some(SystemId::from_number(1)),
        incarnation: 1,
        epoch: 1,
        granted_at: at(0),
        valid_until: at(60_000),
        quarantine_until: Timestamp::default(),
    };
    change(&tables, |tx| {
        let released = tx.get::<Binding>(&prefix(16))?.unwrap();
        tx.put(&Binding { state: BindingState::Released, ..released })?;
        tx.put(&block)
    })
    .await;
    let used = async |now| {
        let view = tables.view().await.unwrap();
        let found = prefix_pools(&view, now, |_| true).unwrap();
        let [pools] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(pools.pools.len(), 2);
        pools.used
    };
    let want = PoolUse { size: 32, active: 16, released: 1, in_blocks: 8, ..PoolUse::default() };
    assert_eq!(used(at(0)).await, want);
    let all_over = PoolUse { size: 32, ..PoolUse::default() };
    assert_eq!(used(at(7_200_000)).await, all_over, "times pass without a write");
    let view = tables.view().await.unwrap();
    assert_eq!(pools(&view, at(0), |_| true).unwrap()[0].used.active, 0, "they are no addresses");
    assert_eq!(prefix_pools(&view, at(0), |subnet| subnet.id == SUBNET).unwrap(), []);
}

#[tokio::test]
async fn operators_are_told_of_pools_of_prefixes_as_of_ranges() {
    let tables = with_prefixes().await;
    let mut easing = Easing::default();
    let began = now();
    for (count, want, after_ms) in
        [(25, 0, 0), (26, 1, 0), (31, 1, 0), (32, 1, 0), (32, 0, 0), (9, 0, 0), (9, 1, 60_000)]
    {
        delegate(&tables, count).await;
        let told = tell_levels_at(&tables, &mut easing, began.plus_ms(after_ms)).await.unwrap();
        assert_eq!(told, want, "{count} delegated");
        if count == 31 {
            assert_eq!(tell_levels(&tables, &mut Easing::default()).await.unwrap(), 0, "known");
        }
    }
    let of = |kind: &str, level| (kind.to_owned(), level);
    let told = [
        of("DHCP prefix pool above 80%", EventLevel::Warning),
        of("DHCP prefix pool above 95%", EventLevel::Error),
        of("DHCP prefix pool exhausted", EventLevel::Critical),
        of("DHCP prefix pool below 75%", EventLevel::Info),
    ];
    assert_eq!(events(&tables).await, told);
    let view = tables.view().await.unwrap();
    assert_eq!(view.list::<PrefixPoolLevel>().unwrap(), [], "nothing is kept of it");
    let first = view.list::<Event>().unwrap().remove(0).description;
    assert_eq!(
        first,
        "subnet fd00:1::/64, prefix pool fd00:20::/56 of /60, fd00:20:0:100::/56 of /60: 81 % of 32 \
         prefixes are in use (26 delegated, 0 kept for routers that left), 6 are free; add a prefix \
         pool to the subnet before it is full"
    );
}

#[tokio::test]
async fn ranges_and_pools_of_prefixes_of_one_subnet_have_levels_of_their_own() {
    let tables = with_prefixes().await;
    let mut easing = Easing::default();
    delegate(&tables, 32).await;
    let until = at(3_600_000);
    change(&tables, |tx| {
        (100..140_u8).try_for_each(|last| {
            let (ip, subnet) = (ip_v6(last.into()), SUBNET_V6);
            tx.put(&Binding { ip, subnet, ..binding(last, BindingState::Active, until) })
        })
    })
    .await;
    assert_eq!(tell_levels(&tables, &mut easing).await.unwrap(), 2);
    let view = tables.view().await.unwrap();
    let (ranges, prefixes) = (view.list::<PoolLevel>(), view.list::<PrefixPoolLevel>());
    let full = |subnet| PoolLevel { subnet, level: Level::Exhausted };
    assert_eq!(ranges.unwrap(), [full(SUBNET_V6)]);
    assert_eq!(prefixes.unwrap().len(), 1);
    let told: Vec<String> =
        view.list::<Event>().unwrap().into_iter().map(|event| event.description).collect();
    let of_ranges = "new clients get no address: add a dynamic range to the subnet";
    assert!(told.iter().any(|text| text.ends_with(of_ranges)), "{told:?}");
    for id in [1, 2] {
        change(&tables, |tx| tx.delete::<PrefixPool>(&PrefixPoolId(id)).map(drop)).await;
    }
    assert_eq!(tell_levels(&tables, &mut easing).await.unwrap(), 0);
    let view = tables.view().await.unwrap();
    assert_eq!(view.list::<PrefixPoolLevel>().unwrap(), [], "there are no such pools");
    assert_eq!(view.list::<PoolLevel>().unwrap(), [full(SUBNET_V6)], "and ranges as before");
}

#[test]
fn what_ipv6_keeps_for_nobody_is_not_said_to_be_kept_for_machines() {
    let full = |cidr: &str| Pool {
        subnet: SUBNET,
        cidr: cidr.parse().unwrap(),
        vlan: VlanId(1),
        ranges: Vec::new(),
        used: PoolUse { size: 100, active: 96, ..PoolUse::default() },
    };
    let says = |cidr| full(cidr).event(Level::High, Level::Critical).description;
    assert!(says("10.0.0.0/24").contains("kept for machines"));
    assert!(!says("fd00:1::/64").contains("kept for machines"));
}
