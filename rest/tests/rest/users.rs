//! Users.

use crate::harness::{By, Region};

#[tokio::test]
async fn users_are_made_by_administrators_and_can_be_deleted() {
    let region = Region::start().await;
    let form = [
        ("username", "anna"),
        ("email", "anna@example.com"),
        ("password", "secret"),
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
    region.delete(By::Admin, "users/anna/").await.assert(204);
    region.get(By::User, "users/anna/").await.assert(404);
}

#[tokio::test]
async fn missing_and_wrong_values_are_named() {
    let region = Region::start().await;
    let missing = region.post(By::Admin, "users/", &[("username", "x")]).await.assert(400);
    assert_eq!(missing.text, "No provided email!");
    let form = [("username", "a b"), ("email", "a@b"), ("password", "x"), ("is_superuser", "0")];
    assert!(
        region.post(By::Admin, "users/", &form).await.assert(400).json()["username"].is_array()
    );
    region.delete(By::Admin, "users/admin/").await.assert(400);
}

#[tokio::test]
async fn what_a_user_has_goes_to_another_one_or_keeps_the_user() {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let reserve = [("op", "reserve"), ("ip", "10.0.0.2")];
    region.post(By::User, "ipaddresses/", &reserve).await.assert(200);
    let range = [("type", "reserved"), ("start_ip", "10.0.0.10"), ("end_ip", "10.0.0.20")];
    region.post(By::User, "ipranges/", &range).await.assert(200);
    let refused = region.delete(By::Admin, "users/user/").await.assert(400);
    assert_eq!(
        refused.text,
        "User user cannot be deleted: 1 static IP address(es), 1 IP range(s) are still allocated"
    );
    for wrong in ["nosuch", "user"] {
        let path = format!("users/user/?transfer_resources_to={wrong}");
        region.delete(By::Admin, &path).await.assert(404);
    }
    region.get(By::Admin, "users/user/").await.assert(200);
    region.delete(By::Admin, "users/user/?transfer_resources_to=admin").await.assert(204);
    let reserved = region.get(By::Admin, "ipaddresses/").await.json();
    assert_eq!(reserved[0]["owner"]["username"], "admin");
    let ranges = region.get(By::Admin, "ipranges/").await.json();
    assert_eq!(ranges[0]["user"]["username"], "admin");
    let release = [("op", "release"), ("ip", "10.0.0.2")];
    region.post(By::Admin, "ipaddresses/", &release).await.assert(204);
}
