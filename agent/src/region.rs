//! Calls to a region, through the rack: the agent's contract over HTTP.
//!
//! Regions and racks may die at any moment, so every call is repeated, with growing pauses, until
//! somebody answers. Only an answer that says the session is gone ends it.

use std::time::Duration;

use api::agent::{Hello, Outcome, Report, Welcome};
use reqwest::{Client, RequestBuilder, StatusCode};

/// Pauses between tries: the first, doubled up to the last.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_LAST: Duration = Duration::from_secs(5);

/// A region's side of the contract, behind the rack's address.
#[derive(Debug, Clone)]
pub struct RegionClient {
    http: Client,
    rack: String,
}

/// Why a call cannot succeed by repeating it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The HTTP client could not be made.
    #[error("cannot make an http client: {0}")]
    Client(#[source] reqwest::Error),
    /// The token or the job is no longer known: say hello again.
    #[error("the region refused the {call}: {status} {text}")]
    Refused {
        /// What was called.
        call: &'static str,
        /// The HTTP status.
        status: StatusCode,
        /// What it says.
        text: String,
    },
}

/// One try's result that can be repeated.
#[derive(Debug, thiserror::Error)]
enum TryError {
    #[error("no answer: {0}")]
    Transport(#[source] reqwest::Error),
    #[error("{0}: {1}")]
    Unavailable(StatusCode, String),
}

impl RegionClient {
    /// A client of the region behind the rack's URL.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(rack: &str) -> Result<Self, CallError> {
        let http = Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .read_timeout(Duration::from_secs(15))
            .build()
            .map_err(CallError::Client)?;
        Ok(Self { http, rack: rack.trim_end_matches('/').to_owned() })
    }

    /// Presents the machine; repeats until it is answered.
    ///
    /// # Errors
    /// When the region refuses.
    pub async fn hello(&self, hello: &Hello) -> Result<Welcome, CallError> {
        self.call("hello", |http, rack| {
            http.post(format!("{rack}/MAAS/metadata/agent/hello")).json(hello)
        })
        .await
    }

    /// Reports on a job; repeats until it is answered.
    ///
    /// # Errors
    /// When the region refuses.
    pub async fn report(&self, to: &Welcome, outcome: &Outcome) -> Result<Welcome, CallError> {
        let report =
            Report { system_id: to.system_id.clone(), job: to.job, outcome: outcome.clone() };
        self.call("report", |http, rack| {
            http.post(format!("{rack}/MAAS/metadata/agent/report"))
                .bearer_auth(to.token.expose())
                .json(&report)
        })
        .await
    }

    /// A request for an image's bytes from an offset on.
    pub fn image(&self, sha256: &str, offset: u64) -> RequestBuilder {
        let request = self.http.get(format!("{}/MAAS/images/{sha256}", self.rack));
        if offset == 0 { request } else { request.header("Range", format!("bytes={offset}-")) }
    }

    async fn call(
        &self,
        call: &'static str,
        request: impl Fn(&Client, &str) -> RequestBuilder,
    ) -> Result<Welcome, CallError> {
        let mut pause = Pause::new();
        loop {
            let tried = request(&self.http, &self.rack).timeout(Duration::from_secs(30));
            match one_try(call, tried).await? {
                Ok(welcome) => return Ok(welcome),
                Err(error) => {
                    let wait = pause.next();
                    tracing::warn!(
                        "{call} to {} failed: {error}; trying again in {wait:?}",
                        self.rack
                    );
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }
}

/// Growing pauses with an upper bound.
#[derive(Debug)]
pub(crate) struct Pause(Duration);

impl Pause {
    /// Starts with the shortest.
    pub(crate) fn new() -> Self {
        Self(PAUSE_FIRST)
    }

    /// How long to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(PAUSE_LAST);
        now
    }
}

/// The outer error is final, the inner one is worth repeating.
async fn one_try(
    call: &'static str,
    request: RequestBuilder,
) -> Result<Result<Welcome, TryError>, CallError> {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Ok(Err(TryError::Transport(error))),
    };
    let status = response.status();
    if status.is_success() {
        return Ok(response.json().await.map_err(TryError::Transport));
    }
    let text = response.text().await.unwrap_or_default();
    if is_final(status) {
        return Err(CallError::Refused { call, status, text });
    }
    Ok(Err(TryError::Unavailable(status, text)))
}

/// Whether a status will stay the same when the call is repeated.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
        && status != StatusCode::TOO_MANY_REQUESTS
        && status != StatusCode::REQUEST_TIMEOUT
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::StatusCode;

    use super::{Pause, is_final};

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let mut pause = Pause::new();
        let pauses: Vec<Duration> = (0..7).map(|_| pause.next()).collect();
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]), "{pauses:?}");
        assert_eq!(pauses.last(), Some(&Duration::from_secs(5)));
    }

    #[test]
    fn only_the_callers_own_errors_are_final() {
        for (status, expected) in [(401, true), (404, true), (409, true), (408, false)] {
            assert_eq!(is_final(StatusCode::from_u16(status).expect("status")), expected);
        }
        for status in [429, 500, 502, 503, 504] {
            assert!(!is_final(StatusCode::from_u16(status).expect("status")), "{status}");
        }
    }
}
