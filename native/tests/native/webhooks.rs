//! Webhooks as administrators make them, and the test of one.

use axum::Router;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use model::secret::Secret;
use native::webhooks::sign::signature;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::harness::{By, Region};

async fn made(region: &Region, body: Value) -> Value {
    region.post("webhooks", body).await.assert(201).json()
}

#[tokio::test]
async fn a_secret_is_told_once_and_stands_nowhere_else() {
    let region = Region::start().await;
    let body =
        json!({"name": "chat", "url": "https://hooks.example.com/a", "resources": ["zones"]});
    let hook = made(&region, body).await;
    let secret = hook["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let read = region.get(By::Admin, "webhooks/chat").await.assert(200);
    assert_eq!(read.json().get("secret"), None);
    assert_eq!(read.json()["owner"], "admin");
    for path in ["webhooks", "webhooks/chat/history", "events?filter=level:audit", "webhooks/chat"]
    {
        let answer = region.get(By::Admin, path).await.assert(200);
        assert!(!answer.text.contains(&secret["whsec_".len()..]), "{path}: {}", answer.text);
    }
    let again = region.call(By::Admin, "PATCH", "webhooks/chat", json!({"secret": null})).await;
    let again = again.assert(200).json()["secret"].as_str().unwrap().to_owned();
    assert_ne!(again, secret);
    let given = json!({"secret": secret, "enabled": false});
    let given = region.call(By::Admin, "PATCH", "webhooks/chat", given).await.assert(200).json();
    assert_eq!((given.get("secret"), &given["enabled"]), (None, &json!(false)));
    region.call(By::Admin, "DELETE", "webhooks/chat", Value::Null).await.assert(204);
    region.get(By::Admin, "webhooks/chat").await.assert(404);
}

#[tokio::test]
async fn only_administrators_have_to_do_with_webhooks() {
    let region = Region::start().await;
    let body = json!({"name": "chat", "url": "https://hooks.example.com/a"});
    made(&region, body.clone()).await;
    region.call(By::User, "POST", "webhooks", body).await.assert(403);
    for path in ["webhooks", "webhooks/chat", "webhooks/1/dead-letters", "webhooks/chat/history"] {
        region.get(By::User, path).await.assert(403);
    }
    for verb in ["test", "retry"] {
        region.call(By::User, "POST", &format!("webhooks/1/{verb}"), json!(null)).await.assert(403);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_webhook_is_named() {
    let region = Region::start().await;
    let good = json!({"name": "chat", "url": "https://hooks.example.com/a"});
    made(&region, good.clone()).await;
    for (member, value) in [
        ("name", json!("chat")),
        ("name", json!("")),
        ("url", json!("ftp://hooks.example.com/")),
        ("url", json!("https://me:word@hooks.example.com/")),
        ("secret", json!("whsec_c2hvcnQ=")),
        ("resources", json!(["colours"])),
        ("resources", json!(["dns-records"])),
        ("filter", json!("name:x")),
        ("enabled", json!("perhaps")),
    ] {
        let mut body = good.clone();
        body["name"] = "other".into();
        body[member] = value.clone();
        let answer = region.post("webhooks", body).await.assert(400);
        let pointer = &answer.json()["errors"][0]["pointer"];
        assert_eq!(pointer, &format!("/{member}"), "{value}: {}", answer.text);
    }
    let filtered = json!({"resources": ["zones"], "filter": "name:attic*"});
    region.call(By::Admin, "PATCH", "webhooks/chat", filtered).await.assert(200);
    let widened =
        region.call(By::Admin, "PATCH", "webhooks/chat", json!({"resources": null})).await;
    assert_eq!(widened.assert(400).json()["errors"][0]["pointer"], "/filter");
}

#[tokio::test]
async fn a_test_says_what_came_back_and_internal_addresses_are_for_those_that_may() {
    let region = Region::start().await;
    let (sender, mut received) = mpsc::channel::<(HeaderMap, String)>(4);
    let receive = move |headers: HeaderMap, body: String| {
        let sender = sender.clone();
        async move {
            sender.send((headers, body)).await.unwrap();
            (StatusCode::IM_A_TEAPOT, "short and stout")
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let served = axum::serve(listener, Router::new().route("/hook", post(receive)));
    let asked = async {
        let hook = made(&region, json!({"name": "tea", "url": url})).await;
        let refused = region.post("webhooks/tea/test", json!(null)).await.assert(200).json();
        assert_eq!(refused["arrived"], false);
        assert!(refused["error"].as_str().unwrap().contains("internal"), "{refused}");
        let open = json!({"allow_internal": true});
        region.call(By::Admin, "PATCH", "webhooks/tea", open).await.assert(200);
        region.post("webhooks/tea/test?plan=true", json!(null)).await.assert(400);
        let came = region.post("webhooks/tea/test", json!(null)).await.assert(200).json();
        assert_eq!((&came["status"], &came["arrived"]), (&json!(418), &json!(false)));
        assert_eq!(came["answer"], "short and stout");
        let (headers, body) = received.recv().await.unwrap();
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        let secret = Secret::from(hook["secret"].as_str().unwrap().to_owned());
        let at = header("webhook-timestamp").parse().unwrap();
        let made = signature(&secret, &header("webhook-id"), at, body.as_bytes());
        assert_eq!(Some(header("webhook-signature")), made);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["type"], &body["data"]["webhook"]), (&json!("test"), &json!("tea")));
        assert!(received.try_recv().is_err(), "nothing was sent before it was allowed");
    };
    tokio::select! {
        ended = served => ended.unwrap(),
        () = asked => {}
    }
}
