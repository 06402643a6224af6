//! Each mode of a request, on a store in memory.

use model::answered::{ANSWERED_KEPT_MS, Answered};
use model::id::{FabricId, UserId};
use model::machine::Machine;
use model::machine::power::Power;
use model::net::fabric::Fabric;
use model::secret::Secret;
use model::time::Timestamp;
use model::user::User;
use raft_store::Store;

use super::*;
use crate::machines::web_1;
use crate::network::{FABRIC_BY_NAME, SUBNETS_GUARD};
use crate::read::Reads;
use crate::update::{Cause, Tables};

fn cause() -> Cause {
    Cause::new("user:anna", "fabric.update")
}

fn fabric(id: u32, name: &str) -> Fabric {
    let (name, description) = (name.to_owned(), String::new());
    Fabric { id: FabricId(id), name, description, class_type: None }
}

fn user() -> User {
    User {
        id: UserId(7),
        username: "anna".to_owned(),
        email: String::new(),
        is_superuser: false,
        password_hash: None,
        created: Timestamp::default(),
    }
}

async fn with_fabrics(count: u32) -> Tables {
    let tables = Tables::new(Store::in_memory());
    for id in 1..=count {
        put(&tables, fabric(id, &format!("fabric-{id}"))).await.unwrap();
    }
    tables
}

async fn put(tables: &Tables, fabric: Fabric) -> Result<u64, TableError> {
    tables.update_at(&cause(), |tx| tx.put(&fabric)).await.map(|(_, revision)| revision)
}

/// Creates a fabric under the next number.
async fn create(tables: &Tables, name: &str) -> Result<Fabric, TableError> {
    let cause = cause();
    let created = tables.update(&cause, |tx| {
        tx.guard("fabrics");
        let id = u32::try_from(tx.any_number("fabric")?).unwrap() + 100;
        let fabric = fabric(id, name);
        tx.insert(&fabric)?;
        Ok::<_, TableError>(fabric)
    });
    created.await
}

async fn rename(tables: &Tables, id: u32, name: &str) -> Result<Fabric, TableError> {
    let cause = cause();
    let renamed = tables.update(&cause, |tx| {
        let found = tx.get::<Fabric>(&FabricId(id))?.unwrap();
        let fabric = Fabric { name: name.to_owned(), ..found };
        tx.put(&fabric)?;
        Ok::<_, TableError>(fabric)
    });
    renamed.await
}

async fn revision(tables: &Tables) -> u64 {
    tables.view().await.unwrap().revision()
}

#[tokio::test]
async fn a_pinned_view_stays_as_it_is() {
    let tables = with_fabrics(1).await;
    let pinned = tables.pinned(tables.view().await.unwrap());
    put(&pinned, fabric(2, "later")).await.unwrap();
    for view in [pinned.view().await, pinned.stale_view().await] {
        assert_eq!(view.unwrap().list::<Fabric>().unwrap().len(), 1);
    }
    assert_eq!(tables.view().await.unwrap().list::<Fabric>().unwrap().len(), 2);
}

#[tokio::test]
async fn a_plan_shows_what_would_change_and_changes_nothing() {
    let tables = with_fabrics(2).await;
    let before = revision(&tables).await;
    let (planning, planned) = tables.planning().await.unwrap();
    let renamed = rename(&planning, 1, "core").await.unwrap();
    assert_eq!(renamed.name, "core", "it answers as if it were done");
    create(&planning, "new").await.unwrap();
    let unchanged = planning.update(&cause(), |tx| tx.put(&fabric(2, "fabric-2"))).await;
    unchanged.unwrap();
    assert_eq!(revision(&tables).await, before);
    let changes = planned.changes();
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            let name = |value: &Option<serde_json::Value>| {
                value.as_ref().map(|value| value["name"].as_str().unwrap().to_owned())
            };
            (change.table, change.name.as_str(), name(&change.before), name(&change.after))
        })
        .collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(
        told,
        [
            ("fabric", "core", named("fabric-1"), named("core")),
            ("fabric", "new", None, named("new"))
        ]
    );
    assert_eq!(
        (planned.more(), planned.revision(), changes[0].reason),
        (0, before, cause().reason)
    );
    let number = create(&tables, "real").await.unwrap().id;
    assert_eq!(number, FabricId(101), "no number is lost to a plan");
}

