//! A session that one region began is known to all, also when that one is gone; and so are failed logins.

use reqwest::{Client, Response, StatusCode};

use crate::cluster::{Cluster, PASSWORD, succeeds, wait_for};

const NEW_PASSWORD: &str = "a battery staple";

async fn log_in(address: &str, password: &str) -> Response {
    let form = [("username", "admin"), ("password", password)];
    let url = format!("http://{address}:5240/MAAS/accounts/login/");
    Client::new().post(url).form(&form).send().await.unwrap()
}

fn cookie(answer: &Response, name: &str) -> String {
    let mut set = answer.headers().get_all("set-cookie").iter();
    let found = set.find_map(|value| value.to_str().unwrap().strip_prefix(name));
    found.unwrap().trim_start_matches('=').split(';').next().unwrap().to_owned()
}

async fn whoami(address: &str, session: &str) -> StatusCode {
    let url = format!("http://{address}:5240/MAAS/api/2.0/users/?op=whoami");
    let request = Client::new().get(url).header("cookie", format!("sessionid={session}"));
    request.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_region_knows_a_session_and_its_end() {
    let addresses = ["127.0.60.1", "127.0.60.2", "127.0.60.3"];
    let mut cluster = Cluster::form(addresses);
    let mut password = cluster.operator(0, &["password"]);
    password.env("IRONRAFT_OLD_PASSWORD", PASSWORD).env("IRONRAFT_NEW_PASSWORD", NEW_PASSWORD);
    succeeds(password);

    let answer = log_in(addresses[0], NEW_PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let (session, token) = (cookie(&answer, "sessionid"), cookie(&answer, "csrftoken"));
    for address in addresses {
        assert_eq!(whoami(address, &session).await, StatusCode::OK, "{address}");
    }
    cluster.nodes[0].process.kill().unwrap();
    cluster.nodes[0].process.wait().unwrap();
    let out = wait_for("a leader among the others", || cluster.status(1)?["leader"].as_u64());
    assert!(out > 0);
    assert_eq!(whoami(addresses[1], &session).await, StatusCode::OK);

    let url = format!("http://{}:5240/MAAS/accounts/logout/", addresses[1]);
    let request = Client::new().post(url).header("cookie", format!("sessionid={session}"));
    let ended = request.header("x-csrftoken", token).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    wait_for("the end is known at the other one", || {
        let asked = whoami(addresses[2], &session);
        let status =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(asked));
        (status == StatusCode::UNAUTHORIZED).then_some(())
    });

    // Every other guess goes to the other region: they count together. From here the account was used, so only the
    // address waits.
    let mut wrong = 0;
    for guess in 0.. {
        match log_in(addresses[1 + guess % 2], "wrong").await.status() {
            StatusCode::BAD_REQUEST => wrong += 1,
            StatusCode::TOO_MANY_REQUESTS => break,
            other => panic!("{other} after {wrong}"),
        }
        assert!(wrong < 40, "nobody waits");
    }
    assert!(wrong > 20, "{wrong}");
}
