//! Everything that can be wrong with who comes back: refused with the provider's name and the reason, and without secrets.

use model::login::LoginRecord;
use serde_json::{Value, json};
use tables::read::Reads;

use super::{Begun, CALLBACK, Grant, LOGIN, Site, cookie_of};
use crate::harness::{Answer, By};
use crate::logins::lengthen;

#[track_caller]
fn says(answer: Answer, status: u16, words: &str) {
    let answer = answer.assert(status);
    assert!(answer.text.contains(words), "{words}: {}", answer.text);
    for secret in ["hush", "eyJ", "code 0", "access"] {
        assert!(!answer.text.contains(secret), "{}", answer.text);
    }
    assert_eq!(cookie_of(&answer, "oidclogin"), "", "a login that failed is over");
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1, "there is no session");
}

async fn refuses(site: &Site, change: impl Fn(&mut Grant, &Begun), status: u16, words: &str) {
    let begun = site.begin("").await;
    let mut grant = site.grant(&begun, &json!({ "groups": ["admins"] }));
    change(&mut grant, &begun);
    let answer = site.finish(&begun, grant).await;
    assert!(answer.text.starts_with("Login at OIDC provider corp failed: "), "{}", answer.text);
    says(answer, status, words);
}

async fn refuses_claims(site: &Site, claims: Value, words: &str) {
    let change = |grant: &mut Grant, _: &Begun| {
        for (name, value) in claims.as_object().unwrap() {
            grant.claims[name] = value.clone();
        }
    };
    refuses(site, change, 403, words).await;
}

#[tokio::test]
async fn a_token_that_somebody_else_signed_or_nobody_is_refused() {
    let site = Site::start(&[]).await;
    refuses(
        &site,
        |grant, _| grant.is_forged = true,
        403,
        "signature of the identity token is wrong",
    )
    .await;
    let alg =
        |name: &'static str| move |grant: &mut Grant, _: &Begun| grant.header["alg"] = name.into();
    refuses(&site, alg("none"), 403, "not signed (alg none)").await;
    refuses(&site, alg("HS256"), 403, "signed with HS256, which is not accepted").await;
    refuses(&site, alg("RS256"), 403, "a key that the provider does not publish").await;
    refuses(&site, |grant, _| grant.header["crit"] = json!(["b64"]), 403, "critical extensions")
        .await;
    let users = site.region.get(By::Admin, "users/").await.assert(200).json();
    assert_eq!(users.as_array().unwrap().len(), 2, "nobody was made: {users}");
}

#[tokio::test]
async fn a_token_of_for_or_of_the_time_of_others_is_refused() {
    let site = Site::start(&[]).await;
    let now = tables::update::now().unix_ms / 1_000;
    refuses_claims(&site, json!({ "iss": "https://evil.example" }), "of another issuer").await;
    refuses_claims(&site, json!({ "aud": "other" }), "for another client (claim aud)").await;
    refuses_claims(&site, json!({ "aud": ["maas", "other"] }), "for another client (claim azp)")
        .await;
    refuses_claims(&site, json!({ "exp": now - 120 }), "has expired").await;
    refuses_claims(&site, json!({ "iat": now + 3_600 }), "of the future").await;
    refuses_claims(&site, json!({ "nonce": "another" }), "of another login (nonce)").await;
    refuses_claims(&site, json!({ "sub": "" }), "no usable claim sub").await;
    refuses_claims(
        &site,
        json!({ "preferred_username": "a b" }),
        "the user's name a b cannot be one here",
    )
    .await;
}

#[tokio::test]
async fn a_code_that_the_provider_does_not_know_or_of_another_challenge_is_refused() {
    let site = Site::start(&[]).await;
    let begun = site.begin("").await;
    says(site.come_back(&begun, "unknown").await, 502, "refuses the code: invalid_grant");
    let change = |grant: &mut Grant, _: &Begun| grant.challenge = "another".to_owned();
    refuses(&site, change, 502, "refuses the code: invalid_grant").await;
    site.region
        .put(By::Admin, "oidc-providers/1/", &[("client_secret", "wrong")])
        .await
        .assert(200);
    refuses(&site, |_, _| {}, 502, "refuses the code: invalid_client").await;
}

