//! Passwords that are set, and logins by name and password that fail.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use model::login::LoginRecord;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::Cause;

use crate::harness::{Answer, By, Region};

const NEW: &str = "a battery staple";
const CHANGE: &str = "/MAAS/api/ironraft/account/op-change_password/";

async fn with_anna() -> Region {
    let region = Region::start().await;
    let anna = [
        ("username", "anna"),
        ("email", "anna@example.com"),
        ("password", "correct horse"),
        ("is_superuser", "0"),
    ];
    region.post(By::Admin, "users/", &anna).await.assert(200);
    region
}

/// Has those who wait do so for a minute, however slow this host is.
pub(crate) async fn lengthen(region: &Region) {
    let cause = Cause::new("test", "test");
    let put = region.tables.update(&cause, |tx| -> Result<(), TableError> {
        for record in tx.list::<LoginRecord>()? {
            if record.failures > record.subject.backoff().free {
                tx.put(&LoginRecord { failures: 100, last_failure: tx.now(), ..record })?;
            }
        }
        Ok(())
    });
    put.await.unwrap();
}

async fn authenticate(region: &Region, name: &str, password: &str, from: [u8; 4]) -> Answer {
    let form = serde_urlencoded::to_string([("username", name), ("password", password)]).unwrap();
    let mut request = Request::post("/MAAS/accounts/authenticate/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 1))));
    region.send(request).await
}

#[tokio::test]
async fn a_weak_password_is_refused_with_all_that_is_wrong() {
    let region = Region::start().await;
    let with = |password| {
        [("username", "anna"), ("email", "a@b.c"), ("password", password), ("is_superuser", "0")]
    };
    let refused = region.post(By::Admin, "users/", &with("1234")).await.assert(400).json();
    assert_eq!(
        refused["password"],
        serde_json::json!([
            "This password is too short. It must contain at least 8 characters.",
            "This password is entirely numeric."
        ])
    );
    let common = region.post(By::Admin, "users/", &with("Password123")).await;
    common.assert_field("password", "This password is too common.");
    region.post(By::Admin, "users/", &with("correct horse")).await.assert(200);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_set_by_administrators() {
    let region = with_anna().await;
    let set = "/MAAS/api/ironraft/users/anna/op-set_password/";
    region.post(By::User, set, &[("new_password", NEW)]).await.assert(403);
    let weak = region.post(By::Admin, set, &[("new_password", "anna12")]).await.assert(400);
    assert!(weak.json()["new_password"].is_array(), "{}", weak.text);
    region.post(By::Admin, set, &[("new_password", NEW)]).await.assert(204);
    authenticate(&region, "anna", "correct horse", [10, 0, 0, 1]).await.assert(403);
    authenticate(&region, "anna", NEW, [10, 0, 0, 1]).await.assert(200);
    let nobody = "/MAAS/api/ironraft/users/nobody/op-set_password/";
    region.post(By::Admin, nobody, &[("new_password", NEW)]).await.assert(404);

    // Who has none yet needs none.
    region.post(By::User, CHANGE, &[("new_password", NEW)]).await.assert(204);
    let wrong = [("old_password", "wrong"), ("new_password", "correct horse")];
    let message = "Your old password was entered incorrectly. Please enter it again.";
    region.post(By::User, CHANGE, &wrong).await.assert_field("old_password", message);
    let right = [("old_password", NEW), ("new_password", "correct horse")];
    region.post(By::User, CHANGE, &right).await.assert(204);
    authenticate(&region, "user", "correct horse", [10, 0, 0, 1]).await.assert(200);
}

#[tokio::test]
async fn an_account_waits_after_failures_and_is_told_how_long() {
    let region = with_anna().await;
    for _ in 0..6 {
        let wrong = authenticate(&region, "anna", "wrong", [10, 0, 0, 9]).await.assert(403);
        assert_eq!(wrong.text, "");
    }
    lengthen(&region).await;
    let held = authenticate(&region, "anna", "correct horse", [10, 0, 0, 9]).await.assert(429);
    let seconds = held.headers["retry-after"].to_str().unwrap();
    assert!((1..=60).contains(&seconds.parse::<u32>().unwrap()), "{seconds}");
    let said = format!("Too many failed logins for this account: try again in {seconds} s.");
    assert_eq!(held.text, said);
}

#[tokio::test]
async fn an_administrator_who_was_there_before_is_not_locked_out() {
    let region = with_anna().await;
    authenticate(&region, "anna", "correct horse", [10, 0, 0, 1]).await.assert(200);
    for _ in 0..6 {
        authenticate(&region, "anna", "wrong", [10, 0, 0, 9]).await.assert(403);
    }
    lengthen(&region).await;
    authenticate(&region, "anna", "wrong", [10, 0, 0, 9]).await.assert(429);
    authenticate(&region, "anna", "correct horse", [10, 0, 0, 1]).await.assert(200);
}

#[tokio::test]
async fn guesses_at_an_old_password_are_held_up_too() {
    let region = with_anna().await;
    region.post(By::User, CHANGE, &[("new_password", NEW)]).await.assert(204);
    for _ in 0..6 {
        let wrong = [("old_password", "wrong"), ("new_password", "correct horse")];
        region.post(By::User, CHANGE, &wrong).await.assert(400);
    }
    lengthen(&region).await;
    let right = [("old_password", NEW), ("new_password", "correct horse")];
    region.post(By::User, CHANGE, &right).await.assert(429);
}
