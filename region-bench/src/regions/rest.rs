//! One region's REST door, without failover and without retries, so that every answer is seen.

use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use client::key::ApiKey;

/// How long an answer may take: a region under load is to be measured, not given up.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// One region's door.
#[derive(Debug, Clone)]
pub struct Rest {
    http: reqwest::Client,
    url: String,
    key: ApiKey,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The answer when it is a success.
    ///
    /// # Errors
    /// When it is none; the error has status and body.
    pub fn success(self) -> anyhow::Result<Self> {
        ensure!((200..300).contains(&self.status), "{}: {}", self.status, self.text.trim());
        Ok(self)
    }
}

impl Rest {
    /// A door at `http://10.0.0.1:5240`, with connections of its own.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(url: &str, key: ApiKey) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(ANSWER_MAX).no_proxy().build()?;
        Ok(Self { http, url: url.to_owned(), key })
    }

    /// Reads a path below `/MAAS/api/2.0/`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        read(self.request(Method::GET, path).send().await?).await
    }

    /// Sends a form.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Answer> {
        read(self.request(Method::POST, path).form(form).send().await?).await
    }

    /// Sends a form that changes an object.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn put(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Answer> {
        read(self.request(Method::PUT, path).form(form).send().await?).await
    }

    /// Reads a path and leaves the body to the caller.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn open(&self, path: &str) -> anyhow::Result<Response> {
        Ok(self.request(Method::GET, path).send().await?)
    }

    /// Says something to the agent's door, which wants no key; `token` is that of the boot.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn tell_agent_door(
        &self,
        path: &str,
        token: &str,
        message: &impl serde::Serialize,
    ) -> anyhow::Result<Answer> {
        let request = self.http.post(format!("{}/MAAS/metadata/agent/{path}", self.url));
        read(request.bearer_auth(token).json(message).send().await?).await
    }

    /// Reads a path below `/api/v1/`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_native(&self, path: &str) -> anyhow::Result<Answer> {
        read(self.native(Method::GET, path).send().await?).await
    }

    /// Sends JSON to a path below `/api/v1/`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post_native(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        read(self.native(Method::POST, path).json(body).send().await?).await
    }

    fn native(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/{path}", self.url);
        self.http.request(method, url).header("authorization", self.key.authorization())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/MAAS/api/2.0/{path}", self.url);
        self.http.request(method, url).header("authorization", self.key.authorization())
    }
}

async fn read(response: Response) -> anyhow::Result<Answer> {
    let status = response.status().as_u16();
    let text = response.text().await.context("the answer broke off")?;
    Ok(Answer { status, text })
}
