//! Logins at a provider: who is let in, who is not and is told why, and where browsers are sent.

mod provider;
mod refusals;

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use oidc::providers::Providers;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::harness::{Answer, By, Region};
use crate::oidc::provider::{Grant, Provider, new_key};

const PROVIDERS: &str = "oidc-providers/";
const LOGIN: &str = "/MAAS/accounts/oidc/login/";
const CALLBACK: &str = "/MAAS/r/login/oidc/callback";
const REDIRECT: &str = "http://127.0.0.1:5240/MAAS/r/login/oidc/callback";
const AUDIT: &str = "events/?op=query&level=AUDIT";

/// A region and the provider that its users log in at.
struct Site {
    region: Region,
    provider: Provider,
}

/// A login that was begun.
struct Begun {
    cookie: String,
    state: String,
    nonce: String,
    challenge: String,
}

impl Site {
    async fn start(more: &[(&str, &str)]) -> Self {
        Self::start_with(Region::start().await, more).await
    }

    async fn start_with(region: Region, more: &[(&str, &str)]) -> Self {
        let provider = Provider::start().await;
        let mut form = vec![
            ("name", "corp"),
            ("issuer_url", provider.url.as_str()),
            ("client_id", "maas"),
            ("client_secret", "hush hush"),
            ("redirect_uri", REDIRECT),
            ("scopes", "profile  email"),
            ("enabled", "true"),
            ("admin_groups", "admins"),
        ];
        form.extend(more);
        region.post(By::Admin, PROVIDERS, &form).await.assert(201);
        Self { region, provider }
    }

