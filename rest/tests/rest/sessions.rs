//! Logins with a cookie.

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;

use crate::harness::{Answer, By, Region};
use crate::logins::lengthen;

const LOGIN: &str = "/MAAS/accounts/login/";
const LOGOUT: &str = "/MAAS/accounts/logout/";
const API: &str = "/MAAS/api/2.0/";

/// The two cookies of a login.
struct Cookies {
    session: String,
    csrf: String,
}

async fn with_anna() -> Region {
    let region = Region::start().await;
    for (name, is_superuser) in [("anna", "1"), ("ben", "0")] {
        let form = [
            ("username", name),
            ("email", "a@b.c"),
            ("password", "correct horse"),
            ("is_superuser", is_superuser),
        ];
        region.post(By::Admin, "users/", &form).await.assert(200);
    }
    region
}

async fn log_in(region: &Region, name: &str) -> Cookies {
    let form = [("username", name), ("password", "correct horse")];
    let answer = region.post(By::Nobody, LOGIN, &form).await.assert(204);
    let set: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let value = |name: &str| {
        let cookie = set.iter().find_map(|cookie| cookie.strip_prefix(name)).unwrap();
        cookie.split(';').next().unwrap().to_owned()
    };
    assert!(set[0].contains("; HttpOnly") && !set[1].contains("HttpOnly"), "{set:?}");
    for cookie in &set {
        assert!(cookie.contains("; Max-Age=1209600; Path=/; SameSite=Lax"), "{cookie}");
        assert!(!cookie.contains("Secure"), "{cookie}");
    }
    Cookies { session: value("sessionid="), csrf: value("csrftoken=") }
}

async fn ask(
    region: &Region,
    method: Method,
    path: &str,
    session: &str,
    csrf: Option<&str>,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", format!("theme=dark; sessionid={session}; csrftoken=x"))
        .header("content-type", "application/x-www-form-urlencoded");
    if let Some(csrf) = csrf {
        request = request.header("x-csrftoken", csrf);
    }
    region.send(request.body(Body::from("name=made")).unwrap()).await
}

async fn whoami(region: &Region, session: &str) -> Answer {
    ask(region, Method::GET, &format!("{API}users/?op=whoami"), session, None).await
}

#[tokio::test]
async fn who_logs_in_is_served_as_that_user() {
    let region = with_anna().await;
    let cookies = log_in(&region, "anna").await;
    let who = whoami(&region, &cookies.session).await.assert(200);
    assert_eq!(who.json()["username"], "anna");
    assert_eq!(who.headers["vary"], "Authorization, Cookie");
    let standing = ask(&region, Method::GET, LOGIN, &cookies.session, None).await.assert(200);
    let expected = json!({
        "authenticated": true, "external_auth_url": null, "no_users": false, "oidc": null,
    });
    assert_eq!(standing.json(), expected);
    let nobody = region.get(By::Nobody, LOGIN).await.assert(200).json();
    assert_eq!(nobody["authenticated"], false);
    whoami(&region, "nothing").await.assert(401);
}

#[tokio::test]
async fn a_request_that_changes_something_shows_a_token_that_only_our_pages_know() {
    let region = with_anna().await;
    let cookies = log_in(&region, "anna").await;
    let other = log_in(&region, "anna").await;
    let zones = format!("{API}zones/");
    for forged in [None, Some("x"), Some(other.csrf.as_str()), Some(cookies.session.as_str())] {
        let refused =
            ask(&region, Method::POST, &zones, &cookies.session, forged).await.assert(403);
        assert!(refused.text.starts_with("CSRF verification failed."), "{}", refused.text);
    }
    let made = ask(&region, Method::POST, &zones, &cookies.session, Some(&cookies.csrf)).await;
    assert_eq!(made.assert(200).json()["name"], "made");
    let told = ask(&region, Method::POST, "/MAAS/accounts/csrf/", &cookies.session, None).await;
    assert_eq!(told.assert(200).json(), json!({ "csrf": cookies.csrf }));
    ask(&region, Method::POST, "/MAAS/account/csrf/", "nothing", None).await.assert(403);
    // Who signs its requests needs no token, whatever cookies it has.
    let signed = Request::post(&zones)
        .header("authorization", region.authorization(By::Admin).unwrap())
        .header("cookie", format!("sessionid={}", cookies.session))
        .header("content-type", "application/x-www-form-urlencoded");
    region.send(signed.body(Body::from("name=signed")).unwrap()).await.assert(200);
}

