//! Requests to the native API, at any region that answers.
//!
//! A region that cannot be reached, gives no answer or has no quorum is left for the next one (the crate `client`). Reads may
//! be sent again, and so may changes: each has an `Idempotency-Key`, by which the cluster carries it out once, whichever
//! region is asked again. How long is waited is bounded for every request alone, so many pages have as much time as they take.

use std::time::Duration;

use clap::Args;
use client::key::ApiKey;
use client::{Answer, Body, Client, Exchange, Patience};
use http::{HeaderName, Method, header};
use model::secret::Secret;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::change::Change;
use crate::cli::native::path::path;
use crate::cli::native::{problem, trace};
use crate::cli::profile::content::{PATIENCE, Profile};
use crate::cli::profile::kept::ProfileName;
use crate::cli::profile::{self, Origin, base_url};

/// The header with the revision that an answer was made at.
const REVISION: &str = "x-ironraft-revision";

/// The header that says how old an answer without a quorum may be, in milliseconds.
const STALE: &str = "x-ironraft-stale-ms";

/// How many objects a page has at most.
const PAGE_MAX: usize = 1000;

/// Which regions are asked, and how much is told of it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArguments {
    /// Talk to the cluster of this profile; `ironraft profile list` lists them
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<ProfileName>,
    /// Ask these regions and no others, `http://10.0.0.1:5240`; the next one when one is away
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    pub(crate) endpoint: Vec<String>,
    /// Tell which region answered what, without secrets
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl ConnectionArguments {
    /// The regions that are asked and the key, and where that is said.
    ///
    /// # Errors
    /// There is no such profile, or nobody is logged in.
    pub(crate) async fn found(&self) -> Result<(Profile, Origin), Failure> {
        let (mut profile, origin) = profile::found(self.profile.as_ref()).await?;
        if !self.endpoint.is_empty() {
            profile.endpoints = self.endpoint.iter().map(|url| base_url(url)).collect();
        }
        Ok((profile, origin))
    }
}

/// What is read of the past, and of a region without a quorum.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Reading {
    /// As it was at a revision or a time: `4711`, `2026-11-30T12:00:00Z`
    #[arg(long, value_name = "REVISION|TIME")]
    pub(crate) at: Option<String>,
    /// What one region has, also when the cluster has no quorum
    #[arg(long)]
    pub(crate) stale: bool,
}

impl Reading {
    /// The parameters of a request that say so.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let at = self.at.iter().map(|at| ("at".to_owned(), at.clone()));
        let stale = self.stale.then(|| ("stale".to_owned(), "true".to_owned()));
        at.chain(stale).collect()
    }
}

/// Which objects of a kind are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// A filter of the query language; all when it is empty.
    pub(crate) filter: String,
    /// Fields, `-` before one that is sorted the other way round.
    pub(crate) sort: Vec<String>,
    /// Only these members of each.
    pub(crate) fields: Vec<String>,
    /// So many at most; none for all.
    pub(crate) limit: Option<usize>,
    /// When, and from whom.
    pub(crate) reading: Reading,
}

/// Objects of a kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// The objects, in order.
    pub(crate) items: Vec<Value>,
    /// How many there are; none for what is too much to be counted.
    pub(crate) total: Option<usize>,
    /// Whether there are more of them.
    pub(crate) has_more: bool,
    /// The revision of the first page: a watch from there on misses nothing.
    pub(crate) revision: u64,
    /// How old they may be at most, when they were read without a quorum.
    pub(crate) stale: Option<Duration>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The JSON of the answer; null when there is none, its text when it is no JSON.
    pub(crate) body: Value,
    /// The revision that it was made at.
    pub(crate) revision: Option<u64>,
    /// How old it may be at most, when it was read without a quorum.
    pub(crate) stale: Option<Duration>,
}

/// The native API of a cluster.
#[derive(Debug)]
pub(crate) struct NativeApi {
    client: Client,
    key: Secret,
}

