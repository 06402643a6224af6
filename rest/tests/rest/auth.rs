//! Keys in headers and parameters, what is refused, and names and passwords.

use axum::body::Body;
use http::Request;
use ops::access::users::{self, NewUser};

use crate::harness::{By, Region, administrator};

fn whoami(authorization: &str) -> Request<Body> {
    let request = Request::get("/MAAS/api/2.0/users/?op=whoami");
    request.header("authorization", authorization).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_key_works_in_the_header_and_among_the_parameters() {
    let region = Region::start().await;
    let header = region.authorization(By::User).unwrap();
    let answer = region.send(whoami(&header)).await.assert(200);
    assert_eq!(answer.json()["username"], "user");

    let fields = region.authorization(By::User).unwrap();
    let fields = fields.trim_start_matches("OAuth ").replace('"', "").replace(", ", "&");
    let answer = region.get(By::Nobody, &format!("users/?op=whoami&{fields}")).await;
    assert_eq!(answer.assert(200).json()["username"], "user");
}

#[tokio::test]
async fn wrong_keys_are_refused_in_maas_words() {
    let region = Region::start().await;
    let good = region.authorization(By::User).unwrap();
    let replace = |name: &str, value: &str| {
        let (before, rest) = good.split_once(&format!("{name}=\"")).unwrap();
        let (_, after) = rest.split_once('"').unwrap();
        format!("{before}{name}=\"{value}\"{after}")
    };
    let cases = [
        (replace("oauth_consumer_key", "x"), "Authorization Error: Invalid API key."),
        (replace("oauth_token", "x"), "Authorization Error: 'Invalid access token: x'"),
        (replace("oauth_signature", "%26x"), "Authorization Error: 'Invalid signature.'"),
        (
            replace("oauth_signature_method", "HMAC-SHA1"),
            "Authorization Error: 'Invalid signature.'",
        ),
    ];
    for (header, message) in cases {
        let answer = region.send(whoami(&header)).await.assert(401);
        assert_eq!(answer.text, message);
        assert_eq!(answer.headers["www-authenticate"], "OAuth realm=\"OAuth\"");
    }
    let old = region.send(whoami(&replace("oauth_timestamp", "1000"))).await.assert(401);
    assert!(old.text.contains("Expired timestamp: given 1000"), "{}", old.text);

    region.send(whoami(&good)).await.assert(200);
    let again = region.send(whoami(&good)).await.assert(401);
    assert!(again.text.contains("Nonce already used"), "{}", again.text);
}

#[tokio::test]
async fn without_a_key_only_open_operations_answer() {
    let region = Region::start().await;
    region.get(By::Nobody, "version/").await.assert(200);
    let answer = region.get(By::Nobody, "zones/").await.assert(401);
    assert_eq!(answer.text, "Forbidden");
    let basic = Request::get("/MAAS/api/2.0/zones/").header("authorization", "Basic eDp5");
    region.send(basic.body(Body::empty()).unwrap()).await.assert(401);
}

#[tokio::test]
async fn name_and_password_are_exchanged_for_one_key() {
    let region = Region::start().await;
    let new = NewUser {
        username: "anna".to_owned(),
        password: "correct horse".into(),
        ..NewUser::default()
    };
    users::create(&region.tables, &administrator(), &new).await.unwrap();
    let exchange = async |password: &str| {
        let form = [("username", "anna"), ("password", password), ("consumer", "cli")];
        let body = Body::from(serde_urlencoded::to_string(form).unwrap());
        let request = Request::post("/MAAS/accounts/authenticate/")
            .header("content-type", "application/x-www-form-urlencoded");
        region.send(request.body(body).unwrap()).await
    };
    let first = exchange("correct horse").await.assert(200).json();
    assert_eq!(first["name"], "cli");
    assert_eq!(exchange("correct horse").await.json(), first);
    assert_eq!(exchange("wrong").await.assert(403).text, "");
}

#[tokio::test]
async fn keys_are_listed_renamed_and_deleted_by_their_owner() {
    let region = Region::start().await;
    let created = region
        .post(By::User, "account/?op=create_authorisation_token", &[("name", "mine")])
        .await
        .assert(200)
        .json();
    let key = created["token_key"].as_str().unwrap();
    region
        .post(By::User, "account/", &[("op", "update_token_name"), ("token", key), ("name", "new")])
        .await
        .assert(202);
    let listed = region.get(By::User, "account/?op=list_authorisation_tokens").await.json();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|token| &token["name"]).collect();
    assert!(names.contains(&&"new".into()), "{names:?}");
    let form = [("op", "delete_authorisation_token"), ("token_key", key)];
    region.post(By::Admin, "account/", &form).await.assert(404);
    region.post(By::User, "account/", &form).await.assert(204);
}
