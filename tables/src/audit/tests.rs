//! What is told of changes, and what is not.

use std::net::IpAddr;

use model::id::UserId;
use model::machine::Machine;
use model::machine::hardware::Hardware;
use model::session::Session;
use model::setting::Setting;
use model::time::Timestamp;
use model::user::User;
use raft_store::Store;
use serde_json::json;

use super::*;
use crate::machines::web_1;
use crate::read::Reads;
use crate::update::{Cause, Tables};

const PASSWORD: &str = "hunter2-hash";

fn user(email: &str, hash: &str) -> User {
    User {
        id: UserId(2),
        username: "eve".to_owned(),
        email: email.to_owned(),
        is_superuser: false,
        password_hash: Some(hash.into()),
        created: Timestamp::default(),
    }
}

fn cause(reason: &'static str) -> Cause {
    Cause::new("user:admin", reason)
}

fn on_behalf(tables: &Tables) -> Tables {
    let source =
        Source { address: Some(IpAddr::from([10, 0, 0, 9])), request_id: "r-1".parse().ok() };
    tables.on_behalf(Origin { username: "admin".to_owned(), source })
}

async fn put<T: Row>(tables: &Tables, reason: &'static str, rows: &[T]) {
    let cause = cause(reason);
    let put = tables.update(&cause, |tx| rows.iter().try_for_each(|row| tx.put(row)));
    put.await.unwrap();
}

/// The event of an operation. Those of one millisecond are in any order.
fn of<'a>(told: &'a [Event], operation: &str) -> &'a Event {
    let is_it = |event: &&Event| event.audit.as_ref().is_some_and(|it| it.operation == operation);
    told.iter().find(is_it).unwrap()
}

async fn events(tables: &Tables) -> Vec<Event> {
    tables.view().await.unwrap().list::<Event>().unwrap()
}

#[tokio::test]
async fn a_change_tells_who_from_where_and_what_was_and_is_without_secrets() {
    let tables = Tables::new(Store::in_memory());
    put(&on_behalf(&tables), "user.create", &[user("a@b", PASSWORD)]).await;
    put(&on_behalf(&tables), "user.update", &[user("c@d", PASSWORD)]).await;
    put(&on_behalf(&tables), "user.update", &[user("c@d", PASSWORD)]).await;
    let told = events(&tables).await;
    assert_eq!(told.len(), 2, "a change that changes nothing is none");
    let event = of(&told, "user.update");
    assert_eq!((event.level, event.kind.as_str()), (EventLevel::Audit, "Authorisation"));
    assert_eq!(event.username.as_deref(), Some("admin"));
    assert_eq!(event.description, "user.update: changed user 2 (eve): email");
    let audit = event.audit.as_ref().unwrap();
    assert_eq!(audit.from, Some(IpAddr::from([10, 0, 0, 9])));
    assert_eq!(audit.request_id, "r-1".parse().ok());
    assert_eq!(audit.objects[0].before, Some(json!({ "email": "a@b" })));
    assert_eq!(audit.objects[0].after, Some(json!({ "email": "c@d" })));
    let made = of(&told, "user.create").audit.as_ref().unwrap();
    assert_eq!(made.objects[0].after.as_ref().unwrap()["password_hash"], "***");
    assert!(!serde_json::to_string(&told).unwrap().contains(PASSWORD));
}

#[tokio::test]
async fn that_a_secret_was_changed_is_told_and_not_what_it_is() {
    let tables = Tables::new(Store::in_memory());
    put(&tables, "user.create", &[user("a@b", PASSWORD)]).await;
    put(&on_behalf(&tables), "user.set-password", &[user("a@b", "hunter3-hash")]).await;
    for (name, password) in [("first", "hunter2"), ("second", "hunter3")] {
        let proxy = Setting {
            name: "some_proxy".to_owned(),
            value: format!("http://u:{password}@p/").into(),
        };
        put(
            &on_behalf(&tables),
            if name == "first" { "set.first" } else { "set.second" },
            &[proxy],
        )
        .await;
    }
    let told = events(&tables).await;
    let object = &of(&told, "user.set-password").audit.as_ref().unwrap().objects[0];
    assert_eq!((object.kind.as_str(), object.name.as_str()), ("user", "eve"));
    assert_eq!(object.before, Some(json!({ "password_hash": "***" })));
    assert_eq!(object.after, object.before);
    let object = &of(&told, "set.second").audit.as_ref().unwrap().objects[0];
    assert_eq!(object.after, Some(json!({ "value": "***" })));
    let text = serde_json::to_string(&told).unwrap();
    assert!(!text.contains("hunter") && !text.contains("u0000"), "{text}");
}

