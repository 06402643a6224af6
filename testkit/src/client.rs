//! A client of the REST API as an operator would write one: an API key, a list of regions, and the
//! next region when one does not answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// How long one region has to answer before the next is asked.
const ATTEMPT: Duration = Duration::from_secs(30);

/// An API key: `consumer:token:secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    consumer: String,
    token: String,
    secret: String,
}

impl ApiKey {
    /// Reads a key as `ironraft region init` prints it.
    ///
    /// # Errors
    /// When it has not three parts.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let parts: Vec<&str> = text.trim().split(':').collect();
        let [consumer, token, secret] = parts.as_slice() else {
            bail!("an API key has three parts");
        };
        Ok(Self::new(consumer, token, secret))
    }

    /// A key from its parts.
    #[must_use]
    pub fn new(consumer: &str, token: &str, secret: &str) -> Self {
        Self { consumer: consumer.to_owned(), token: token.to_owned(), secret: secret.to_owned() }
    }

    /// The key as MAAS's clients take it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}:{}:{}", self.consumer, self.token, self.secret)
    }

    /// The `Authorization` header of one request (OAuth 1.0, PLAINTEXT).
    #[must_use]
    pub fn authorization(&self) -> String {
        let Self { consumer, token, secret } = self;
        let nonce = rand::random::<u64>();
        let timestamp = Timestamp::now().as_second();
        format!(
            "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", \
             oauth_consumer_key=\"{consumer}\", oauth_token=\"{token}\", \
             oauth_signature=\"%26{secret}\", oauth_nonce=\"{nonce}\", \
             oauth_timestamp=\"{timestamp}\""
        )
    }
}

/// A client of a cluster.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    regions: Vec<String>,
    key: ApiKey,
    /// The region that answered last.
    current: AtomicUsize,
}

impl Client {
    /// A client for regions like `http://10.0.0.1:5240`.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(regions: Vec<String>, key: ApiKey) -> anyhow::Result<Self> {
        ensure!(!regions.is_empty(), "a client needs a region");
        let http = reqwest::Client::builder().timeout(ATTEMPT).no_proxy().build()?;
        Ok(Self { http, regions, key, current: AtomicUsize::new(0) })
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// `GET` of a path below `/MAAS/api/2.0/`.
    ///
    /// # Errors
    /// When no region answers, or the answer is no success.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, |request| request).await
    }

    /// `POST` of a form; `op` goes into the path as `?op=`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Value> {
        self.send(Method::POST, path, |request| request.form(form)).await
    }

    /// `PUT` of a form.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn put(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Value> {
        self.send(Method::PUT, path, |request| request.form(form)).await
    }

    /// Asks the regions in turn, two rounds, until one answers anything but "unavailable".
    async fn send(
        &self,
        method: Method,
        path: &str,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Value> {
        let mut last = None;
        for attempt in 0..self.regions.len() * 2 {
            let index = (self.current.load(Ordering::Relaxed) + attempt) % self.regions.len();
            match self.send_to(&self.regions[index], &method, path, &fill).await {
                Ok(Some(value)) => {
                    self.current.store(index, Ordering::Relaxed);
                    return Ok(value);
                }
                Ok(None) => last = Some(anyhow::anyhow!("{} has no quorum", self.regions[index])),
                Err(error) if error.is::<Refused>() => return Err(error),
                Err(error) => last = Some(error),
            }
        }
        let error = last.context("no region was asked")?;
        Err(error.context(format!("{method} {path}: no region answers")))
    }

    /// `None` when the region says that it cannot serve now.
    async fn send_to(
        &self,
        region: &str,
        method: &Method,
        path: &str,
        fill: &impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Option<Value>> {
        let url = format!("{region}/MAAS/api/2.0/{path}");
        let request = self.http.request(method.clone(), &url);
        let request = fill(request).header("authorization", self.key.authorization());
        let response = request.send().await.with_context(|| format!("cannot reach {region}"))?;
        let status = response.status();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Ok(None);
        }
        let text = response.text().await.with_context(|| format!("{region} broke off"))?;
        if !status.is_success() {
            let place = format!("{method} {path}");
            return Err(Refused { place, status: status.as_u16(), text }.into());
        }
        Ok(Some(serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }
}

/// A region answered, and not with success.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {status}: {text}")]
pub struct Refused {
    /// Method and path.
    pub place: String,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::ApiKey;

    #[test]
    fn a_key_signs_as_oauth_plaintext() {
        let key = ApiKey::parse("a:b:c\n").expect("a key");
        assert_eq!(key.text(), "a:b:c");
        let header = key.authorization();
        assert!(header.contains("oauth_consumer_key=\"a\""), "{header}");
        assert!(header.contains("oauth_signature=\"%26c\""), "{header}");
        ApiKey::parse("a:b").expect_err("two parts are no key");
    }
}
