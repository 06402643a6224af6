//! Many at once: as many succeed as there is something for, and nobody is refused for another's sake.

use std::collections::BTreeSet;

use model::access::Actor;
use model::dns::domain::Domain;
use model::id::{AvailabilityZoneId, DomainId, ResourcePoolId, SystemId, UserId};
use model::machine::hardware::Hardware;
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::power::Power;
use model::machine::{Machine, Placement};
use model::net::iprange::Purpose;
use model::pool::ResourcePool;
use model::time::Timestamp;
use model::user::User;
use model::zone::AvailabilityZone;
use ops::dns::domains;
use ops::error::Refusal;
use ops::machine::allocate::{AllocateRequest, allocate};
use ops::machine::machines::{self, MachineChange};
use ops::network::ipaddresses::{self, ReserveRequest};
use ops::network::ipranges::{self, IpRangeChange};
use ops::site::{resourcepools, zones};
use raft_store::txn::TransactError;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
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

pub(crate) fn admin() -> Actor {
    Actor::without_groups(user())
}

pub(crate) fn ready(number: u64) -> Machine {
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
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: Timestamp::default(),
        updated: Timestamp::default(),
    }
}

fn cause() -> Cause {
    Cause::new("test", "test")
}

pub(crate) async fn site_with(machines: u64) -> Site {
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
    let ids: BTreeSet<SystemId> =
        allocated.into_iter().map(|got| got.unwrap().machine.system_id).collect();
    assert_eq!(ids.len(), 40, "each machine once");
    let refused: BTreeSet<String> =
        refused.iter().map(|got| text(got.as_ref().unwrap_err())).collect();
    assert_eq!(refused, BTreeSet::from(["No machine available.".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_who_reserves_gets_another_address() {
    let site = Site::new().await;
    let tables = site.tables.clone();
    let subnet = site.subnet;
    let outcomes = at_once(120, |_| {
        let tables = tables.clone();
        let request =
            ReserveRequest { subnet: Some(subnet.to_string()), ..ReserveRequest::default() };
        async move { ipaddresses::reserve(&tables, &admin(), &request).await }
    })
    .await;
    let addresses: BTreeSet<_> = outcomes.into_iter().map(|got| got.unwrap().ip).collect();
    assert_eq!(addresses.len(), 120);
}

/// A dynamic range of the addresses from 10.0.0.200 to 207.
fn range() -> IpRangeChange {
    IpRangeChange {
        purpose: Some(Purpose::Dynamic),
        start_ip: Some([10, 0, 0, 200].into()),
        end_ip: Some([10, 0, 0, 207].into()),
        ..IpRangeChange::default()
    }
}

fn address(last: u8) -> ReserveRequest {
    ReserveRequest { ip: Some([10, 0, 0, last].into()), ..ReserveRequest::default() }
}

#[tokio::test]
async fn a_range_that_was_evaluated_before_an_address_in_it_was_given_away_conflicts() {
    for (last, conflicts) in [(203, true), (150, false)] {
        let Site { tables, .. } = Site::new().await;
        let planned = tables.plan(&cause(), |tx| ipranges::insert(tx, &user(), &range())).await;
        let (_, range) = planned.unwrap();
        ipaddresses::reserve(&tables, &admin(), &address(last)).await.unwrap();
        let sent = tables.store().transact(range).await;
        assert_eq!(matches!(sent, Err(TransactError::Conflict { .. })), conflicts, "{sent:?}");
    }
}

#[tokio::test]
async fn an_address_that_was_chosen_before_a_range_was_made_around_it_conflicts() {
    let Site { tables, .. } = Site::new().await;
    let planned = tables.plan(&cause(), |tx| ipaddresses::insert(tx, &user(), &address(203))).await;
    let (_, address) = planned.unwrap();
    ipranges::create(&tables, &admin(), &range()).await.unwrap();
    let sent = tables.store().transact(address).await;
    assert!(matches!(sent, Err(TransactError::Conflict { .. })), "{sent:?}");
}

#[tokio::test]
async fn addresses_that_were_chosen_at_the_same_time_do_not_conflict() {
    let Site { tables, .. } = Site::new().await;
    let planned = tables.plan(&cause(), |tx| ipaddresses::insert(tx, &user(), &address(203))).await;
    let (_, first) = planned.unwrap();
    ipaddresses::reserve(&tables, &admin(), &address(202)).await.unwrap();
    assert!(tables.store().transact(first).await.is_ok());
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

/// A machine, and a zone, a pool and a domain beside the default ones.
async fn site_with_places() -> Site {
    let site = site_with(1).await;
    let places = |tx: &mut Tx| -> Result<(), TableError> {
        let (name, description) = ("old".to_owned(), String::new());
        tx.put(&AvailabilityZone {
            id: AvailabilityZoneId(7),
            name: name.clone(),
            description: description.clone(),
        })?;
        tx.put(&ResourcePool { id: ResourcePoolId(7), name: name.clone(), description })?;
        tx.put(&Domain { id: DomainId(7), name, authoritative: true, ttl: None, is_default: false })
    };
    site.tables.update(&cause(), places).await.unwrap();
    site
}

/// A place is removed, evaluated before a machine moved there.
async fn removed_too_late(
    change: MachineChange,
    remove: impl FnMut(&mut Tx) -> Result<(), Refusal>,
) -> Result<(), TransactError> {
    let Site { tables, .. } = site_with_places().await;
    let (_, removal) = tables.plan(&cause(), remove).await.unwrap();
    machines::update(&tables, &admin(), &SystemId::from_number(1), &change).await.unwrap();
    tables.store().transact(removal).await.map(drop)
}

#[tokio::test]
async fn a_place_that_a_machine_moves_to_is_not_removed_by_who_did_not_see_it() {
    let old = || Some("old".to_owned());
    let to_zone = MachineChange { zone: old(), ..MachineChange::default() };
    let to_pool = MachineChange { pool: old(), ..MachineChange::default() };
    let to_domain = MachineChange { domain: old(), ..MachineChange::default() };
    let nowhere = MachineChange { description: old(), ..MachineChange::default() };
    let removals = [
        removed_too_late(to_zone, |tx| zones::remove(tx, "old")).await,
        removed_too_late(to_pool, |tx| resourcepools::remove(tx, ResourcePoolId(7))).await,
        removed_too_late(to_domain, |tx| domains::remove(tx, "old")).await,
    ];
    for removal in removals {
        assert!(matches!(removal, Err(TransactError::Conflict { .. })), "{removal:?}");
    }
    assert!(removed_too_late(nowhere, |tx| zones::remove(tx, "old")).await.is_ok());
}

#[tokio::test]
async fn machines_of_a_removed_zone_are_in_the_default_one() {
    let Site { tables, .. } = site_with_places().await;
    let id = SystemId::from_number(1);
    let to_zone = MachineChange { zone: Some("old".to_owned()), ..MachineChange::default() };
    machines::update(&tables, &admin(), &id, &to_zone).await.unwrap();
    zones::delete(&tables, &admin(), "old").await.unwrap();
    let machine = tables.view().await.unwrap().get::<Machine>(&id).unwrap().unwrap();
    assert_eq!(machine.placement.zone, AvailabilityZoneId(1));
}