impl NativeApi {
    /// The API of the cluster that is meant: by the arguments, the environment, the profile, or as the region on this host.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub(crate) async fn connect(arguments: &ConnectionArguments) -> Result<Self, Failure> {
        Self::patient(arguments, PATIENCE).await
    }

    /// The same with another patience.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub(crate) async fn patient(
        arguments: &ConnectionArguments,
        patience: Patience,
    ) -> Result<Self, Failure> {
        let (profile, _) = arguments.found().await?;
        // It is looked at before anybody is asked.
        let key = ApiKey::parse(profile.api_key.expose()).map_err(client::ClientError::from)?;
        let trusted = profile.trusted.as_deref();
        let client = Client::trusting(profile.endpoints, key.clone(), patience, trusted)?;
        let client = if arguments.verbose { client.observed(trace::tell) } else { client };
        Ok(Self { client, key: key.text().into() })
    }

    /// Reads what is at a path below the root, whose elements are these.
    ///
    /// # Errors
    /// It was refused, or nobody answers.
    pub(crate) async fn get(
        &self,
        elements: &[&str],
        query: Vec<(String, String)>,
    ) -> Result<Reply, Failure> {
        let asked = self.request(Method::GET, path(elements), query, Vec::new(), Body::Nothing);
        reply(&self.client.exchange(&asked).await?)
    }

    /// Reads one object by its key or name.
    ///
    /// # Errors
    /// It was refused, or nobody answers.
    pub(crate) async fn object(
        &self,
        resource: &str,
        key: &str,
        reading: &Reading,
    ) -> Result<Reply, Failure> {
        self.get(&[resource, key], reading.query()).await
    }

    /// Reads objects of a kind, page by page.
    ///
    /// # Errors
    /// It was refused, or nobody answers.
    pub(crate) async fn list(&self, resource: &str, wanted: &Wanted) -> Result<Found, Failure> {
        let mut found = Found::default();
        let mut next: Option<String> = None;
        loop {
            let room = wanted.limit.map_or(PAGE_MAX, |limit| limit - found.items.len());
            let query = wanted.query(room.min(PAGE_MAX), next.take());
            let page = self.get(&[resource], query).await?;
            if found.revision == 0 {
                found.revision = page.revision.unwrap_or_default();
                found.total =
                    page.body["total"].as_u64().and_then(|total| usize::try_from(total).ok());
            }
            found.stale = found.stale.max(page.stale);
            let mut body = page.body;
            if let Value::Array(items) = body["items"].take() {
                found.items.extend(items);
            }
            next = body["next"].as_str().map(str::to_owned);
            let is_enough = wanted.limit.is_some_and(|limit| found.items.len() >= limit);
            if next.is_none() || is_enough {
                found.has_more = next.is_some();
                return Ok(found);
            }
        }
    }

    /// What a change would do, without doing it: see `native::write::plan::Plan`.
    ///
    /// # Errors
    /// It would be refused, or nobody answers.
    pub(crate) async fn plan(&self, change: &Change) -> Result<Value, Failure> {
        let query = vec![("plan".to_owned(), "true".to_owned())];
        let asked =
            self.request(change.method.clone(), change.path(), query, Vec::new(), change.body());
        Ok(reply(&self.client.exchange(&asked).await?)?.body)
    }

    /// Carries out a change, once.
    ///
    /// # Errors
    /// It was refused, or nobody answers: then it may have been done.
    pub(crate) async fn carry_out(&self, change: &Change) -> Result<Reply, Failure> {
        let asked = self.request(
            change.method.clone(),
            change.path(),
            change.query(),
            change.headers(),
            change.body(),
        );
        reply(&self.client.exchange(&asked).await?)
    }

    /// Sends what is not sent again when there is no answer: it may have been done.
    ///
    /// # Errors
    /// It was refused, or nobody answers.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: String,
        body: Body,
    ) -> Result<Reply, Failure> {
        let asked = self.request(method, path, Vec::new(), Vec::new(), body);
        reply(&self.client.exchange(&asked).await?)
    }

    /// The client, for answers that go on.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// A request with the key of who asks.
    pub(crate) fn request(
        &self,
        method: Method,
        path: String,
        query: Vec<(String, String)>,
        mut headers: Vec<(HeaderName, String)>,
        body: Body,
    ) -> Exchange {
        headers.push((header::AUTHORIZATION, format!("Bearer {}", self.key.expose())));
        Exchange { method, path, query, headers, body }
    }
}

impl Wanted {
    fn query(&self, limit: usize, next: Option<String>) -> Vec<(String, String)> {
        let mut query = vec![("limit".to_owned(), limit.to_string())];
        let filter = Some(self.filter.trim()).filter(|filter| !filter.is_empty());
        query.extend(filter.map(|filter| ("filter".to_owned(), filter.to_owned())));
        for (name, values) in [("sort", &self.sort), ("fields", &self.fields)] {
            if !values.is_empty() {
                query.push((name.to_owned(), values.join(",")));
            }
        }
        query.extend(next.map(|token| ("page_token".to_owned(), token)));
        query.extend(self.reading.query());
        query
    }
}

/// What an answer says; a problem is a failure.
pub(crate) fn reply(answer: &Answer) -> Result<Reply, Failure> {
    if !answer.status.is_success() {
        return Err(problem::failure(answer));
    }
    let number = |name: &str| answer.header(name).and_then(|text| text.parse().ok());
    let body = match answer.body.as_ref() {
        [] => Value::Null,
        bytes => serde_json::from_slice(bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned())),
    };
    Ok(Reply { body, revision: number(REVISION), stale: number(STALE).map(Duration::from_millis) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_path_is_quoted() {
        assert_eq!(path(&["subnets", "10.0.0.0/24"]), "/api/v1/subnets/10.0.0.0%2F24");
        assert_eq!(path(&["reserved-ips", "fd00::1"]), "/api/v1/reserved-ips/fd00::1");
        assert_eq!(path(&["files", "a?b#c d"]), "/api/v1/files/a%3Fb%23c%20d");
    }

    #[test]
    fn a_page_is_asked_for_with_what_is_wanted() {
        let wanted = Wanted {
            filter: " status:ready ".to_owned(),
            sort: vec!["-updated".to_owned(), "name".to_owned()],
            reading: Reading { at: Some("7".to_owned()), stale: true },
            ..Wanted::default()
        };
        let query = wanted.query(10, Some("token".to_owned()));
        let query: Vec<String> =
            query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            query,
            [
                "limit=10",
                "filter=status:ready",
                "sort=-updated,name",
                "page_token=token",
                "at=7",
                "stale=true"
            ]
        );
    }
}
