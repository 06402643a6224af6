//! What a request changed is an event for administrators.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use serde_json::{Value, json};

use crate::harness::{By, Region};

const PATH: &str = "events/?op=query&level=AUDIT";

async fn events(region: &Region) -> Vec<Value> {
    let found = region.get(By::Admin, PATH).await.assert(200).json();
    found["events"].as_array().unwrap().clone()
}

/// The event of an operation. Those of one millisecond are in any order.
fn of<'a>(told: &'a [Value], operation: &str) -> &'a Value {
    told.iter().find(|event| event["audit"]["operation"] == operation).unwrap()
}

#[tokio::test]
async fn a_change_leaves_an_event_with_who_where_what_and_when() {
    let region = Region::start().await;
    let mut request = Request::post("/MAAS/api/2.0/zones/")
        .header("authorization", region.authorization(By::Admin).unwrap())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("name=lab"))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 9], 1))));
    region.send(request).await.assert(200);
    region.put(By::Admin, "zones/lab/", &[("description", "d")]).await.assert(200);
    let told = events(&region).await;
    assert_eq!(told.len(), 2, "{told:?}");
    let (made, changed) = (of(&told, "zone.create"), of(&told, "zone.update"));
    assert_eq!(made["username"], "admin");
    assert_eq!((&made["level"], &made["type"]), (&json!("AUDIT"), &json!("Zones")));
    assert_eq!(made["audit"]["from"], "10.0.0.9");
    assert_eq!(made["audit"]["objects"][0]["before"], Value::Null);
    assert_eq!(made["audit"]["objects"][0]["after"]["name"], "lab");
    assert_eq!(changed["audit"]["objects"][0]["before"], json!({ "description": "" }));
    assert_eq!(changed["audit"]["objects"][0]["after"], json!({ "description": "d" }));
    let revision = |event: &Value| event["audit"]["revision"].as_u64().unwrap();
    assert!(revision(made) > 0 && revision(changed) > revision(made), "{told:?}");
}

#[tokio::test]
async fn only_administrators_read_who_changed_what() {
    let region = Region::start().await;
    region.post(By::Admin, "zones/", &[("name", "lab")]).await.assert(200);
    region.get(By::User, PATH).await.assert(403);
    for level in ["", "&level=DEBUG", "&level=INFO"] {
        let found = region.get(By::User, &format!("events/?op=query{level}")).await.assert(200);
        assert!(!found.text.contains("AUDIT\""), "{}", found.text);
    }
}

#[tokio::test]
async fn what_is_refused_or_read_leaves_no_event() {
    let region = Region::start().await;
    region.post(By::User, "zones/", &[("name", "lab")]).await.assert(403);
    region.post(By::Admin, "zones/", &[("name", "")]).await.assert(400);
    region.get(By::Admin, "zones/").await.assert(200);
    assert_eq!(events(&region).await, Vec::<Value>::new());
}

#[tokio::test]
async fn no_secret_is_in_an_event() {
    let region = Region::start().await;
    let password = "a very secret passphrase";
    let user =
        [("username", "eve"), ("email", "a@b.c"), ("password", password), ("is_superuser", "0")];
    region.post(By::Admin, "users/", &user).await.assert(200);
    let token = region.post(By::User, "account/?op=create_authorisation_token", &[]).await;
    let secret = token.assert(200).json()["token_secret"].as_str().unwrap().to_owned();
    let machine = [
        ("architecture", "amd64/generic"),
        ("mac_addresses", "52:54:00:00:00:02"),
        ("power_type", "ipmi"),
        ("power_parameters_power_address", "10.0.0.5"),
        ("power_parameters_power_pass", "hunter2"),
        ("commission", "false"),
    ];
    let made = region.post(By::Admin, "machines/", &machine).await.assert(200).json();
    let told = events(&region).await;
    assert!(told.iter().any(|event| event["node"] == made["system_id"]), "{told:?}");
    let text = serde_json::to_string(&told).unwrap();
    for secret in [password, secret.as_str(), "hunter2", "argon2"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn logins_and_logins_that_wait_are_told() {
    let region = Region::start().await;
    let user = [
        ("username", "eve"),
        ("email", "a@b.c"),
        ("password", "correct horse"),
        ("is_superuser", "0"),
    ];
    region.post(By::Admin, "users/", &user).await.assert(200);
    let login = "/MAAS/accounts/login/";
    let right = [("username", "eve"), ("password", "correct horse")];
    region.post(By::Nobody, login, &right).await.assert(204);
    let told = events(&region).await;
    let login_told = of(&told, "session.begin");
    assert_eq!(login_told["description"], "Logged in.");
    assert_eq!(
        (&login_told["username"], &login_told["type"]),
        (&json!("eve"), &json!("Authorisation"))
    );
    for _ in 0..8 {
        region.post(By::Nobody, login, &[("username", "eve"), ("password", "x")]).await;
    }
    let told = events(&region).await;
    let waits: Vec<&Value> = told
        .iter()
        .map(|event| &event["description"])
        .filter(|text| text.as_str().unwrap().contains(" wait "))
        .collect();
    assert_eq!(waits, ["Logins as eve wait after 6 failures, the last one."]);
}

#[tokio::test]
async fn who_is_told_a_key_that_there_is_leaves_an_event_as_well() {
    let region = Region::start().await;
    let user = [
        ("username", "eve"),
        ("email", "a@b.c"),
        ("password", "correct horse"),
        ("is_superuser", "0"),
    ];
    region.post(By::Admin, "users/", &user).await.assert(200);
    let form = [("username", "eve"), ("password", "correct horse"), ("consumer", "laptop")];
    let ask =
        async || region.post(By::Nobody, "/MAAS/accounts/authenticate/", &form).await.assert(200);
    let (first, second) = (ask().await.json(), ask().await.json());
    assert_eq!(first, second);
    let told = events(&region).await;
    let again: Vec<&Value> = told
        .iter()
        .filter(|event| {
            event["description"].as_str().is_some_and(|text| text.contains("was told API key"))
        })
        .collect();
    assert_eq!(again.len(), 1, "{told:?}");
    assert_eq!(
        (&again[0]["username"], &again[0]["type"]),
        (&json!("eve"), &json!("Authorisation"))
    );
    let text = again[0]["description"].as_str().unwrap();
    let secret = first["token_secret"].as_str().unwrap();
    assert!(text.ends_with("(laptop).") && !text.contains(secret), "{text}");
}
