//! The metadata door reads nothing of a report without a token, and little of a hello.

use axum::body::Body;
use axum::http::Request;
use region::metadata::{self, MetadataParts};

use crate::machines::site::{self, SimulatedMachine, Site};

/// What is answered to a body of that size, which must not be read when it is `forbidden`.
async fn answer(site: &Site, path: &str, token: &str, bytes: usize, forbidden: bool) -> u16 {
    let nonces = std::sync::Arc::default();
    let router = metadata::router(MetadataParts { tables: site.tables.clone(), nonces });
    let pieces = (0..bytes / 1024).map(move |_| {
        assert!(!forbidden, "the body was read");
        Ok::<_, std::io::Error>(vec![b' '; 1024])
    });
    let request = Request::post(format!("/MAAS/metadata/agent/{path}"))
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from_stream(futures::stream::iter(pieces)))
        .expect("a request");
    site::answer(&router, request).await.0
}

#[tokio::test]
async fn a_report_is_read_with_a_token_only() {
    let site = Site::new().await;
    let welcome = SimulatedMachine::new("52:54:00:00:00:01").hello(&site).await;
    let token = welcome.token.expose();
    assert!(token.starts_with(&format!("{}.", welcome.system_id)), "{token}");
    let wrong = format!("{token}x");
    for token in ["", wrong.as_str(), "nobody.x"] {
        assert_eq!(answer(&site, "report", token, 1 << 20, true).await, 401, "{token}");
    }
    // It is a machine's, so all of it is read; then it turns out to be no report.
    assert_eq!(answer(&site, "report", token, 8 << 20, false).await, 400);
    assert_eq!(answer(&site, "report", token, 33 << 20, false).await, 413);
    // A token of the version before is checked with its report, which has another limit.
    assert_eq!(answer(&site, "report", "x", 5 << 20, false).await, 413);
}

#[tokio::test]
async fn a_hello_is_small() {
    let site = Site::new().await;
    assert_eq!(answer(&site, "hello", "", 65 << 10, false).await, 413);
}
