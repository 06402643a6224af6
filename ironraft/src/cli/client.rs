//! The REST client of the operator's commands: MAAS API key, several regions, retry elsewhere.
//!
//! A request goes to the next region when one cannot be reached or says 503, which it says only
//! when nothing was written. A request that changes something and got no answer at all is not
//! repeated: it may have been done.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use model::secret::Secret;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::profile::Profile;

/// How long the regions are asked in turn: longer than an election.
const RETRY_MAX: Duration = Duration::from_secs(30);
const RETRY_PAUSE: Duration = Duration::from_millis(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// A client of one cluster.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    endpoints: Vec<String>,
    key: (String, String, Secret),
    current: AtomicUsize,
}

/// What is sent with a request.
#[derive(Debug, Clone)]
enum Content {
    Nothing,
    Form(Vec<(String, String)>),
    Bytes(Vec<u8>),
}

impl Content {
    /// Whether sending it twice does no harm.
    fn may_repeat(&self, method: &Method) -> bool {
        match self {
            Self::Nothing | Self::Form(_) => *method != Method::POST,
            Self::Bytes(_) => false,
        }
    }
}

impl Client {
    /// A client with this profile.
    pub(crate) fn new(profile: &Profile) -> anyhow::Result<Self> {
        let parts: Vec<&str> = profile.api_key.expose().trim().split(':').collect();
        let [consumer, token, secret] = parts.as_slice() else {
            anyhow::bail!("an API key has the form consumer:token:secret");
        };
        anyhow::ensure!(
            !profile.endpoints.is_empty(),
            "the profile has no region; run `ironraft login`"
        );
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .no_proxy()
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self {
            http,
            endpoints: profile.endpoints.clone(),
            key: ((*consumer).to_owned(), (*token).to_owned(), (*secret).into()),
            current: AtomicUsize::new(0),
        })
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        let query: Vec<_> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self.call(&Method::GET, path, &query, &Content::Nothing).await
    }

    /// Sends a form.
    pub(crate) async fn send(
        &self,
        method: &Method,
        path: &str,
        op: Option<&str>,
        fields: Vec<(String, String)>,
    ) -> Result<Value, Failure> {
        let op = op.map(|op| ("op".to_owned(), op.to_owned()));
        if *method == Method::GET {
            let query: Vec<_> = op.into_iter().chain(fields).collect();
            return self.call(method, path, &query, &Content::Nothing).await;
        }
        let query: Vec<_> = op.into_iter().collect();
        self.call(method, path, &query, &Content::Form(fields)).await
    }

    /// Sends a part of a file. It is not repeated when there was no answer: it may be there.
    pub(crate) async fn put_bytes(&self, path: &str, bytes: Vec<u8>) -> Result<Value, Failure> {
        self.call(&Method::PUT, path, &[], &Content::Bytes(bytes)).await
    }

    async fn call(
        &self,
        method: &Method,
        path: &str,
        query: &[(String, String)],
        content: &Content,
    ) -> Result<Value, Failure> {
        let started = Instant::now();
        loop {
            let at = self.current.load(Ordering::Relaxed);
            let endpoint = &self.endpoints[at % self.endpoints.len()];
            let url = if path.starts_with('/') {
                format!("{endpoint}{path}")
            } else {
                format!("{endpoint}/MAAS/api/2.0/{path}")
            };
            let request = self.http.request(method.clone(), &url).query(query);
            let reason = match self.signed(request, content).send().await {
                Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                    format!("{endpoint}: {}", response.text().await.unwrap_or_default())
                }
                Ok(response) => return answer(response).await,
                Err(error) if error.is_connect() || content.may_repeat(method) => {
                    format!("{endpoint}: {:#}", anyhow::Error::new(error))
                }
                Err(error) => {
                    let reason = format!("{:#}", anyhow::Error::new(error));
                    return Err(Failure::Unavailable(format!(
                        "{endpoint} did not answer, the request may have been carried out: {reason}"
                    )));
                }
            };
            if started.elapsed() >= RETRY_MAX {
                return Err(Failure::Unavailable(format!("no region answers: {reason}")));
            }
            self.current.store(at + 1, Ordering::Relaxed);
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    fn signed(&self, request: RequestBuilder, content: &Content) -> RequestBuilder {
        let request = request.header("Authorization", self.authorization());
        match content {
            Content::Nothing => request,
            Content::Form(fields) => request.form(fields),
            Content::Bytes(bytes) => {
                request.header("Content-Type", "application/octet-stream").body(bytes.clone())
            }
        }
    }

    /// OAuth 1.0 with PLAINTEXT signatures (RFC 5849 §3.4.4), as MAAS wants it.
    fn authorization(&self) -> String {
        let (consumer, token, secret) = &self.key;
        let secret = secret.expose();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        format!(
            "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", \
             oauth_consumer_key=\"{consumer}\", oauth_token=\"{token}\", \
             oauth_signature=\"%26{secret}\", oauth_timestamp=\"{}\", oauth_nonce=\"{:032x}\"",
            now.as_secs(),
            rand::random::<u128>(),
        )
    }
}

async fn answer(response: reqwest::Response) -> Result<Value, Failure> {
    let status = response.status();
    let text = response.text().await.map_err(Failure::other)?;
    if status.is_success() {
        return Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)));
    }
    let message = format!("{}: {}", status.as_u16(), text.trim());
    Err(match status {
        StatusCode::NOT_FOUND => Failure::NotFound(message),
        StatusCode::CONFLICT => Failure::Conflict(message),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::Denied(message),
        StatusCode::BAD_REQUEST => Failure::Usage(message),
        _ => Failure::Other(anyhow::anyhow!(message)),
    })
}