#[tokio::test]
async fn no_secret_is_in_a_plan() {
    let tables = Tables::new(Store::in_memory());
    let with =
        |password: &str| User { password_hash: Some(Secret::new(password.to_owned())), ..user() };
    tables.update(&cause(), |tx| tx.put(&with("first"))).await.unwrap();
    let (planning, planned) = tables.planning().await.unwrap();
    planning.update(&cause(), |tx| tx.put(&with("second"))).await.unwrap();
    let changes = planned.changes();
    assert_eq!(changes.len(), 1, "that it changes is told");
    let told = format!("{changes:?}");
    assert!(told.contains("***") && !told.contains("first") && !told.contains("second"), "{told}");
}

#[tokio::test]
async fn what_was_planned_is_done_when_nothing_moved() {
    let tables = with_fabrics(2).await;
    let (planning, planned) = tables.planning().await.unwrap();
    create(&planning, "new").await.unwrap();
    rename(&planning, 1, "core").await.unwrap();
    rename(&planning, 1, "core-2").await.unwrap();
    // Numbers, and what is not looked at, are free to change.
    tables.update(&cause(), |tx| tx.any_number("fabric").map(drop)).await.unwrap();
    put(&tables, fabric(2, "other")).await.unwrap();
    let text = planned.fingerprint().to_string();
    let view = tables.view().await.unwrap();
    let at = view.revision_of::<Fabric>(&FabricId(2)).unwrap();
    let only_if = tables
        .only_if(text.parse().unwrap())
        .expecting::<Fabric>(&FabricId(2), at)
        .answering_once(Once::new(&[1; 32], &[1; 32]));
    create(&only_if, "new").await.unwrap();
    rename(&only_if, 1, "core").await.unwrap();
    rename(&only_if, 1, "core-2").await.unwrap();
    let more = rename(&only_if, 1, "core-3").await;
    assert!(matches!(more, Err(TableError::Moved { .. })), "that was not planned: {more:?}");
}

#[tokio::test]
async fn what_was_planned_is_refused_when_it_rests_on_something_else() {
    let tables = with_fabrics(2).await;
    let (planning, planned) = tables.planning().await.unwrap();
    rename(&planning, 1, "core").await.unwrap();
    put(&tables, fabric(1, "moved")).await.unwrap();
    let before = revision(&tables).await;
    let error = rename(&tables.only_if(planned.fingerprint()), 1, "core").await.unwrap_err();
    let TableError::Moved { keys } = &error else { panic!("{error:?}") };
    assert!(keys.iter().any(|key| key.starts_with("t/fabric/")), "{keys:?}");
    assert_eq!(error.kind(), model::error::Kind::Conflict);
    assert_eq!(revision(&tables).await, before);
    // A name that is taken meanwhile, a guard that somebody took, and a row that is gone.
    let (planning, planned) = tables.planning().await.unwrap();
    let taken = |tx: &mut Tx| {
        let is_free = tx.find(&FABRIC_BY_NAME, &"free".to_owned())?.is_none();
        tx.put(&Fabric { class_type: is_free.then(|| "x".to_owned()), ..fabric(2, "fabric-2") })
    };
    let guarded = |tx: &mut Tx| {
        tx.depend_on(SUBNETS_GUARD);
        tx.put(&fabric(1, "guarded"))
    };
    let gone = |tx: &mut Tx| tx.delete::<Fabric>(&FabricId(2)).map(drop);
    planning.update(&cause(), taken).await.unwrap();
    let taken_plan = planned.fingerprint();
    let (planning, planned) = tables.planning().await.unwrap();
    planning.update(&cause(), guarded).await.unwrap();
    let guarded_plan = planned.fingerprint();
    let (planning, planned) = tables.planning().await.unwrap();
    planning.update(&cause(), gone).await.unwrap();
    let gone_plan = planned.fingerprint();
    put(&tables, fabric(3, "free")).await.unwrap();
    let take = |tx: &mut Tx| {
        tx.guard(SUBNETS_GUARD);
        Ok::<_, TableError>(())
    };
    tables.update(&cause(), take).await.unwrap();
    tables.update(&cause(), gone).await.unwrap();
    for result in [
        tables.only_if(taken_plan).update(&cause(), taken).await,
        tables.only_if(guarded_plan).update(&cause(), guarded).await,
        tables.only_if(gone_plan).update(&cause(), gone).await,
    ] {
        assert!(matches!(result, Err(TableError::Moved { .. })), "{result:?}");
    }
}

