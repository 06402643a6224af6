//! SSL keys of users.

use serde_json::json;

use crate::harness::{By, Region};

const PATH: &str = "account/prefs/sslkeys/";

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBcjCCARmgAwIBAgIUZ48Etz/P4FWG7HSadgkdf1veWFEwCgYIKoZIzj0EAwIw\n\
    DjEMMAoGA1UEAwwDYWRhMCAXDTI2MTEyOTE3MDk0M1oYDzIxMjYxMTA1MTcwOTQz\n\
    WjAOMQwwCgYDVQQDDANhZGEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATVPfTa\n\
    7jVDWTcL1zDbKHamOxWBPcyAS5o5mEESrNzXtKdF+WLnBxra8r3f0yIHYrlSqMfI\n\
    8ui2q5Sh3imHZmmpo1MwUTAdBgNVHQ4EFgQU4P1KCwWvCSqrgUhbxIKznYlLMz8w\n\
    HwYDVR0jBBgwFoAU4P1KCwWvCSqrgUhbxIKznYlLMz8wDwYDVR0TAQH/BAUwAwEB\n\
    /zAKBggqhkjOPQQDAgNHADBEAiAEuMl4vBfexvOib0G1eSgJWsILa8s3OocDsS2D\n\
    Wd6hbwIgXhYqG4FY0YNYo2xDY2+cqJ1n4/t043Ll18oYv7LHRSs=\n\
    -----END CERTIFICATE-----";

#[tokio::test]
async fn an_ssl_key_is_added_listed_read_and_deleted() {
    let region = Region::start().await;
    let padded = format!("\n{CERTIFICATE}\n");
    let added = region.post(By::User, PATH, &[("key", padded.as_str())]).await.assert(201).json();
    let resource_uri = "/MAAS/api/2.0/account/prefs/sslkeys/1/";
    assert_eq!(added, json!({ "id": 1, "key": CERTIFICATE, "resource_uri": resource_uri }));
    assert_eq!(region.get(By::User, PATH).await.assert(200).json(), json!([added]));
    assert_eq!(region.get(By::User, resource_uri).await.assert(200).json(), added);
    region.delete(By::User, resource_uri).await.assert(204);
    let gone = region.get(By::User, resource_uri).await.assert(404);
    assert_eq!(gone.text, "No SSLKey matches the given query.");
    assert_eq!(region.get(By::User, PATH).await.assert(200).json(), json!([]));
}

#[tokio::test]
async fn an_ssl_key_is_one_users_own() {
    let region = Region::start().await;
    region.post(By::User, PATH, &[("key", CERTIFICATE)]).await.assert(201);
    assert_eq!(region.get(By::Admin, PATH).await.assert(200).json(), json!([]));
    let one = format!("{PATH}1/");
    let read = region.get(By::Admin, &one).await.assert(403);
    assert_eq!(read.text, "Can't get a key you don't own.");
    let deleted = region.delete(By::Admin, &one).await.assert(403);
    assert_eq!(deleted.text, "Can't delete a key you don't own.");
    region.get(By::Nobody, PATH).await.assert(401);
    region.post(By::Admin, PATH, &[("key", CERTIFICATE)]).await.assert(201);
}

#[tokio::test]
async fn what_is_no_new_certificate_is_refused() {
    let region = Region::start().await;
    // A private key beside a certificate would be told to machines.
    let private = "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----";
    let with_private = format!("{CERTIFICATE}\n{private}");
    let broken = CERTIFICATE.replace("MIIB", "MIIC");
    let long = format!("{CERTIFICATE}\n{}", "x".repeat(65_536));
    for text in ["x", private, with_private.as_str(), broken.as_str(), long.as_str()] {
        region.post(By::User, PATH, &[("key", text)]).await.assert_field("key", "Invalid SSL key.");
    }
    region.post(By::User, PATH, &[]).await.assert_field("key", "This field is required.");
    region.post(By::User, PATH, &[("key", CERTIFICATE)]).await.assert(201);
    let again = region.post(By::User, PATH, &[("key", CERTIFICATE)]).await;
    again.assert_field("key", "This key has already been added for this user.");
}

#[tokio::test]
async fn the_ssl_keys_of_a_deleted_user_go_with_it() {
    let region = Region::start().await;
    region.post(By::User, PATH, &[("key", CERTIFICATE)]).await.assert(201);
    region.delete(By::Admin, "users/user/").await.assert(204);
    region.post(By::Admin, PATH, &[("key", CERTIFICATE)]).await.assert(201);
    let keys =
        tables::read::Reads::list::<model::ssl_key::SslKey>(&region.tables.view().await.unwrap());
    assert_eq!(keys.unwrap().len(), 1, "that of the administrator");
}
