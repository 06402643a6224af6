//! What becomes of addresses, and what operators are told of it, over a store in memory.

use std::net::IpAddr;

use model::event::Event;
use model::id::{BlockId, SystemId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::mac::MacAddress;
use model::net::iprange::{IpRange, Purpose};
use raft_store::Store;
use tables::update::Cause;

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
