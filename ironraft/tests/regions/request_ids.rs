//! The id of a request, from the client through the region's log to what the request changed.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::cluster::Cluster;

const ID: &str = "x-request-id";

struct Region {
    client: Client,
    base: String,
    key: String,
}

impl Region {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        request.bearer_auth(&self.key)
    }

    async fn get(&self, path: &str, id: &str) -> Response {
        self.request(Method::GET, path).header(ID, id).send().await.unwrap()
    }
}

fn id_of(response: &Response) -> String {
    response.headers()[ID].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_answer_has_an_id_that_logs_problems_and_changes_have_too() {
    let cluster = Cluster::single("127.0.187.2");
    let base = format!("http://{}:5240", cluster.nodes[0].address);
    let region = Region { client: Client::new(), base, key: cluster.api_key.clone() };
    for (path, status) in [
        ("/MAAS/api/2.0/version/", 200),
        ("/MAAS/api/2.0/zones/none/", 404),
        ("/MAAS/api/2.0/nothing/", 404),
        ("/api/v1/zones", 200),
        ("/api/v1/nothing", 404),
        ("/MAAS/r/", 200),
        ("/MAAS/status", 200),
        ("/metrics", 200),
        ("/nothing", 404),
    ] {
        let answer = region.get(path, "of the client").await;
        assert_eq!(
            (answer.status().as_u16(), id_of(&answer)),
            (status, "of the client".into()),
            "{path}"
        );
        assert_eq!(answer.headers()["x-ironraft-region"], "r1", "{path}");
        let own = region.get(path, "a\tb").await;
        assert_eq!(id_of(&own).len(), 32, "{path}");
    }

    let refused = region.request(Method::POST, "/api/v1/zones").header(ID, "refused-1");
    let refused = refused.header("content-type", "application/json").body("{}");
    let refused: Value =
        serde_json::from_str(&refused.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(refused["request_id"], "refused-1", "{refused}");

    let made = region.request(Method::POST, "/api/v1/zones").header(ID, "made-1");
    let made = made.header("content-type", "application/json").body(r#"{"name": "lab"}"#);
    assert_eq!(made.send().await.unwrap().status(), 201);
    let events = region.get("/api/v1/events?filter=level:audit&limit=1", "x").await;
    let events: Value = serde_json::from_str(&events.text().await.unwrap()).unwrap();
    assert_eq!(events["items"][0]["audit"]["request_id"], "made-1", "{events}");
}
