//! SSH keys of users.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
    let damaged = "Invalid SSH public key. The key is not of the type that the line says, or cut off, \
                   or something follows it.";
    refused.assert_field("key", damaged);
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
            ("password", "correct horse"),
            ("is_superuser", "0"),
            ("key", key),
        ]
    };
    let refused = region.post(By::Admin, "users/", &ada("x")).await;
    let form = "Invalid SSH public key. It has to be a type, a key in base64 and a comment, without \
                options before them.";
    refused.assert_field("key", form);
    region.post(By::Admin, "users/", &ada(KEY)).await.assert(200);
    let keys = async || region.tables.view().await.unwrap().list::<SshKey>().unwrap();
    assert_eq!(keys().await.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), [KEY]);
    region.delete(By::Admin, "users/ada/").await.assert(204);
    assert_eq!(keys().await, []);
}

#[tokio::test]
async fn a_user_has_so_many_keys() {
    let region = Region::start().await;
    let key = |number: u8| {
        let mut blob = STANDARD.decode(KEY.split(' ').nth(1).unwrap()).unwrap();
        *blob.last_mut().unwrap() = number;
        format!("ssh-ed25519 {}", STANDARD.encode(blob))
    };
    for number in 0..100 {
        region.post(By::User, PATH, &[("key", key(number).as_str())]).await.assert(201);
    }
    let refused = region.post(By::User, PATH, &[("key", key(100).as_str())]).await;
    refused.assert_field("key", "A user has at most 100 SSH keys: delete one first.");
    region.post(By::Admin, PATH, &[("key", key(100).as_str())]).await.assert(201);
    region.delete(By::User, &format!("{PATH}1/")).await.assert(204);
    region.post(By::User, PATH, &[("key", key(100).as_str())]).await.assert(201);
}