#[tokio::test]
async fn a_login_comes_back_once_to_the_browser_that_began_it() {
    let site = Site::start(&[]).await;
    let (begun, other) = (site.begin("").await, site.begin("").await);
    let code = site.provider.grant(site.grant(&begun, &json!({})));
    let swapped = Begun { cookie: other.cookie.clone(), ..site.begin("").await };
    says(site.come_back(&swapped, &code).await, 400, "of another login (state)");
    for cookie in ["", "oidclogin=x"] {
        let path = format!("{CALLBACK}?code=x&state={}", begun.state);
        says(
            site.ask(&path, cookie, [10, 0, 0, 1]).await,
            400,
            "no login of this browser is under way",
        );
    }
    site.come_back(&begun, &code).await.assert(302);
    says(site.come_back(&begun, &code).await, 400, "has come back before (state)");

    let path = |rest: &str, begun: &Begun| format!("{CALLBACK}?state={}{rest}", begun.state);
    let denied =
        site.ask(&path("&error=access_denied%3Cx%3E", &other), &other.cookie, [10, 0, 0, 1]).await;
    assert!(denied.text.contains("the provider says access_deniedx."), "{}", denied.text);
    let third = site.begin("").await;
    let mixed = path("&code=x&iss=https://evil.example", &third);
    says(site.ask(&mixed, &third.cookie, [10, 0, 0, 1]).await, 400, "another issuer (iss)");
    let fourth = site.begin("").await;
    says(site.ask(&path("", &fourth), &fourth.cookie, [10, 0, 0, 1]).await, 400, "no code");
    site.region.put(By::Admin, "oidc-providers/1/", &[("enabled", "false")]).await.assert(200);
    let fifth = path("&code=x", &swapped);
    says(site.ask(&fifth, &swapped.cookie, [10, 0, 0, 1]).await, 400, "of another login (state)");
}

#[tokio::test]
async fn who_is_in_no_group_that_may_log_in_is_refused() {
    let site = Site::start(&[("user_groups", "staff")]).await;
    site.log_in(json!({ "groups": ["staff"] })).await.assert(302);
    let refused = site.log_in(json!({ "groups": ["guests"] })).await;
    says(
        refused,
        403,
        "Login at OIDC provider corp failed: the user is in none of the groups that may log in.",
    );
}

#[tokio::test]
async fn an_address_that_fails_again_and_again_waits_and_others_do_not() {
    let site = Site::start(&[]).await;
    for _ in 0..21 {
        let path = format!("{CALLBACK}?code=x&state=x");
        site.ask(&path, "", [10, 0, 0, 9]).await.assert(400);
    }
    lengthen(&site.region).await;
    for path in [LOGIN, CALLBACK] {
        let held = site.ask(path, "", [10, 0, 0, 9]).await.assert(429);
        assert!(held.text.starts_with("Too many failed logins from this address"), "{}", held.text);
    }
    site.log_in(json!({})).await.assert(302);
    let rows = site.region.tables.view().await.unwrap().list::<LoginRecord>().unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
}

#[tokio::test]
async fn a_provider_that_is_away_is_named_and_local_accounts_go_on() {
    let Site { region, provider } = Site::start(&[]).await;
    let url = provider.url.clone();
    drop(provider);
    // Another address, of which nothing is known yet.
    let away = [("issuer_url", url.as_str())];
    region.put(By::Admin, "oidc-providers/1/", &away).await.assert(200);
    let answer = region.get(By::Nobody, LOGIN).await;
    assert_eq!(answer.status, 302, "what it published is known: {}", answer.text);
    region.get(By::Admin, "users/").await.assert(200);
}