#[tokio::test]
async fn a_change_behind_what_is_cut_is_told() {
    let tables = Tables::new(Store::in_memory());
    let long = "x".repeat(300);
    let items = |last: &str| -> Value { (0..40).map(|at| format!("{at}{last}")).collect() };
    for (operation, value) in [
        ("set.first", format!("{long} ro").into()),
        ("set.second", format!("{long} init=/bin/evil").into()),
        ("set.third", items("a")),
        ("set.fourth", items("b")),
    ] {
        let name = "kernel_opts".to_owned();
        put(&on_behalf(&tables), operation, &[Setting { name, value }]).await;
    }
    let told = events(&tables).await;
    assert_eq!(told.len(), 4);
    let object = &of(&told, "set.fourth").audit.as_ref().unwrap().objects[0];
    assert_eq!(object.after, Some(json!({ "value": "40 items" })));
}

#[tokio::test]
async fn what_only_goes_with_something_else_gives_way_to_it() {
    let tables = Tables::new(Store::in_memory());
    let cause = cause("user.delete");
    let on_behalf = on_behalf(&tables);
    let gone = on_behalf.update(&cause, |tx| {
        for number in 0..20 {
            tx.put(&Session {
                id: format!("{number:02}"),
                user: UserId(2),
                created: Timestamp::default(),
                used: Timestamp::default(),
                from: None,
                ends: None,
            })?;
        }
        tx.put(&user("a@b", PASSWORD))
    });
    gone.await.unwrap();
    let told = events(&tables).await;
    let audit = told[0].audit.as_ref().unwrap();
    assert_eq!((audit.objects.len(), audit.more), (OBJECTS_MAX, 21 - 16));
    assert!(audit.objects.iter().any(|object| object.kind == "user"), "{audit:?}");
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_told() {
    let tables = Tables::new(Store::in_memory());
    put(&tables, "user.create", &[user("a@b", PASSWORD)]).await;
    assert_eq!(events(&tables).await, []);
}

/// What is told of one transaction that writes a machine in turn with these models of its CPU.
async fn told_of_cpu_models(models: &[&str]) -> (Value, Value) {
    let tables = Tables::new(Store::in_memory());
    let with = |model: &&str| {
        let hardware = Hardware { cpu_model: (*model).to_owned(), ..Hardware::default() };
        Machine { hardware, description: format!("has {model}"), ..web_1() }
    };
    put(&tables, "machine.enlist", &[with(&"first")]).await;
    let turns: Vec<Machine> = models.iter().map(with).collect();
    put(&on_behalf(&tables), "machine.update", &turns).await;
    let told = events(&tables).await;
    let object = told[0].audit.as_ref().unwrap().objects[0].clone();
    (object.before.unwrap(), object.after.unwrap())
}

#[tokio::test]
async fn an_inventory_is_told_of_exactly_when_it_changes() {
    let side = |model: &str| json!({ "description": format!("has {model}"), "hardware": { "cpu_model": model } });
    assert_eq!(told_of_cpu_models(&["second"]).await, (side("first"), side("second")));
    assert_eq!(told_of_cpu_models(&["second", "third"]).await, (side("first"), side("third")));
    let tables = Tables::new(Store::in_memory());
    put(&tables, "machine.enlist", &[web_1()]).await;
    let described = Machine { description: "b".to_owned(), ..web_1() };
    put(&on_behalf(&tables), "machine.update", std::slice::from_ref(&described)).await;
    let told = events(&tables).await;
    let object = &told[0].audit.as_ref().unwrap().objects[0];
    assert_eq!(object.after, Some(json!({ "description": "b" })));
    // First without, then with a change of it.
    let hardware = Hardware { cpu_count: 8, ..Hardware::default() };
    let changed = Machine { hardware, ..described.clone() };
    let twice = [Machine { description: "c".to_owned(), ..web_1() }, changed];
    put(&on_behalf(&tables), "machine.replace", &twice).await;
    let told = events(&tables).await;
    let object = &of(&told, "machine.replace").audit.as_ref().unwrap().objects[0];
    assert_eq!(object.before, Some(json!({ "hardware": { "cpu_count": 0 } })));
    assert_eq!(object.after, Some(json!({ "hardware": { "cpu_count": 8 } })));
}

#[tokio::test]
async fn a_deletion_tells_what_there_was() {
    let tables = Tables::new(Store::in_memory());
    put(&tables, "user.create", &[user("a@b", PASSWORD)]).await;
    let cause = cause("user.delete");
    let (on_behalf, gone) = (on_behalf(&tables), UserId(2));
    on_behalf.update(&cause, |tx| tx.delete::<User>(&gone)).await.unwrap();
    let told = events(&tables).await;
    let object = &told[0].audit.as_ref().unwrap().objects[0];
    assert_eq!(
        (object.before.as_ref().unwrap()["email"].as_str(), &object.after),
        (Some("a@b"), &None)
    );
    assert_eq!(told[0].description, "user.delete: deleted user 2 (eve)");
}

#[tokio::test]
async fn a_change_of_very_many_objects_is_one_event_of_bounded_size() {
    let tables = Tables::new(Store::in_memory());
    let setting = |at| Setting { name: format!("s{at:03}"), value: "x".repeat(10_000).into() };
    let many: Vec<Setting> = (0..100).map(setting).collect();
    put(&on_behalf(&tables), "setting.set", &many).await;
    let told = events(&tables).await;
    assert_eq!(told.len(), 1);
    let audit = told[0].audit.as_ref().unwrap();
    assert_eq!((audit.objects.len(), audit.more), (OBJECTS_MAX, 100 - 16));
    assert!(serde_json::to_vec(&told[0]).unwrap().len() < 16 * 1024);
}

#[tokio::test]
async fn a_setting_that_may_hold_a_password_is_not_told() {
    let tables = Tables::new(Store::in_memory());
    let proxy = Setting { name: "http_proxy".to_owned(), value: "http://u:hunter2@p/".into() };
    put(&on_behalf(&tables), "setting.set", &[proxy]).await;
    let told = serde_json::to_string(&events(&tables).await).unwrap();
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn passwords_in_urls_are_hidden_and_what_is_long_is_cut() {
    for (text, shown) in [
        ("http://user:pass@host/path", "http://***@host/path"),
        ("http://host/a@b", "http://host/a@b"),
        ("https://u:pa/ss@host/x", "https://***@host/x"),
        ("anna@example.com", "anna@example.com"),
    ] {
        assert_eq!(unmarked(without_password(text.to_owned()).into()), shown);
    }
    assert_eq!(bounded(json!(vec![1; 33])), json!("33 items"));
    let large = json!({ "a": 1, "list": vec!["x".repeat(200); 20] });
    assert_eq!(fitted(large), json!({ "a": 1, "list": "4061 bytes" }));
    assert_eq!(fitted(json!({ "a": "x".repeat(3000) })), json!("3008 bytes"));
    assert_eq!(bounded(json!("ä".repeat(300))).as_str().unwrap().chars().count(), TEXT_MAX + 1);
}

#[test]
fn only_fields_that_differ_are_told() {
    let before = json!({ "a": { "b": 1, "c": 2 }, "gone": 1, "same": [1] });
    let after = json!({ "a": { "b": 3, "c": 2 }, "new": 4, "same": [1] });
    let (old, new) = difference(&before, &after).unwrap();
    assert_eq!(old, json!({ "a": { "b": 1 }, "gone": 1 }));
    assert_eq!(new, json!({ "a": { "b": 3 }, "new": 4 }));
}
