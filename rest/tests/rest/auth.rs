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
    let own = listed.as_array().unwrap().iter().find(|token| token["name"] == "new").unwrap();
    let token = format!("{}:{key}:***", created["consumer_key"].as_str().unwrap());
    assert_eq!(own["token"], token, "the secret was told once");
    assert!(own["created"].as_str().unwrap().ends_with('Z'), "{own}");
    let form = [("op", "delete_authorisation_token"), ("token_key", key)];
    region.post(By::Admin, "account/", &form).await.assert(404);
    region.post(By::User, "account/", &form).await.assert(204);
}

#[tokio::test]
async fn refusals_come_before_parameters_are_read_and_in_maas_words() {
    let region = Region::start().await;
    let wrong = [("cidr", "not a prefix"), ("ttl", "not a number")];
    for path in ["subnets/", "domains/", "zones/", "users/", "tags/"] {
        let answer = region.post(By::User, path, &wrong).await.assert(403);
        assert_eq!(answer.text, "This method is reserved for admin users.", "{path}");
    }
    // Where there is something for everybody, nobody is told to authenticate.
    region.post(By::Nobody, "machines/", &wrong).await.assert(400);
    assert_eq!(region.post(By::Nobody, "zones/", &wrong).await.assert(401).text, "Forbidden");
    for path in ["fabrics/0/", "domains/0/", "spaces/1/", "vlans/1/", "dnsresources/x/"] {
        assert_eq!(region.put(By::User, path, &wrong).await.assert(403).text, "", "{path}");
        assert_eq!(region.delete(By::User, path).await.assert(403).text, "", "{path}");
    }
    let answer = region.get(By::User, "ipaddresses/?all=1").await.assert(403);
    let message = "Listing another user's IP addresses requires admin privileges.";
    assert_eq!(answer.text, message);
}

#[tokio::test]
async fn what_is_not_described_has_no_effect() {
    let region = Region::start().await;
    let form = [("description", "d"), ("class_type", "c"), ("id", "7"), ("bogus", "x")];
    let fabric = region.put(By::Admin, "fabrics/0/", &form).await.assert(200).json();
    assert_eq!((&fabric["id"], &fabric["class_type"]), (&0.into(), &"c".into()));
    let answer = region.get(By::Admin, "machines/?bogus=1").await.assert(400);
    assert_eq!(answer.json()["bogus"][0], "No such constraint.");
}
