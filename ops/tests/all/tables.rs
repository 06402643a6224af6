//! Transactions over typed tables: indexes, uniqueness, guards and conflicts.

use std::cell::Cell;

use model::id::{FabricId, SpaceId};
use model::net::fabric::Fabric;
use model::net::reserved::ReservedAddress;
use model::net::space::Space;
use model::net::vlan::Vlan;
use ops::access::users::NewUser;
use ops::cluster::bootstrap::bootstrap;
use raft_store::Store;
use tables::error::TableError;
use tables::network::{FABRIC_BY_NAME, VLANS_OF_FABRIC};
use tables::object::{Object, ObjectChange, ObjectId};
use tables::read::Reads;
use tables::row::{prefix, row_key};
use tables::update::{Cause, Tables};

fn tables() -> (Tables, Cause) {
    (Tables::new(Store::in_memory()), Cause::new("test", "test"))
}

fn fabric(id: u32, name: &str) -> Fabric {
    let (name, description) = (name.to_owned(), String::new());
    Fabric { id: FabricId(id), name, description, class_type: None }
}

#[tokio::test]
async fn a_unique_key_follows_its_row() {
    let (tables, cause) = tables();
    let put = async |fabric: Fabric| tables.update(&cause, |tx| tx.put(&fabric)).await;
    put(fabric(1, "a")).await.unwrap();
    let taken = put(fabric(2, "a")).await;
    assert!(matches!(taken, Err(TableError::Duplicate { index: "fabric.name", .. })), "{taken:?}");
    put(fabric(1, "b")).await.unwrap();
    put(fabric(2, "a")).await.unwrap();
    let view = tables.view().await.unwrap();
    let found = view.find(&FABRIC_BY_NAME, &"a".to_owned()).unwrap();
    assert_eq!(found.map(|fabric| fabric.id), Some(FabricId(2)));
}

#[tokio::test]
async fn names_can_be_swapped_within_a_transaction() {
    let (tables, cause) = tables();
    let made: Result<(), TableError> = tables
        .update(&cause, |tx| {
            tx.put(&fabric(1, "a"))?;
            tx.delete::<Fabric>(&FabricId(1))?;
            tx.put(&fabric(2, "a"))
        })
        .await;
    made.unwrap();
    let view = tables.view().await.unwrap();
    assert_eq!(view.list::<Fabric>().unwrap(), [fabric(2, "a")]);
}

#[tokio::test]
async fn secondary_indexes_list_what_has_the_key_now() {
    let (tables, cause) = tables();
    let vlan = |id, fabric| Vlan::untagged(model::id::VlanId(id), FabricId(fabric));
    let put = async |vlan| tables.update(&cause, |tx| tx.put(&vlan)).await;
    put(vlan(1, 1)).await.unwrap();
    put(Vlan { vid: 7, ..vlan(2, 1) }).await.unwrap();
    put(vlan(3, 2)).await.unwrap();
    put(Vlan { vid: 7, ..vlan(2, 2) }).await.unwrap();
    let view = tables.view().await.unwrap();
    let of = |fabric| {
        let vlans = view.list_by(&VLANS_OF_FABRIC, &FabricId(fabric)).unwrap();
        vlans.iter().map(|vlan| vlan.id.0).collect::<Vec<_>>()
    };
    assert_eq!((of(1), of(2)), (vec![1], vec![2, 3]));
}

#[tokio::test]
async fn what_was_read_and_moved_is_evaluated_again() {
    let (tables, cause) = tables();
    tables.update(&cause, |tx| tx.put(&fabric(1, "a"))).await.unwrap();
    let view = tables.view().await.unwrap();
    let (_, stale) = tables
        .plan(&cause, |tx| -> Result<(), TableError> {
            let fabric = tx.get::<Fabric>(&FabricId(1))?.unwrap();
            tx.put(&Fabric { description: "planned".to_owned(), ..fabric })
        })
        .await
        .unwrap();
    tables.update(&cause, |tx| tx.put(&fabric(1, "b"))).await.unwrap();
    let refused = tables.store().transact(stale).await;
    assert!(matches!(refused, Err(raft_store::txn::TransactError::Conflict { .. })), "{refused:?}");
    assert!(tables.view().await.unwrap().revision() > view.revision());
}

#[tokio::test]
async fn a_guard_makes_transactions_on_a_set_conflict() {
    let (tables, cause) = tables();
    let plan = async |id| {
        let planned = tables.plan(&cause, |tx| -> Result<(), TableError> {
            tx.guard("spaces");
            tx.put(&Space { id: SpaceId(id), name: format!("s{id}"), description: String::new() })
        });
        planned.await.unwrap().1
    };
    let (first, second) = (plan(1).await, plan(2).await);
    tables.store().transact(first).await.unwrap();
    assert!(tables.store().transact(second).await.is_err());
}

#[tokio::test]
async fn counters_never_give_a_number_twice() {
    let (tables, cause) = tables();
    let next = || tables.update(&cause, |tx| tx.next_id::<Fabric>());
    let all = futures::future::join_all((0..20).map(|_| next())).await;
    let mut ids: Vec<u32> = all.into_iter().map(Result::unwrap).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_unchanged_row_is_not_written() {
    let (tables, cause) = tables();
    let evaluations = Cell::new(0);
    let put = async || {
        tables
            .update_at(&cause, |tx| {
                evaluations.set(evaluations.get() + 1);
                tx.put(&fabric(1, "a"))
            })
            .await
            .unwrap()
            .1
    };
    let (first, second) = (put().await, put().await);
    assert_eq!((first, evaluations.get()), (second, 2));
}

#[tokio::test]
async fn an_address_belongs_to_one_holder_whatever_its_kind() {
    let (tables, cause) = tables();
    let reserved = |user| ReservedAddress {
        ip: "10.0.0.9".parse().unwrap(),
        subnet: model::id::SubnetId(1),
        mac: None,
        hostname: String::new(),
        comment: String::new(),
        user: model::id::UserId(user),
        created: model::time::Timestamp::default(),
        reserved_ip: None,
    };
    tables.update(&cause, |tx| tx.insert(&reserved(1))).await.unwrap();
    let again = tables.update(&cause, |tx| tx.insert(&reserved(2))).await;
    assert!(matches!(again, Err(TableError::Exists { .. })), "{again:?}");
}

#[tokio::test]
async fn watched_changes_become_objects() {
    let (tables, cause) = tables();
    let mut watch = tables.store().watch(vec![prefix::<Fabric>()], 0).await.unwrap();
    tables.update(&cause, |tx| tx.put(&fabric(1, "a"))).await.unwrap();
    let put = watch.next().await.unwrap().changes.remove(0);
    let view = tables.view().await.unwrap();
    let change = ObjectChange::of(&view, &put.key, put.value.as_deref()).unwrap();
    let object = Object::Fabric(Box::new(fabric(1, "a")));
    assert_eq!(change, Some(ObjectChange::Put(object)));
    assert_eq!(ObjectId::of_key(&put.key), Some(ObjectId::Fabric(FabricId(1))));
    assert_eq!(put.key, row_key::<Fabric>(&FabricId(1)));
    assert_eq!(ObjectId::of_key(b"u/fabric.name/a"), None);
}

#[tokio::test]
async fn bootstrap_may_run_again() {
    let (tables, _) = tables();
    let admin = NewUser { username: "admin".to_owned(), ..NewUser::default() };
    let first = bootstrap(&tables, &admin).await.unwrap();
    let revision = tables.view().await.unwrap().revision();
    let again = bootstrap(&tables, &admin).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(tables.view().await.unwrap().revision(), revision);
}