    async fn ask(&self, path: &str, cookie: &str, from: [u8; 4]) -> Answer {
        let request = Request::get(path).header("cookie", format!("a=b; {cookie}"));
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 1))));
        self.region.send(request).await
    }

    async fn begin(&self, query: &str) -> Begun {
        let answer = self.ask(&format!("{LOGIN}{query}"), "", [10, 0, 0, 1]).await.assert(302);
        let location = answer.headers["location"].to_str().unwrap().to_owned();
        assert!(location.starts_with(&format!("{}/authorize?", self.provider.url)), "{location}");
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("; Max-Age=600; Path=/MAAS/; SameSite=Lax; HttpOnly"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let value = |name: &str| {
            let mut pairs = location.split(['?', '&']).filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(key, _)| *key == name).unwrap();
            percent_decode_str(value).decode_utf8().unwrap().into_owned()
        };
        assert_eq!(value("scope"), "openid+profile+email");
        assert_eq!(
            (value("code_challenge_method"), value("redirect_uri")),
            ("S256".into(), REDIRECT.into())
        );
        Begun {
            cookie,
            state: value("state"),
            nonce: value("nonce"),
            challenge: value("code_challenge"),
        }
    }

    /// What a good provider says of somebody, with other claims.
    fn grant(&self, begun: &Begun, claims: &Value) -> Grant {
        let now = tables::update::now().unix_ms / 1_000;
        let mut all = json!({
            "iss": self.provider.url, "aud": "maas", "sub": "4711", "nonce": begun.nonce,
            "iat": now, "exp": now + 300, "preferred_username": "anna", "email": "anna@x.y",
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        Grant {
            challenge: begun.challenge.clone(),
            header: json!({ "alg": "EdDSA", "kid": "one" }),
            claims: all,
            is_forged: false,
            userinfo: json!({ "sub": "4711" }),
        }
    }

    async fn come_back(&self, begun: &Begun, code: &str) -> Answer {
        let code = code.replace(' ', "+");
        let path = format!("{CALLBACK}?code={code}&state={}", begun.state);
        self.ask(&path, &begun.cookie, [10, 0, 0, 1]).await
    }

    async fn finish(&self, begun: &Begun, grant: Grant) -> Answer {
        let code = self.provider.grant(grant);
        self.come_back(begun, &code).await
    }

    async fn log_in(&self, claims: Value) -> Answer {
        let begun = self.begin("").await;
        self.finish(&begun, self.grant(&begun, &claims)).await
    }

    async fn whoami(&self, answer: &Answer) -> Value {
        let session = cookie_of(answer, "sessionid");
        let path = "/MAAS/api/2.0/users/?op=whoami";
        let cookie = format!("sessionid={session}");
        self.ask(path, &cookie, [10, 0, 0, 1]).await.assert(200).json()
    }

    async fn told(&self) -> Vec<String> {
        let found = self.region.get(By::Admin, AUDIT).await.assert(200).json();
        let events = found["events"].as_array().unwrap().iter();
        events.map(|event| event["description"].as_str().unwrap().to_owned()).collect()
    }
}

fn cookie_of(answer: &Answer, name: &str) -> String {
    let mut set = answer.headers.get_all("set-cookie").iter();
    let found = set.find_map(|value| value.to_str().unwrap().strip_prefix(name)?.strip_prefix('='));
    found.unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn who_came_by_a_provider_is_not_local() {
    let site = Site::start(&[]).await;
    let claims = json!({ "preferred_username": "anna", "groups": ["admins"] });
    let came = site.log_in(claims).await;
    assert_eq!(site.whoami(&came).await["is_local"], false);
    assert_eq!(site.region.get(By::User, "users/anna/").await.json()["is_local"], false);
    let all = site.region.get(By::Admin, "users/").await.assert(200).json();
    let local: Vec<(&str, bool)> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|user| (user["username"].as_str().unwrap(), user["is_local"].as_bool().unwrap()))
        .collect();
    assert_eq!(local, [("admin", true), ("anna", false), ("user", true)]);
}

#[tokio::test]
async fn a_provider_is_asked_when_it_is_made_and_shown_to_administrators() {
    let site =
        Site::start(&[("session_length", "3600"), ("user_groups", "staff,night shift")]).await;
    let expected = json!([{
        "id": 1, "name": "corp", "issuer_url": site.provider.url, "client_id": "maas",
        "client_secret": "***", "enabled": true, "token_type": "JWT",
        "redirect_uri": REDIRECT, "scopes": "profile email", "groups_claim": "groups",
        "admin_groups": ["admins"], "user_groups": ["staff", "night shift"], "username_claim": "",
        "session_length": 3600, "allow_http": false,
    }]);
    assert_eq!(site.region.get(By::Admin, PROVIDERS).await.assert(200).json(), expected);
    let active = site.region.get(By::Admin, "oidc-providers/?op=get_active").await.assert(200);
    assert_eq!(active.json(), expected[0]);
    for path in [PROVIDERS, "oidc-providers/1/", "oidc-providers/?op=get_active"] {
        site.region.get(By::User, path).await.assert(403);
        site.region.get(By::Nobody, path).await.assert(401);
    }
    assert!(!site.told().await.iter().any(|told| told.contains("hush")));
    let standing = site.region.get(By::Nobody, "/MAAS/accounts/login/").await.assert(200).json();
    assert_eq!(standing["oidc"], json!({ "name": "corp", "login_url": LOGIN }));

    site.region.delete(By::Admin, "oidc-providers/1/").await.assert(409);
    // The provider is gone; that it is not used any more can be said all the same.
    let Site { region, provider } = site;
    drop(provider);
    region
        .put(By::Admin, "oidc-providers/1/", &[("name", "old"), ("enabled", "false")])
        .await
        .assert(200);
    let on = region.put(By::Admin, "oidc-providers/1/", &[("enabled", "true")]).await.assert(502);
    assert!(
        on.text.starts_with("Failed to update OIDC provider: 127.0.0.1 does not answer"),
        "{}",
        on.text
    );
    region.get(By::Admin, "oidc-providers/?op=get_active").await.assert(404);
    region.get(By::Nobody, LOGIN).await.assert(404);
    region.delete(By::Admin, "oidc-providers/1/").await.assert(204);
    let gone = region.get(By::Admin, "oidc-providers/1/").await.assert(404);
    assert_eq!(gone.text, "No OIDC provider found with ID: 1");
    region.get(By::Admin, "oidc-providers/x/").await.assert(404);
}

#[tokio::test]
async fn what_cannot_be_a_provider_is_refused_by_field() {
    let (region, provider) = (Region::start().await, Provider::start().await);
    let form = |issuer, redirect, kind| {
        [
            ("name", "corp"),
            ("issuer_url", issuer),
            ("client_id", "maas"),
            ("client_secret", ""),
            ("redirect_uri", redirect),
            ("token_type", kind),
        ]
    };
    let refused = region.post(By::Admin, PROVIDERS, &form("x", REDIRECT, "JWT")).await;
    refused.assert_field("issuer_url", "Issuer URL must be a valid HTTP or HTTPS address.");
    let open = region.post(By::Admin, PROVIDERS, &form("http://192.0.2.1", REDIRECT, "JWT")).await;
    assert!(open.assert(400).text.contains("allow_http"));
    let kind =
        region.post(By::Admin, PROVIDERS, &form(&provider.url, REDIRECT, "x")).await.assert(400);
    assert_eq!(kind.text, "Invalid token type: x. Must be 'JWT' or 'Opaque'.");
    let missing = region.post(By::Admin, PROVIDERS, &[("name", "corp")]).await.assert(400).json();
    assert_eq!(missing.as_object().unwrap().len(), 4, "{missing}");
    provider.shared.lock().unwrap().document["issuer"] = "https://other.example".into();
    let other =
        region.post(By::Admin, PROVIDERS, &form(&provider.url, REDIRECT, "JWT")).await.assert(502);
    assert!(other.text.contains("of another issuer"), "{}", other.text);
    region.post(By::User, PROVIDERS, &form(&provider.url, REDIRECT, "JWT")).await.assert(403);
}

#[tokio::test]
async fn who_comes_back_is_logged_in_with_the_rights_of_its_groups() {
    let site = Site::start(&[("session_length", "3600")]).await;
    let begun = site.begin("?next=/MAAS/r/machines").await;
    let claims = json!({ "groups": ["admins"] });
    let answer = site.finish(&begun, site.grant(&begun, &claims)).await.assert(302);
    assert_eq!(answer.headers["location"], "/MAAS/r/machines");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(cookie_of(&answer, "oidclogin"), "");
    assert!(!cookie_of(&answer, "csrftoken").is_empty());
    let session = answer.headers.get_all("set-cookie").iter().next().unwrap();
    assert!(session.to_str().unwrap().contains("; Max-Age=3600; "), "{session:?}");
    let anna = site.whoami(&answer).await;
    assert_eq!((&anna["username"], &anna["is_superuser"]), (&json!("anna"), &json!(true)));

    // The same person, who has another name and other groups now; from the second path.
    let begun = site.begin("").await;
    let claims = json!({ "preferred_username": "ann", "groups": [] });
    let code = site.provider.grant(site.grant(&begun, &claims)).replace(' ', "%20");
    let path = format!("/MAAS/accounts/oidc/callback/?code={code}&state={}", begun.state);
    let answer = site.ask(&path, &begun.cookie, [10, 0, 0, 7]).await.assert(302);
    assert_eq!(answer.headers["location"], "/MAAS/");
    let again = site.whoami(&answer).await;
    assert_eq!((&again["id"], &again["username"]), (&anna["id"], &anna["username"]));
    assert_eq!(again["is_superuser"], false);
    let told = site.told().await;
    assert_eq!(
        told.iter().filter(|told| *told == "Logged in by the OIDC provider.").count(),
        2,
        "{told:?}"
    );
    assert_eq!(site.provider.asked("document"), 1, "what is published is read once");

    // Nobody logs in as that user by a password that it has not.
    let form = [("username", "anna"), ("password", "")];
    site.region.post(By::Nobody, "/MAAS/accounts/login/", &form).await.assert(400);
}

#[tokio::test]
async fn what_the_token_has_not_is_asked_for_where_access_tokens_are_opaque() {
    let site = Site::start(&[("token_type", "Opaque")]).await;
    let begun = site.begin("").await;
    let userinfo = json!({ "sub": "4711", "groups": ["admins"], "preferred_username": "other" });
    let grant = Grant { userinfo, ..site.grant(&begun, &json!({})) };
    let answer = site.finish(&begun, grant).await.assert(302);
    let anna = site.whoami(&answer).await;
    assert_eq!((&anna["username"], &anna["is_superuser"]), (&json!("anna"), &json!(true)));
    let begun = site.begin("").await;
    let grant = Grant { userinfo: json!({ "sub": "x" }), ..site.grant(&begun, &json!({})) };
    let other = site.finish(&begun, grant).await.assert(403);
    assert!(other.text.contains("tells of somebody else"), "{}", other.text);
}

#[tokio::test]
async fn a_browser_is_sent_to_paths_of_this_site_only() {
    let site = Site::start(&[]).await;
    for next in ["https://evil.example/", "//evil.example", "/MAAS/../x", "/MAAS//evil.example"] {
        let refused = site.ask(&format!("{LOGIN}?next={next}"), "", [10, 0, 0, 1]).await;
        refused.assert_field("next", "It is no path of this site.");
    }
}

#[tokio::test]
async fn a_local_account_is_not_taken_over_and_goes_on() {
    let site = Site::start(&[]).await;
    let taken = site.log_in(json!({ "preferred_username": "admin", "groups": ["admins"] })).await;
    assert!(taken.assert(403).text.contains("there is another user admin here already"));
    let told = site.told().await;
    assert!(
        told.iter().any(|told| told
            .contains("The login of admin at OIDC provider corp from 10.0.0.1 was refused")),
        "{told:?}"
    );
    site.region.get(By::Admin, "users/").await.assert(200);
}

/// A login after the provider has another key, where nobody asks again before that long; and how often keys were read.
async fn with_another_key(pause: Duration) -> (Answer, usize) {
    let region = Region::start_with(Providers::pausing(pause)).await;
    let site = Site::start_with(region, &[]).await;
    site.log_in(json!({})).await.assert(302);
    {
        let mut shared = site.provider.shared.lock().unwrap();
        (shared.key, shared.key_id) = (new_key(), "two".to_owned());
    }
    let begun = site.begin("").await;
    let header = json!({ "alg": "EdDSA", "kid": "two" });
    let grant = Grant { header, ..site.grant(&begun, &json!({})) };
    (site.finish(&begun, grant).await, site.provider.asked("jwks"))
}

#[tokio::test]
async fn a_key_that_is_new_is_looked_for_and_not_again_and_again() {
    let (answer, read) = with_another_key(Duration::ZERO).await;
    assert_eq!((answer.assert(302).status, read), (302, 2));
    let (answer, read) = with_another_key(Duration::from_secs(3_600)).await;
    let answer = answer.assert(403);
    assert!(answer.text.contains("does not publish"), "{}", answer.text);
    assert_eq!(read, 1);
}

#[tokio::test]
async fn who_looks_after_users_makes_no_provider_that_makes_superusers() {
    let (region, provider) = (Region::start().await, Provider::start().await);
    let grant =
        [("resource_type", "maas"), ("resource_id", "0"), ("entitlement", "can_edit_identities")];
    region.post(By::Admin, "groups/2/?op=add_entitlement", &grant).await.assert(200);
    let form = [
        ("name", "mine"),
        ("issuer_url", provider.url.as_str()),
        ("client_id", "maas"),
        ("client_secret", "hush hush"),
        ("redirect_uri", REDIRECT),
        ("admin_groups", "me"),
        ("enabled", "true"),
    ];
    region.post(By::User, PROVIDERS, &form).await.assert(403);
    region.post(By::Admin, PROVIDERS, &form).await.assert(201);
    region.put(By::User, "oidc-providers/1/", &[("admin_groups", "staff")]).await.assert(403);
    region.delete(By::User, "oidc-providers/1/").await.assert(403);
    for path in [PROVIDERS, "oidc-providers/1/"] {
        let refused = region.get(By::User, path).await.assert(403);
        assert!(!refused.text.contains("hush"), "{}", refused.text);
    }
}
