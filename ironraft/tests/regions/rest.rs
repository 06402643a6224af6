//! A client of one region's REST door that does not retry, so that each answer is seen.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

/// How long a request may take. A region without a quorum gives up before.
const ANSWER_MAX: Duration = Duration::from_secs(90);

/// One region's REST door.
pub(crate) struct Rest {
    client: Client,
    base: String,
    api_key: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

impl Rest {
    pub(crate) fn new(address: &str, api_key: &str) -> Self {
        let client = Client::builder().timeout(ANSWER_MAX).build().unwrap();
        Self { client, base: format!("http://{address}:5240/MAAS"), api_key: api_key.to_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        read(self.send(Method::GET, path, &[]).await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        read(self.send(Method::POST, path, form).await.unwrap()).await
    }

    /// As [`Rest::post`]; none when the region is not there.
    pub(crate) async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> Option<Answer> {
        Some(read(self.send(Method::POST, path, form).await.ok()?).await)
    }

    /// The names of all objects of a list.
    pub(crate) async fn names(&self, path: &str) -> Vec<String> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let list: Vec<Value> = serde_json::from_str(&answer.text).unwrap();
        list.iter().map(|object| object["name"].as_str().unwrap().to_owned()).collect()
    }

    /// A content by its hash; only from the region's own disk when `header` says so.
    pub(crate) async fn content(&self, sha256: &str, header: Option<&str>) -> Option<Vec<u8>> {
        let mut request = self.client.get(format!("{}/images/{sha256}", self.base));
        if let Some(header) = header {
            request = request.header(header, "1");
        }
        let response = request.send().await.ok()?;
        if response.status() != StatusCode::OK {
            return None;
        }
        Some(response.bytes().await.ok()?.to_vec())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        form: &[(&str, &str)],
    ) -> reqwest::Result<Response> {
        let url = format!("{}/api/2.0/{path}", self.base);
        let request = self.client.request(method.clone(), url);
        let request = request.header("authorization", self.authorization());
        let request = if method == Method::GET { request } else { request.form(form) };
        request.send().await
    }

    fn authorization(&self) -> String {
        let parts: Vec<&str> = self.api_key.split(':').collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        format!(
            "OAuth oauth_version=\"1.0\", oauth_nonce=\"{:x}\", oauth_timestamp=\"{now}\", \
             oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", \
             oauth_token=\"{}\", oauth_signature=\"%26{}\"",
            rand::random::<u64>(),
            parts[0],
            parts[1],
            parts[2]
        )
    }
}

async fn read(response: Response) -> Answer {
    let header = response.headers().get("retry-after");
    let retry_after = header.map(|value| value.to_str().unwrap().to_owned());
    let status = response.status();
    Answer { status, retry_after, text: response.text().await.unwrap() }
}