#[tokio::test]
async fn a_session_gives_its_user_no_more_than_its_key_does() {
    let region = with_anna().await;
    let cookies = log_in(&region, "ben").await;
    let zones = format!("{API}zones/");
    let refused = ask(&region, Method::POST, &zones, &cookies.session, Some(&cookies.csrf)).await;
    assert_eq!(refused.assert(403).text, "This method is reserved for admin users.");
}

#[tokio::test]
async fn a_login_that_fails_says_so_by_field() {
    let region = with_anna().await;
    let missing = region.post(By::Nobody, LOGIN, &[("username", "anna")]).await;
    missing.assert_field("password", "This field is required.");
    let wrong = [("username", "anna"), ("password", "wrong")];
    let message = "Please enter a correct username and password. Note that both fields may be case-sensitive.";
    for _ in 0..6 {
        region.post(By::Nobody, LOGIN, &wrong).await.assert_field("__all__", message);
    }
    lengthen(&region).await;
    let held = region.post(By::Nobody, LOGIN, &wrong).await.assert(429);
    let said = held.json()["__all__"][0].as_str().unwrap().to_owned();
    assert!(said.starts_with("Too many failed logins for this account: try again in "), "{said}");
    assert!(held.headers.contains_key("retry-after"));
    region.send(Request::put(LOGIN).body(Body::empty()).unwrap()).await.assert(405);
}

#[tokio::test]
async fn a_form_in_json_logs_in_as_well_and_over_tls_for_tls_only() {
    let region = with_anna().await;
    let request = Request::post(LOGIN)
        .header("content-type", "application/json")
        .header("x-forwarded-proto", "https")
        .body(Body::from(r#"{"username": "anna", "password": "correct horse"}"#));
    let answer = region.send(request.unwrap()).await.assert(204);
    for cookie in answer.headers.get_all("set-cookie") {
        assert!(cookie.to_str().unwrap().contains("; Secure"), "{cookie:?}");
    }
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_session_ends_with_a_logout_a_new_password_and_its_user() {
    let region = with_anna().await;
    let [first, second] = [log_in(&region, "anna").await, log_in(&region, "anna").await];
    ask(&region, Method::POST, LOGOUT, &first.session, None).await.assert(403);
    whoami(&region, &first.session).await.assert(200);
    let out = ask(&region, Method::POST, LOGOUT, &first.session, Some(&first.csrf)).await;
    let out = out.assert(204);
    assert!(out.headers["set-cookie"].to_str().unwrap().starts_with("sessionid=; Max-Age=0"));
    whoami(&region, &first.session).await.assert(401);
    whoami(&region, &second.session).await.assert(200);
    region.post(By::Nobody, LOGOUT, &[]).await.assert(204);

    let set = "/MAAS/api/ironraft/users/anna/op-set_password/";
    region.post(By::Admin, set, &[("new_password", "a battery staple")]).await.assert(204);
    whoami(&region, &second.session).await.assert(401);

    let third = log_in(&region, "ben").await;
    region.delete(By::Admin, "users/ben/").await.assert(204);
    whoami(&region, &third.session).await.assert(401);
}

#[tokio::test]
async fn a_login_lasts_as_long_as_the_site_says() {
    let region = with_anna().await;
    let cookies = log_in(&region, "anna").await;
    let set = [("name", "session_length"), ("value", "10")];
    region.post(By::Admin, "maas/?op=set_config", &set).await.assert(200);
    whoami(&region, &cookies.session).await.assert(200);
    let form = [("username", "anna"), ("password", "correct horse")];
    let answer = region.post(By::Nobody, LOGIN, &form).await.assert(204);
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("; Max-Age=10;"));
}

#[tokio::test]
async fn a_page_of_another_site_logs_nobody_in() {
    let region = with_anna().await;
    let form = serde_urlencoded::to_string([("username", "anna"), ("password", "correct horse")]);
    let form = form.unwrap();
    for (origin, status) in [("http://evil.example", 403), ("http://maas.example:5240", 204)] {
        let request = Request::post(LOGIN)
            .header("host", "maas.example:5240")
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = region.send(request.body(Body::from(form.clone())).unwrap()).await;
        assert_eq!(answer.assert(status).headers.contains_key("set-cookie"), status == 204);
    }
}
