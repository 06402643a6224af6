//! Requests that are signed with HMAC-SHA1, as OAuth libraries sign unless they are told otherwise.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use model::user::ApiToken;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;

use crate::harness::{Answer, By, Region};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The header of a request to a path below the API's root.
fn sign(token: &ApiToken, method: &str, path: &str, params: Pairs<'_>) -> String {
    let nonce = format!("{:x}", rand::random::<u64>());
    let now = (tables::update::now().unix_ms / 1000).to_string();
    let fields = [
        ("oauth_consumer_key", token.consumer_key.as_str()),
        ("oauth_nonce", &nonce),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", &now),
        ("oauth_token", &token.key),
        ("oauth_version", "1.0"),
    ];
    let mut pairs: Vec<String> = fields
        .iter()
        .chain(params)
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.sort_unstable();
    let uri = format!("http://r1:5240/MAAS/api/2.0/{path}");
    let base = format!("{method}&{}&{}", encoded(&uri), encoded(&pairs.join("&")));
    let key = format!("&{}", token.secret.expose());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let signature = encoded(&STANDARD.encode(hmac::sign(&key, base.as_bytes())));
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}=\"{}\"", encoded(value))).collect();
    format!("OAuth {}, oauth_signature=\"{signature}\"", fields.join(", "))
}

async fn send(
    region: &Region,
    header: &str,
    method: &str,
    path: &str,
    query: Pairs<'_>,
    form: Option<Pairs<'_>>,
) -> Answer {
    let query = serde_urlencoded::to_string(query).unwrap();
    let request = Request::builder().method(method).uri(format!("/MAAS/api/2.0/{path}?{query}"));
    let mut request = request.header("authorization", header).header("host", "r1:5240");
    if form.is_some() {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    let body = serde_urlencoded::to_string(form.unwrap_or_default()).unwrap();
    region.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_query_is_covered() {
    let region = Region::start().await;
    let token = region.token(By::Admin).unwrap();
    let query = [("op", "get_config"), ("name", "maas_name")];
    let header = sign(token, "GET", "maas/", &query);
    send(&region, &header, "GET", "maas/", &query, None).await.assert(200);
    let again = send(&region, &header, "GET", "maas/", &query, None).await.assert(401);
    assert!(again.text.contains("Nonce already used"), "{}", again.text);
    let header = sign(token, "GET", "maas/", &query);
    let other = [("op", "get_config"), ("name", "kernel_opts")];
    let changed = send(&region, &header, "GET", "maas/", &other, None).await.assert(401);
    assert_eq!(changed.text, "Authorization Error: 'Invalid signature.'");
}

#[tokio::test]
async fn a_form_is_covered_and_then_read() {
    let region = Region::start().await;
    let token = region.token(By::Admin).unwrap();
    let form = [("name", "cellar"), ("description", "below, & \"cold\" +1°")];
    let header = sign(token, "POST", "zones/", &form);
    let made = send(&region, &header, "POST", "zones/", &[], Some(&form)).await.assert(200);
    assert_eq!(made.json()["description"], form[1].1);
    let header = sign(token, "POST", "zones/", &form);
    let changed = [("name", "attic"), form[1]];
    send(&region, &header, "POST", "zones/", &[], Some(&changed)).await.assert(401);

    let op = [("op", "set_config")];
    let form = [("name", "maas_name"), ("value", "plant")];
    let all = [op[0], form[0], form[1]];
    let header = sign(token, "POST", "maas/", &all);
    send(&region, &header, "POST", "maas/", &op, Some(&form)).await.assert(200);
    let header = sign(token, "PUT", "zones/cellar/", &[("description", "d")]);
    let form = [("description", "d")];
    send(&region, &header, "PUT", "zones/cellar/", &[], Some(&form)).await.assert(200);
    let header = sign(token, "DELETE", "zones/cellar/", &[]);
    send(&region, &header, "DELETE", "zones/cellar/", &[], None).await.assert(204);
}

#[tokio::test]
async fn what_a_user_may_is_asked_of_the_signer() {
    let region = Region::start().await;
    let form = [("name", "cellar")];
    let header = sign(region.token(By::User).unwrap(), "POST", "zones/", &form);
    send(&region, &header, "POST", "zones/", &[], Some(&form)).await.assert(403);
    let wrong =
        ApiToken { secret: "0".repeat(32).into(), ..region.token(By::User).unwrap().clone() };
    let header = sign(&wrong, "POST", "zones/", &form);
    send(&region, &header, "POST", "zones/", &[], Some(&form)).await.assert(401);
}
