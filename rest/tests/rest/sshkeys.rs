//! SSH keys of users.

use model::ssh_key::SshKey;
use serde_json::json;
use tables::read::Reads;

use crate::harness::{By, Region};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDdHbFpgaAPlUwBtLPfcQZq3vMzDP2eEUSmhUvUNXEB ada";
const PATH: &str = "account/prefs/sshkeys/";

#[tokio::test]
async fn a_key_is_added_listed_read_and_deleted() {
    let region = Region::start().await;
    let added = region.post(By::User, PATH, &[("key", KEY)]).await.assert(201).json();
    let resource_uri = "/MAAS/api/2.0/account/prefs/sshkeys/1/";
    let shape = json!({ "id": 1, "key": KEY, "keysource": "", "resource_uri": resource_uri });
    assert_eq!(added, shape);
    assert_eq!(region.get(By::User, PATH).await.assert(200).json(), json!([added]));
    let one = format!("{PATH}1/");
    assert_eq!(region.get(By::User, &one).await.assert(200).json(), added);
    region.delete(By::User, &one).await.assert(204);
    region.delete(By::User, &one).await.assert(404);
    assert_eq!(region.get(By::User, PATH).await.assert(200).json(), json!([]));
}

#[tokio::test]
async fn a_key_is_one_users_own() {
    let region = Region::start().await;
    region.post(By::User, PATH, &[("key", KEY)]).await.assert(201);
    assert_eq!(region.get(By::Admin, PATH).await.assert(200).json(), json!([]));
    let one = format!("{PATH}1/");
    region.get(By::Admin, &one).await.assert(404);
    region.delete(By::Admin, &one).await.assert(404);
    region.get(By::Nobody, PATH).await.assert(401);
    region.post(By::Admin, PATH, &[("key", KEY)]).await.assert(201);
}

#[tokio::test]
async fn administrators_add_keys_for_others() {
    let region = Region::start().await;
    let form = [("key", KEY), ("user", "user")];
    let added = region.post(By::Admin, PATH, &form).await.assert(201).json();
    assert_eq!(region.get(By::User, PATH).await.json(), json!([added]));
    assert_eq!(region.get(By::Admin, PATH).await.json(), json!([]));
    let nobody = region.post(By::Admin, PATH, &[("key", KEY), ("user", "eve")]).await.assert(400);
    assert_eq!(nobody.text, "Supplied username does not match any current users.");
    let other = region.post(By::User, PATH, &[("key", KEY), ("user", "admin")]).await.assert(400);
    assert_eq!(other.text, "Only administrators can specify a user when creating an SSH key.");
}

#[tokio::test]
async fn what_is_no_new_key_is_refused() {
    let region = Region::start().await;
    let refused = region.post(By::User, PATH, &[("key", "ssh-rsa AAAA")]).await;
    refused.assert_field("key", "Invalid SSH public key.");
    let none = region.post(By::User, PATH, &[]).await.assert(400);
    assert_eq!(none.text, "No provided key!");
    region.post(By::User, PATH, &[("key", KEY)]).await.assert(201);
    let another_comment = KEY.replace("ada", "bob");
    let again = region.post(By::User, PATH, &[("key", another_comment.as_str())]).await;
    again.assert_field("key", "This key has already been added for this user.");
    let import = format!("{PATH}?op=import");
    let import = region.post(By::User, &import, &[("keysource", "gh:ada")]).await;
    let reason = "Regions fetch no keys from the internet: add each key by a POST without op.";
    import.assert_field("keysource", reason);
}

#[tokio::test]
async fn a_user_is_made_with_a_key_and_goes_with_it() {
    let region = Region::start().await;
    let ada = |key| {
        let email = "ada@example.com";
        [
            ("username", "ada"),
            ("email", email),
            ("password", "x"),
            ("is_superuser", "0"),
            ("key", key),
        ]
    };
    let refused = region.post(By::Admin, "users/", &ada("x")).await;
    refused.assert_field("key", "Invalid SSH public key.");
    region.post(By::Admin, "users/", &ada(KEY)).await.assert(200);
    let keys = async || region.tables.view().await.unwrap().list::<SshKey>().unwrap();
    assert_eq!(keys().await.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), [KEY]);
    region.delete(By::Admin, "users/ada/").await.assert(204);
    assert_eq!(keys().await, []);
}
