//! Users.

use model::id::UserId;
use model::machine::Machine;
use model::net::iprange::IpRange;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::Cause;

use crate::harness::{By, Region};

#[tokio::test]
async fn users_are_made_by_administrators_and_can_be_deleted() {
    let region = Region::start().await;
    let form = [
        ("username", "anna"),
        ("email", "anna@example.com"),
        ("password", "correct horse"),
        ("is_superuser", "0"),
    ];
    region.post(By::User, "users/", &form).await.assert(403);
    let user = region.post(By::Admin, "users/", &form).await.assert(200).json();
    assert_eq!(
        user,
        serde_json::json!({
            "username": "anna",
            "email": "anna@example.com",
            "is_local": true,
            "is_superuser": false,
            "resource_uri": "/MAAS/api/2.0/users/anna/",
        })
    );
    let again = region.post(By::Admin, "users/", &form).await;
    again.assert_field("username", "A user with that username already exists.");
    assert_eq!(region.get(By::User, "users/anna/").await.json(), user);
    let all = region.get(By::User, "users/").await.assert(200).json();
    let names: Vec<&str> =
        all.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["admin", "anna", "user"]);
    region.delete(By::Admin, "users/anna/").await.assert(204);
    region.get(By::User, "users/anna/").await.assert(404);
}

#[tokio::test]
async fn a_user_goes_only_when_somebody_else_has_what_it_had() {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let range = [("type", "reserved"), ("start_ip", "10.0.0.8"), ("end_ip", "10.0.0.10")];
    region.post(By::User, "ipranges/", &range).await.assert(200);
    for _ in 0..2 {
        let reserve = [("op", "reserve"), ("subnet", "1")];
        region.post(By::User, "ipaddresses/", &reserve).await.assert(200);
    }
    let machine = [
        ("architecture", "amd64/generic"),
        ("mac_addresses", "52:54:00:00:00:02"),
        ("power_type", "manual"),
        ("commission", "false"),
    ];
    let machine = region.post(By::Admin, "machines/", &machine).await.assert(200).json();
    let id: model::id::SystemId = machine["system_id"].as_str().unwrap().parse().unwrap();
    let cause = Cause::new("test", "test");
    let taken = region.tables.update(&cause, |tx| -> Result<(), TableError> {
        let mut machine = tx.get::<Machine>(&id)?.expect("the machine");
        machine.placement.owner = Some(UserId(2));
        tx.put(&machine)
    });
    taken.await.unwrap();
    let kept = region.delete(By::Admin, "users/user/").await.assert(400);
    let all = "2 static IP address(es), 1 IP range(s), 1 node(s)";
    assert_eq!(kept.text, format!("User user cannot be deleted: {all} are still allocated"));
    let to_itself = "users/user/?transfer_resources_to=user";
    region.delete(By::Admin, to_itself).await.assert(400);
    let nobody = region.delete(By::Admin, "users/user/?transfer_resources_to=eve").await;
    assert_eq!(nobody.assert(404).text, "No User matches the given query.");
    region.get(By::User, "users/user/").await.assert(200);

    region.delete(By::Admin, "users/user/?transfer_resources_to=admin").await.assert(204);
    region.get(By::Admin, "users/user/").await.assert(404);
    let addresses = region.get(By::Admin, "ipaddresses/").await.assert(200).json();
    assert_eq!(addresses.as_array().unwrap().len(), 2);
    let machine = region.get(By::Admin, &format!("machines/{id}/")).await.assert(200).json();
    assert_eq!(machine["owner"], "admin");
    let ranges = region.tables.view().await.unwrap().list::<IpRange>().unwrap();
    assert_eq!(ranges[0].user, Some(UserId(1)));
}

#[tokio::test]
async fn missing_and_wrong_values_are_named() {
    let region = Region::start().await;
    let missing = region.post(By::Admin, "users/", &[("username", "x")]).await.assert(400);
    assert_eq!(missing.text, "No provided email!");
    let form = [
        ("username", "a b"),
        ("email", "a@b"),
        ("password", "correct horse"),
        ("is_superuser", "0"),
    ];
    assert!(
        region.post(By::Admin, "users/", &form).await.assert(400).json()["username"].is_array()
    );
    region.delete(By::Admin, "users/admin/").await.assert(400);
}
