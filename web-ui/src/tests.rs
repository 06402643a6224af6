//! Through the router: what is answered at which path, with which headers.

use axum::body::Body;
use axum::response::Response;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::pages::File;

/// Pages of three files, one of them compressed, too.
#[derive(Debug)]
struct Few;

impl Pages for Few {
    fn find(&self, path: &str) -> Option<File> {
        let (text, hash) = match path {
            "index.html" => ("<title>app</title>", "i"),
            "theme.js" => ("theme()", "t"),
            "assets/app-1a2b.js" => ("app()", "a"),
            "assets/app-1a2b.js.gz" => ("(gzip) app()", "z"),
            _ => return None,
        };
        Some(File { bytes: text.as_bytes().into(), hash: hash.to_owned() })
    }
}

/// Nothing was built.
#[derive(Debug)]
struct Unbuilt;

impl Pages for Unbuilt {
    fn find(&self, _: &str) -> Option<File> {
        None
    }
}

async fn asked(
    pages: &'static dyn Pages,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    doors(pages).layer(from_fn(guarded)).oneshot(request).await.unwrap()
}

/// A header of an answer; empty when there is none.
fn text(response: &Response, name: impl header::AsHeaderName) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn body(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a browser gets at a path: status, how long it is kept, and what is in it.
async fn check(path: &str, headers: &[(&str, &str)], expected: (u16, &str, &str)) {
    let response = asked(&Few, Method::GET, path, headers).await;
    let (status, kept) = (response.status().as_u16(), text(&response, header::CACHE_CONTROL));
    let found = body(response).await;
    assert_eq!((status, &*kept, &*found), expected, "{path} {headers:?}");
}

#[tokio::test]
async fn what_is_no_file_is_the_application() {
    let app = (200, "no-cache", "<title>app</title>");
    check("/MAAS/r/", &[], app).await;
    check("/MAAS/r/machines/web.example.com", &[], app).await;
    check("/MAAS/r/assets/../index.html.gz", &[], (404, "", "There is no such file.\n")).await;
}

#[tokio::test]
async fn files_with_a_hash_are_kept_for_good_and_others_asked_for_anew() {
    check("/MAAS/r/assets/app-1a2b.js", &[], (200, pages::FOR_GOOD, "app()")).await;
    check("/MAAS/r/theme.js", &[], (200, "no-cache", "theme()")).await;
    check("/MAAS/r/assets/app-0000.js", &[], (404, "", "There is no such file.\n")).await;
}

#[tokio::test]
async fn compressed_forms_are_for_who_takes_them() {
    let path = "/MAAS/r/assets/app-1a2b.js";
    check(path, &[("accept-encoding", "br, gzip")], (200, pages::FOR_GOOD, "(gzip) app()")).await;
    check(path, &[("accept-encoding", "gzip;q=0")], (200, pages::FOR_GOOD, "app()")).await;
    let packed = asked(&Few, Method::GET, path, &[("accept-encoding", "gzip")]).await;
    assert_eq!(text(&packed, header::CONTENT_ENCODING), "gzip");
    assert_eq!(text(&packed, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert_eq!(text(&packed, header::ETAG), "\"a-gz\"");
    check("/MAAS/r/assets/app-1a2b.js.gz", &[], (404, "", "There is no such file.\n")).await;
}

#[tokio::test]
async fn a_file_that_a_browser_has_is_not_sent_again() {
    let known = [("if-none-match", "\"other\", \"t\"")];
    check("/MAAS/r/theme.js", &known, (304, "no-cache", "")).await;
    check("/MAAS/r/theme.js", &[("if-none-match", "\"t-gz\"")], (200, "no-cache", "theme()")).await;
}

#[tokio::test]
async fn only_reading_is_answered() {
    let head = asked(&Few, Method::HEAD, "/MAAS/r/machines", &[]).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(text(&head, header::CONTENT_LENGTH), "18");
    assert_eq!(body(head).await, "");
    let post = asked(&Few, Method::POST, "/MAAS/r/machines", &[]).await;
    assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn everything_leads_to_the_pages() {
    for path in ["/", "/MAAS", "/MAAS/", "/MAAS/r"] {
        let response = asked(&Few, Method::GET, path, &[]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(text(&response, header::LOCATION), ROOT, "{path}");
    }
}

#[tokio::test]
async fn browsers_are_told_what_a_page_may_do() {
    for path in ["/MAAS/r/", "/MAAS/r/assets/app-1a2b.js", "/MAAS/r/assets/none.js"] {
        let response = asked(&Few, Method::GET, path, &[]).await;
        let policy = text(&response, header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'self'; frame-ancestors 'none'"), "{policy}");
        assert_eq!(text(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(text(&response, header::REFERRER_POLICY), "same-origin");
        assert_eq!(text(&response, header::STRICT_TRANSPORT_SECURITY), "");
    }
    let encrypted = asked(&Few, Method::GET, "/MAAS/r/", &[("x-forwarded-proto", "https")]).await;
    assert_eq!(text(&encrypted, header::STRICT_TRANSPORT_SECURITY), "max-age=31536000");
}

#[tokio::test]
async fn without_built_pages_a_page_says_how_to_build_them() {
    let response = asked(&Unbuilt, Method::GET, "/MAAS/r/machines", &[]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(body(response).await.contains("make ui"));
}
