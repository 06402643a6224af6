//! The limits in front of routes: what waits, what does not, and until when a request counts.

use axum::routing::get;
use http::StatusCode;
use raft_store::Store;
use tower::ServiceExt;

use super::*;

const ONE: Limits = Limits { running_max: 1, running_per_client_max: 1, waiting_max: 1 };

fn routes() -> Router {
    let tables = Tables::new(Store::in_memory());
    let admission = Admission::with(tables, [ONE; 4], Duration::from_millis(20));
    let routes = Router::new()
        .route("/MAAS/api/2.0/machines/", get(async || "machines"))
        .route("/api/v1/machines", get(async || "machines"))
        .route("/MAAS/metadata/agent/hello", get(async || "welcome"))
        .route("/MAAS/images/{sha256}", get(async || "content"));
    admission.guard(routes)
}

async fn ask(routes: &Router, path: &str) -> Response {
    let request = Request::get(path).body(Body::empty()).unwrap();
    routes.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_request_counts_until_its_answer_is_sent() {
    let routes = routes();
    let first = ask(&routes, "/MAAS/api/2.0/machines/").await;
    assert_eq!(first.body().size_hint().exact(), Some(8));
    let second = ask(&routes, "/MAAS/api/2.0/machines/").await;
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(second.headers().contains_key("retry-after"));
    let text = axum::body::to_bytes(first.into_body(), 100).await.unwrap();
    assert_eq!(text, "machines");
    assert_eq!(ask(&routes, "/MAAS/api/2.0/machines/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn who_is_turned_away_is_told_in_the_way_of_the_api_that_was_asked() {
    let routes = routes();
    let _held = ask(&routes, "/api/v1/machines").await;
    for (path, media_type) in [
        ("/api/v1/machines", "application/problem+json"),
        ("/MAAS/api/2.0/machines/", "text/plain; charset=utf-8"),
    ] {
        let refused = ask(&routes, path).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(refused.headers()["content-type"], media_type, "{path}");
        assert!(refused.headers().contains_key("retry-after"), "{path}");
        let text = axum::body::to_bytes(refused.into_body(), 4096).await.unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        assert!(text.contains("This region is busy with api requests"), "{text}");
        let problem = serde_json::from_str::<serde_json::Value>(text).ok();
        let kind = problem.as_ref().map(|problem| problem["type"].as_str().unwrap());
        let expected = path.starts_with("/api/v1/").then_some("/api/v1/docs#unavailable");
        assert_eq!(kind, expected, "{text}");
    }
}

#[tokio::test]
async fn no_load_of_the_api_keeps_a_machine_out() {
    let routes = routes();
    let _held = ask(&routes, "/MAAS/api/2.0/machines/").await;
    let busy = ask(&routes, "/MAAS/api/2.0/machines/").await;
    assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE);
    for path in ["/MAAS/metadata/agent/hello", "/MAAS/images/x"] {
        assert_eq!(ask(&routes, path).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn metrics_tell_what_runs_waits_and_was_turned_away() {
    let tables = Tables::new(Store::in_memory());
    let admission = Admission::with(tables, [ONE; 4], Duration::from_millis(20));
    let mut registry = Registry::with_prefix("ironraft");
    admission.register(&mut registry);
    let routes = admission.guard(Router::new().route("/MAAS/api/2.0/x/", get(async || "x")));
    let _held = ask(&routes, "/MAAS/api/2.0/x/").await;
    ask(&routes, "/MAAS/api/2.0/x/").await;
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "ironraft_http_running_requests{share=\"api\"} 1",
        "ironraft_http_waiting_requests{share=\"machines\"} 0",
        "ironraft_http_rejected_requests_total{share=\"api\",reason=\"patience\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}
