//! Bodies: not read before it is known who sends them, and no further than their limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use bytes::Bytes;
use http::Request;

use crate::harness::{By, Region};

/// A body of 64 MiB that counts what is read of it.
fn large() -> (Body, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let pieces = (0..1024).map(move |_| {
        counted.fetch_add(64 << 10, Ordering::SeqCst);
        Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 64 << 10]))
    });
    (Body::from_stream(futures::stream::iter(pieces)), read)
}

#[track_caller]
fn check(status: u16, answer: &crate::harness::Answer, read: &AtomicUsize, bytes_max: usize) {
    let read = read.load(Ordering::SeqCst);
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(read <= bytes_max, "{read} bytes were read");
}

fn request(method: &str, path: &str, kind: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(format!("/MAAS/api/2.0/{path}"))
        .header("content-type", kind)
}

const FORM: &str = "application/x-www-form-urlencoded";
const PART: &str = "application/octet-stream";

#[tokio::test]
async fn nothing_is_read_of_a_body_whose_sender_has_no_key_or_a_wrong_one() {
    let region = Region::start().await;
    let upload = format!("contents/{}/upload/1/100000000/", "ab".repeat(32));
    let (body, read) = large();
    let answer = region.send(request("PUT", &upload, PART).body(body).unwrap()).await;
    check(401, &answer, &read, 0);

    let wrong = region.authorization(By::Admin).unwrap().replace("%26", "%26x");
    for (method, path, kind) in [("PUT", upload.as_str(), PART), ("POST", "zones/", FORM)] {
        let (body, read) = large();
        let signed = request(method, path, kind).header("authorization", &wrong);
        check(401, &region.send(signed.body(body).unwrap()).await, &read, 0);
    }
    // A user who may not upload is told so at once.
    let (body, read) = large();
    let by_user = region.authorization(By::User).unwrap();
    let signed = request("PUT", &upload, PART).header("authorization", by_user);
    check(403, &region.send(signed.body(body).unwrap()).await, &read, 0);
}

#[tokio::test]
async fn forms_have_a_limit_that_is_named() {
    let region = Region::start().await;
    let (body, read) = large();
    let answer = region.send(request("POST", "zones/", FORM).body(body).unwrap()).await;
    check(413, &answer, &read, 192 << 10);
    assert!(answer.text.contains("65536 bytes without a key"), "{}", answer.text);

    let (body, read) = large();
    let signed = region.authorization(By::Admin).unwrap();
    let signed = request("POST", "zones/", FORM).header("authorization", signed);
    let answer = region.send(signed.body(body).unwrap()).await;
    check(413, &answer, &read, 5 << 20);
    assert!(answer.text.contains("4194304 bytes"), "{}", answer.text);

    let (body, read) = large();
    let request = Request::post("/MAAS/accounts/authenticate/").header("content-type", FORM);
    check(413, &region.send(request.body(body).unwrap()).await, &read, 192 << 10);
}

#[tokio::test]
async fn a_key_in_a_small_form_works_as_in_maas() {
    let region = Region::start().await;
    let fields = region.authorization(By::User).unwrap();
    let fields = fields.trim_start_matches("OAuth ").replace('"', "").replace(", ", "&");
    let form = format!("op=create_authorisation_token&{fields}");
    let signed = request("POST", "account/", FORM).body(Body::from(form)).unwrap();
    region.send(signed).await.assert(200);
}
