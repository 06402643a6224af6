//! Many at once: as many succeed as there is something for, and nobody is refused for another's sake.

use std::collections::BTreeSet;

use model::access::Actor;
use model::id::{SystemId, UserId};
use model::machine::hardware::Hardware;
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::power::Power;
use model::machine::{Machine, Placement};
use model::net::iprange::{IpRange, Purpose};
use model::net::range::AddressRange;
use model::net::reserved::ReservedAddress;
use model::time::Timestamp;
use model::user::User;
use ops::error::Refusal;
use ops::machine::allocate::{AllocateRequest, allocate};
use ops::network::ipaddresses::{self, ReserveRequest};
use ops::network::ipranges::{self, IpRangeChange};
use tables::read::Reads;
use tables::update::{Cause, Tables};

use crate::leases::site::Site;

fn user() -> User {
    User {
        id: UserId(1),
        username: "admin".to_owned(),
        email: String::new(),
        is_superuser: true,
        password_hash: None,
        created: Timestamp::default(),
    }
}

fn admin() -> Actor {
    Actor::User(user())
}

fn ready(number: u64) -> Machine {
    Machine {
        system_id: SystemId::from_number(number),
        hostname: format!("m{number}"),
        description: String::new(),
        placement: Placement::default(),
        lifecycle: Lifecycle { phase: Phase::Ready, ..Lifecycle::default() },
        power: Power::default(),
        hardware: Hardware::default(),
        interfaces: Vec::new(),
        block_devices: Vec::new(),
        deployment: None,
        created: Timestamp::default(),
        updated: Timestamp::default(),
    }
}

fn cause() -> Cause {
    Cause::new("test", "test")
}

async fn site_with(machines: u64) -> Site {
    let site = Site::new().await;
    for number in 1..=machines {
        site.change(|tx| tx.put(&ready(number))).await;
    }
    site
}

/// Runs as many of the same at once, on several threads; returns their outcomes.
async fn at_once<T, F>(count: usize, run: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..count {
        tasks.spawn(run(number));
    }
    tasks.join_all().await
}

fn text(refusal: &Refusal) -> String {
    refusal.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_are_allocated_as_there_are_machines() {
    let site = site_with(40).await;
    let tables = site.tables.clone();
    let outcomes = at_once(120, |_| {
        let tables = tables.clone();
        async move { allocate(&tables, &admin(), &AllocateRequest::default()).await }
    })
    .await;
    let (allocated, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    let ids: BTreeSet<SystemId> = allocated.into_iter().map(|got| got.unwrap().system_id).collect();
    assert_eq!(ids.len(), 40, "each machine once");
    let refused: BTreeSet<String> =
        refused.iter().map(|got| text(got.as_ref().unwrap_err())).collect();
    assert_eq!(refused, BTreeSet::from(["No machine available.".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_who_reserves_gets_an_address_of_his_own() {
    let site = Site::new().await;
    let tables = site.tables.clone();
    let subnet = site.subnet;
    let outcomes = at_once(120, |_| {
        let tables = tables.clone();
        let wish = ReserveRequest { subnet: Some(subnet.to_string()), ..ReserveRequest::default() };
        async move { ipaddresses::reserve(&tables, &admin(), &wish).await }
    })
    .await;
    let addresses: BTreeSet<_> = outcomes.into_iter().map(|got| got.unwrap().ip).collect();
    assert_eq!(addresses.len(), 120);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_dynamic_range_is_made_around_an_address_that_is_given_away_meanwhile() {
    let site = Site::new().await;
    let tables = site.tables.clone();
    let subnet = site.subnet;
    // The free addresses lie above the link's own range; ranges of eight are made among them.
    at_once(48, |number| {
        let tables = tables.clone();
        let wish = ReserveRequest { subnet: Some(subnet.to_string()), ..ReserveRequest::default() };
        let first = u8::try_from(128 + number / 3 * 8).unwrap_or(u8::MAX);
        let change = IpRangeChange {
            purpose: Some(Purpose::Dynamic),
            start_ip: Some([10, 0, 0, first].into()),
            end_ip: Some([10, 0, 0, first.saturating_add(7)].into()),
            ..IpRangeChange::default()
        };
        async move {
            if number % 3 == 0 {
                drop(ipranges::create(&tables, &admin(), &change).await);
            } else {
                drop(ipaddresses::reserve(&tables, &admin(), &wish).await);
            }
        }
    })
    .await;
    let view = tables.view().await.unwrap();
    let ranges = view.list::<IpRange>().unwrap();
    let dynamic = ranges.iter().filter(|range| range.purpose == Purpose::Dynamic);
    let dynamic: Vec<AddressRange> =
        dynamic.filter_map(|range| AddressRange::new(range.start_ip, range.end_ip)).collect();
    assert!(dynamic.len() > 1, "some ranges were made");
    for reserved in view.list::<ReservedAddress>().unwrap() {
        let around = dynamic.iter().find(|range| range.contains(reserved.ip));
        assert_eq!(around, None, "{} was given away", reserved.ip);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_of_a_counter_are_given_once() {
    let site = Site::new().await;
    let tables: Tables = site.tables.clone();
    let numbers = at_once(200, |_| {
        let tables = tables.clone();
        async move { tables.update(&cause(), |tx| tx.any_number("things")).await.unwrap() }
    })
    .await;
    let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len());
}