#[test]
fn fingerprints_are_read_as_they_are_printed() {
    let fingerprint = Fingerprint::new(7, vec![[0, 1, 2, 3, 4, 5, 6, 255], [9; 8]]);
    assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    assert_eq!("7-".parse(), Ok(Fingerprint::new(7, Vec::new())));
    let long = format!("1-{}", "00".repeat(8 * (TRANSACTIONS_MAX + 1)));
    for text in ["", "7", "x-", "7-00", "7-zzzzzzzzzzzzzzzz", "7-000102030405060é", &long] {
        assert!(text.parse::<Fingerprint>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn an_expected_revision_is_compared_before_the_first_change() {
    let tables = with_fabrics(1).await;
    let at = revision(&tables).await;
    let expecting = tables.expecting::<Fabric>(&FabricId(1), at);
    rename(&expecting, 1, "first").await.unwrap();
    rename(&expecting, 1, "second").await.unwrap();
    let again = tables.expecting::<Fabric>(&FabricId(1), at);
    let error = rename(&again, 1, "third").await.unwrap_err();
    let found = Some(at + 2);
    let key = "t/fabric/00000001".to_owned();
    assert_eq!(error, TableError::Changed { key, expected: at, found });
    let unchanged = again.update(&cause(), |_| Ok::<_, TableError>(())).await;
    assert!(matches!(unchanged, Err(TableError::Changed { .. })), "also when nothing is written");
    tables.update(&cause(), |tx| tx.delete::<Fabric>(&FabricId(1))).await.unwrap();
    let gone = put(&tables.expecting::<Fabric>(&FabricId(1), at + 2), fabric(1, "x")).await;
    assert!(matches!(gone, Err(TableError::Changed { found: None, .. })), "{gone:?}");
}

#[tokio::test]
async fn the_revision_of_a_row_is_that_of_its_last_change_in_any_part() {
    let tables = Tables::new(Store::in_memory());
    let store = async |machine: &Machine| {
        let put = tables.update_at(&cause(), |tx| tx.put(machine)).await;
        let (view, revision) = (tables.view().await.unwrap(), put.unwrap().1);
        assert_eq!(view.revision_of::<Machine>(&machine.system_id), Some(revision));
    };
    let plain = web_1();
    assert_eq!(tables.view().await.unwrap().revision_of::<Machine>(&plain.system_id), None);
    store(&plain).await;
    let mut powered = plain.clone();
    powered.power = Power { driver: "ipmi".to_owned(), ..Power::default() };
    store(&powered).await;
    let mut described = powered.clone();
    described.hardware.cpu_count = 99;
    store(&described).await;
    // A part that goes leaves no revision behind.
    described.power = Power::default();
    store(&described).await;
    store(&plain).await;
}

#[tokio::test]
async fn a_request_is_answered_once() {
    let tables = with_fabrics(0).await;
    let once = |request: u8| tables.answering_once(Once::new(&[1; 32], &[request; 32]));
    let first = once(1);
    let (_, at) = first.update_at(&cause(), |tx| tx.insert(&fabric(1, "a"))).await.unwrap();
    first.update(&cause(), |tx| tx.insert(&fabric(2, "b"))).await.expect("it goes on");
    for (request, same_request) in [(1, true), (2, false)] {
        let again = once(request).update(&cause(), |tx| tx.insert(&fabric(1, "a"))).await;
        assert_eq!(again, Err(TableError::Answered { revision: at, same_request }));
    }
    let other = tables.answering_once(Once::new(&[2; 32], &[1; 32]));
    assert!(put(&other, fabric(3, "c")).await.is_ok(), "another key is another request");
    let failed = tables.answering_once(Once::new(&[3; 32], &[1; 32]));
    let insert = |tx: &mut Tx| tx.insert(&fabric(1, "a"));
    assert!(matches!(failed.update(&cause(), insert).await, Err(TableError::Exists { .. })));
    let again = tables.answering_once(Once::new(&[3; 32], &[1; 32]));
    assert!(put(&again, fabric(4, "d")).await.is_ok(), "what failed is not remembered");
}

#[tokio::test]
async fn a_request_is_forgotten_after_a_day() {
    let tables = with_fabrics(0).await;
    let once = Once::new(&[1; 32], &[1; 32]);
    let remembered = tables.update(&cause(), |tx| once.remember(tx)).await;
    remembered.unwrap();
    let view = tables.view().await.unwrap();
    let at = view.list::<Answered>().unwrap()[0].at;
    let is_new = |after_ms| once.check(&view, at.plus_ms(after_ms)).is_ok();
    assert_eq!((is_new(ANSWERED_KEPT_MS - 1), is_new(ANSWERED_KEPT_MS)), (false, true));
}

#[tokio::test]
async fn two_that_come_at_once_are_carried_out_once() {
    let tables = with_fabrics(0).await;
    let requests = (0..8).map(|_| {
        let tables = tables.answering_once(Once::new(&[1; 32], &[1; 32]));
        async move { create(&tables, "a").await }
    });
    let results = futures::future::join_all(requests).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    let again =
        |error: &TableError| matches!(error, TableError::Answered { same_request: true, .. });
    assert!(results.iter().filter_map(|result| result.as_ref().err()).all(again), "{results:?}");
}

#[tokio::test]
async fn the_past_has_its_model() {
    let tables = Tables::new(Store::in_memory());
    let mut machine = web_1();
    let mut revisions = Vec::new();
    for cpus in 1..=4 {
        machine.hardware.cpu_count = cpus;
        let (_, at) = tables.update_at(&cause(), |tx| tx.put(&machine)).await.unwrap();
        revisions.push(at);
    }
    for _ in 0..2 {
        for (cpus, revision) in (1..).zip(&revisions) {
            let view = tables.view_at(*revision).await.unwrap();
            let found = view.state().machine(&machine.system_id).unwrap().hardware.cpu_count;
            assert_eq!(
                (found, view.revision(), view.state().revision()),
                (cpus, *revision, *revision)
            );
        }
    }
    let now = tables.view().await.unwrap();
    assert_eq!(now.state().machine(&machine.system_id).unwrap().hardware.cpu_count, 4);
    let oldest = tables.view_at(revisions[0] - 1).await.unwrap();
    assert!(oldest.state().machine(&machine.system_id).is_none());
    for _ in 0..80 {
        put(&tables, fabric(1, "a")).await.unwrap();
        put(&tables, fabric(1, "b")).await.unwrap();
    }
    let forgotten = tables.view_at(revisions[0]).await.unwrap_err();
    assert!(
        matches!(forgotten, TableError::Forgotten { requested, .. } if requested == revisions[0])
    );
}
