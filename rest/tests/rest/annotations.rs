//! What owners note on their machines.

use serde_json::json;

use crate::harness::{By, Region};
use crate::stock::{machine, path_of};

#[tokio::test]
async fn notes_are_of_the_owner_and_gone_with_the_release() {
    let region = Region::start().await;
    let mut machine = machine(1);
    region.store(&machine).await;
    let path = path_of(&machine);
    let note = |by, notes: &'static [(&str, &str)]| {
        let (region, path) = (&region, format!("{path}?op=set_workload_annotations"));
        async move { region.post(by, &path, notes).await }
    };
    let free = note(By::User, &[("a", "1")]).await.assert(409);
    assert_eq!(free.text, "Cannot set workload annotation: it hasn't been acquired.");
    region.post(By::User, "machines/?op=allocate", &[]).await.assert(200);
    note(By::Admin, &[("a", "1")]).await.assert(409);

    let noted = note(By::User, &[("juju-units", "web/0"), ("name", "x")]).await.assert(200).json();
    let expected = json!({ "juju-units": "web/0", "name": "x" });
    assert_eq!((&noted["owner_data"], &noted["workload_annotations"]), (&expected, &expected));
    let wrong = note(By::User, &[("fine", "1"), ("not fine", "1")]).await.assert(400);
    assert_eq!(wrong.text, "Invalid character in key name");
    let noted = note(By::User, &[("name", "")]).await.assert(200).json();
    assert_eq!(noted["owner_data"], json!({ "juju-units": "web/0" }));
    let listed = region.get(By::User, "machines/").await.json();
    assert_eq!(listed[0]["owner_data"], json!({ "juju-units": "web/0" }));

    machine = region.stored(&machine).await;
    machine.placement.locked = true;
    region.store(&machine).await;
    note(By::User, &[("a", "1")]).await.assert(403);
    machine.placement.locked = false;
    region.store(&machine).await;
    region.post(By::User, &format!("{path}?op=release"), &[]).await.assert(200);
    assert_eq!(region.get(By::User, &path).await.json()["owner_data"], json!({}));
}

#[tokio::test]
async fn a_machine_that_is_taken_has_no_notes_of_anybody_before() {
    let region = Region::start().await;
    let mut machine = machine(1);
    let notes = [("old".to_owned(), "1".to_owned())].into();
    machine.placement.annotations.set(&notes).unwrap();
    region.store(&machine).await;
    let taken = region.post(By::User, "machines/?op=allocate", &[]).await.assert(200).json();
    assert_eq!(taken["owner_data"], json!({}));
}
