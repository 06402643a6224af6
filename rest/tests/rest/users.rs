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
