//! Messages to users.

use model::notification::{Dismissal, Notification};
use serde_json::{Value, json};
use tables::read::Reads;

use crate::harness::{By, Region};

const ALL: &str = "notifications/";

async fn ids(region: &Region, by: By) -> Vec<u64> {
    let all = region.get(by, ALL).await.assert(200).json();
    all.as_array().unwrap().iter().map(|found| found["id"].as_u64().unwrap()).collect()
}

async fn create(region: &Region, form: &[(&str, &str)]) -> Value {
    region.post(By::Admin, ALL, form).await.assert(200).json()
}

#[tokio::test]
async fn a_notification_is_created_listed_read_updated_and_deleted() {
    let region = Region::start().await;
    let form = [
        ("message", "hello {name}"),
        ("context", r#"{"name": "w"}"#),
        ("category", "warning"),
        ("ident", "i1"),
        ("user", "user"),
    ];
    let created = create(&region, &form).await;
    let user = region.get(By::Admin, "users/user/").await.json();
    let mut shape = json!({
        "id": 1, "ident": "i1", "user": user, "users": false, "admins": false,
        "message": "hello {name}", "context": { "name": "w" }, "category": "warning",
        "dismissable": true, "resource_uri": "/MAAS/api/2.0/notifications/1/",
    });
    assert_eq!(created, shape);
    assert_eq!(region.get(By::User, ALL).await.assert(200).json(), json!([shape]));
    let one = "notifications/1/";
    assert_eq!(region.get(By::Admin, one).await.assert(200).json(), shape);
    let change = [("message", "bye {name}"), ("ident", ""), ("user", ""), ("users", "true")];
    let updated = region.put(By::Admin, one, &change).await.assert(200).json();
    shape["message"] = json!("bye {name}");
    shape["users"] = json!(true);
    (shape["ident"], shape["user"]) = (Value::Null, Value::Null);
    assert_eq!(updated, shape);
    region.post(By::User, &format!("{one}?op=dismiss"), &[]).await.assert(200);
    region.delete(By::Admin, one).await.assert(204);
    let gone = region.delete(By::Admin, one).await.assert(404);
    assert_eq!(gone.text, "No Notification matches the given query.");
    assert_eq!(region.tables.view().await.unwrap().list::<Dismissal>().unwrap(), []);
}

#[tokio::test]
async fn a_notification_is_shown_to_whom_it_is_for_and_to_administrators_by_id() {
    let region = Region::start().await;
    for form in [("user", "user"), ("user", "1"), ("users", "1"), ("admins", "1"), ("user", "")] {
        create(&region, &[("message", "x"), form]).await;
    }
    assert_eq!(ids(&region, By::User).await, [1, 3]);
    assert_eq!(ids(&region, By::Admin).await, [2, 4]);
    region.get(By::User, "notifications/1/").await.assert(200);
    for id in [2, 4, 5] {
        let one = format!("notifications/{id}/");
        let denied = region.get(By::User, &one).await.assert(403);
        assert_eq!(denied.text, "");
        region.post(By::User, &format!("{one}?op=dismiss"), &[]).await.assert(403);
        region.get(By::Admin, &one).await.assert(200);
    }
    region.get(By::Nobody, ALL).await.assert(401);
}

#[tokio::test]
async fn who_dismisses_a_notification_is_not_shown_it_again() {
    let region = Region::start().await;
    create(&region, &[("message", "x"), ("users", "1"), ("admins", "1")]).await;
    let dismiss = "notifications/1/?op=dismiss";
    assert_eq!(region.post(By::User, dismiss, &[]).await.assert(200).text, "null");
    region.post(By::User, dismiss, &[]).await.assert(200);
    assert_eq!(ids(&region, By::User).await, [0; 0]);
    assert_eq!(ids(&region, By::Admin).await, [1]);
    region.get(By::User, "notifications/1/").await.assert(200);
    create(&region, &[("message", "x"), ("users", "1"), ("dismissable", "false")]).await;
    let kept = region.post(By::User, "notifications/2/?op=dismiss", &[]).await.assert(400);
    assert_eq!(kept.text, "Notification is not dismissable.");
    assert_eq!(ids(&region, By::User).await, [2]);
}

#[tokio::test]
async fn only_administrators_write_notifications() {
    let region = Region::start().await;
    let reserved = region.post(By::User, ALL, &[("message", "x")]).await.assert(403);
    assert_eq!(reserved.text, "This method is reserved for admin users.");
    create(&region, &[("message", "x"), ("users", "1")]).await;
    region.put(By::User, "notifications/1/", &[("message", "y")]).await.assert(403);
    region.delete(By::User, "notifications/1/").await.assert(403);
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused() {
    let region = Region::start().await;
    let check = async |form: &[(&str, &str)], field: &str, message: &str| {
        region.post(By::Admin, ALL, form).await.assert_field(field, message);
    };
    let x = ("message", "x");
    check(&[], "message", "This field is required.").await;
    check(&[("message", "{name}")], "__all__", "Notification cannot be rendered.").await;
    check(&[x, ("context", "{")], "context", "Enter a valid JSON.").await;
    check(&[x, ("context", "[]")], "context", "Context is not a mapping.").await;
    let choice = "Select a valid choice. fatal is not one of the available choices.";
    check(&[x, ("category", "fatal")], "category", choice).await;
    let choice = "Select a valid choice. That choice is not one of the available choices.";
    check(&[x, ("user", "nobody")], "user", choice).await;
    check(&[x, ("user", "99")], "user", choice).await;
    let (ident, long) = ("x".repeat(41), "x".repeat(65_537));
    let most = "Ensure this value has at most 40 characters (it has 41).";
    check(&[x, ("ident", ident.as_str())], "ident", most).await;
    let most = "Ensure this value has at most 65536 characters (it has 65537).";
    check(&[("message", long.as_str())], "message", most).await;
    create(&region, &[x, ("ident", "i1")]).await;
    check(&[x, ("ident", "i1")], "ident", "Notification with this Ident already exists.").await;
}

#[tokio::test]
async fn the_messages_of_a_deleted_user_go_with_it() {
    let region = Region::start().await;
    create(&region, &[("message", "x"), ("user", "user")]).await;
    create(&region, &[("message", "x"), ("users", "1")]).await;
    region.post(By::User, "notifications/2/?op=dismiss", &[]).await.assert(200);
    region.delete(By::Admin, "users/user/").await.assert(204);
    let view = region.tables.view().await.unwrap();
    let left: Vec<u32> =
        view.list::<Notification>().unwrap().iter().map(|left| left.id.0).collect();
    assert_eq!(left, [2]);
    assert_eq!(view.list::<Dismissal>().unwrap(), []);
}
