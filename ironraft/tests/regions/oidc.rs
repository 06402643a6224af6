//! A login at a real provider (`oidc-provider-mock` of `PyPI`, which `deploy/maas-clients` installs): begun at one region, which
//! is killed meanwhile, and finished at another.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::clients::program;
use crate::cluster::{Cluster, PASSWORD, succeeds, wait_for};

const ADDRESSES: [&str; 3] = ["127.0.149.1", "127.0.149.2", "127.0.149.3"];
const PROVIDER: &str = "http://127.0.149.9:9400";
const ANNA: &str = r#"{"sub": "4711", "preferred_username": "anna", "email": "anna@example.com", "groups": ["site-admins"]}"#;

/// The provider's process; it is killed when it goes out of scope.
struct Provider(Child);

impl Drop for Provider {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

impl Provider {
    fn start(cluster: &Cluster) -> Self {
        let log = std::fs::File::create(cluster.folder.path().join("provider.log")).unwrap();
        let mut command = Command::new(program("oidc-provider-mock"));
        command.args(["--host", "127.0.149.9", "--port", "9400", "--require-nonce"]);
        command.args(["--user-claims", ANNA]).env("NO_COLOR", "1");
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }
}

/// A browser: it keeps cookies, and is sent nowhere by itself.
struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new() -> Self {
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    fn keep(&mut self, answer: &Response) {
        for set in answer.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn go(&mut self, region: &str, path: &str) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = format!("http://{region}:5240{path}");
        let answer = self.http.get(url).header("cookie", cookies.join("; ")).send().await.unwrap();
        self.keep(&answer);
        answer
    }

    /// Goes to the provider and logs in there; returns the path that it is sent back to.
    async fn log_in(&mut self, region: &str) -> String {
        let sent = self.go(region, "/MAAS/accounts/oidc/login/?next=/MAAS/r/machines").await;
        assert_eq!(sent.status(), StatusCode::FOUND);
        let form = self.http.get(location(&sent)).send().await.unwrap();
        assert_eq!(form.status(), StatusCode::OK);
        let back = self.http.post(location(&sent)).form(&[("sub", "4711")]).send().await.unwrap();
        let back = location(&back);
        // The name of the site stands for any region.
        back.strip_prefix(&format!("http://{}:5240", ADDRESSES[0])).unwrap().to_owned()
    }

    async fn whoami(&mut self, region: &str) -> Value {
        let answer = self.go(region, "/MAAS/api/2.0/users/?op=whoami").await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }
}

fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn define(cluster: &Cluster) {
    let redirect = format!("redirect_uri=http://{}:5240/MAAS/r/login/oidc/callback", ADDRESSES[0]);
    let issuer = format!("issuer_url={PROVIDER}");
    let fields = ["name=corp", "client_id=maas", "client_secret=hush", "scopes=profile email"];
    let mut arguments = vec!["oidc-provider", "create", &issuer, &redirect, "enabled=true"];
    arguments.extend(fields);
    arguments.push("admin_groups=site-admins");
    // The provider may still be starting.
    wait_for("the provider", || {
        cluster.operator(2, &arguments).output().unwrap().status.success().then_some(())
    });
    let listed = succeeds(cluster.operator(1, &["oidc-provider", "list"]));
    assert!(listed.contains("corp") && !listed.contains("hush"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_begun_at_one_region_and_finished_at_another() {
    let mut cluster = Cluster::form(ADDRESSES);
    let provider = Provider::start(&cluster);
    define(&cluster);

    let (mut browser, mut other) = (Browser::new(), Browser::new());
    let path = browser.log_in(ADDRESSES[0]).await;
    cluster.nodes[0].process.kill().unwrap();
    cluster.nodes[0].process.wait().unwrap();
    wait_for("a leader among the others", || cluster.status(1)?["leader"].as_u64());

    other.cookies.clone_from(&browser.cookies);
    let answer = browser.go(ADDRESSES[1], &path).await;
    assert_eq!(answer.status(), StatusCode::FOUND, "{:?}", answer.text().await);
    assert_eq!(location(&answer), "/MAAS/r/machines");
    let anna = browser.whoami(ADDRESSES[2]).await;
    assert_eq!((&anna["username"], &anna["is_superuser"]), (&json!("anna"), &json!(true)));
    let again = other.go(ADDRESSES[2], &path).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    let said = again.text().await.unwrap();
    assert!(said.contains("has come back before"), "{said}");

    // What the provider says today holds from the next login on.
    let claims = json!({ "preferred_username": "anna", "groups": ["staff"] });
    let put =
        browser.http.put(format!("{PROVIDER}/users/4711")).json(&claims).send().await.unwrap();
    assert!(put.status().is_success(), "{put:?}");
    let mut later = Browser::new();
    let path = later.log_in(ADDRESSES[2]).await;
    assert_eq!(later.go(ADDRESSES[1], &path).await.status(), StatusCode::FOUND);
    assert_eq!(browser.whoami(ADDRESSES[1]).await["is_superuser"], false);

    // Without the provider, who has an account here logs in as ever.
    drop(provider);
    let path = "/MAAS/accounts/oidc/callback/?code=x&state=x";
    assert_eq!(later.go(ADDRESSES[1], path).await.status(), StatusCode::BAD_REQUEST);
    let form = [("username", "admin"), ("password", PASSWORD)];
    let url = format!("http://{}:5240/MAAS/accounts/login/", ADDRESSES[1]);
    let local = later.http.post(url).form(&form).send().await.unwrap();
    assert_eq!(local.status(), StatusCode::NO_CONTENT);
    succeeds(cluster.operator(1, &["oidc-provider", "update", "1", "enabled=false"]));
}
