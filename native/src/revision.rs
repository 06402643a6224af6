//! At which revision a request reads: the latest that a quorum knows, what this region has, or one of the past.

use std::time::Duration;

use bytes::Bytes;
use raft_store::past::TimeError;
use rest::params::Params;
use tables::error::TableError;
use tables::read::View;
use tables::update::Tables;

use crate::problem::Problem;

/// The parameters that say so, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("at", "A revision, or a point in time (RFC 3339), of the past: what was there then."),
    (
        "stale",
        "`true` to read what this region has without asking the others; works without a quorum.",
    ),
    ("min_index", "With `stale`: at least this revision, so that one's own changes are seen."),
    ("watch_index", "Wait until something of this kind has changed after this revision."),
    ("wait", "How long to wait for that at most, in seconds: 30 by default, 300 at most."),
];

/// How long a request waits for a change by default, in seconds, and at most.
const WAIT_DEFAULT: u64 = 30;
const WAIT_MAX: u64 = 300;

/// What a request reads.
///
/// # Errors
/// 400 for a wrong parameter, 410 for what is not kept any more, 503 without a quorum.
pub async fn view(tables: &Tables, params: &Params) -> Result<View, Problem> {
    if let Some(at) = params.get("at") {
        return past(tables, at).await;
    }
    let view =
        if boolean(params, "stale")? { tables.stale_view().await? } else { tables.view().await? };
    let Some(least) = number(params, "min_index")? else { return Ok(view) };
    if view.revision() >= least {
        return Ok(view);
    }
    let view = tables.view().await?;
    if view.revision() >= least {
        return Ok(view);
    }
    let message = format!("The cluster is at revision {}.", view.revision());
    Err(Problem::parameter("min_index", message))
}

/// Whether a request reads what was there before.
#[must_use]
pub fn is_of_past(params: &Params) -> bool {
    params.get("at").is_some()
}

async fn past(tables: &Tables, at: &str) -> Result<View, Problem> {
    let revision = match at.parse::<u64>() {
        Ok(revision) => revision,
        Err(_) => {
            let time: jiff::Timestamp = at.parse().map_err(|_| {
                let message =
                    "It is neither a revision nor a point in time such as 2026-11-30T03:00:00Z.";
                Problem::parameter("at", message)
            })?;
            let time_ms = u64::try_from(time.as_millisecond()).unwrap_or_default();
            tables.store().revision_at(time_ms).await.map_err(of_time)?
        }
    };
    let is_later = revision > tables.stale_view().await?.revision();
    let last = if is_later { tables.view().await?.revision() } else { revision };
    if revision > last {
        let message = format!("It is in the future: the cluster is at revision {last}.");
        return Err(Problem::parameter("at", message));
    }
    Ok(tables.view_at(revision).await?)
}

fn of_time(error: TimeError) -> Problem {
    match error {
        TimeError::BeforeHistory { .. } => Problem::new(410, error.to_string()),
        TimeError::Read(error) => TableError::from(error).into(),
    }
}

/// Waits until a row below one of these prefixes has changed after the revision that a request names; false when it names
/// none, and nothing was waited for.
///
/// # Errors
/// 400 for a wrong parameter, 410 when changes after that revision are not kept any more.
pub async fn wait(tables: &Tables, params: &Params, prefixes: Vec<Bytes>) -> Result<bool, Problem> {
    let Some(after) = number(params, "watch_index")? else { return Ok(false) };
    if prefixes.is_empty() {
        let message = "These are made of other objects: nothing says when they change.";
        return Err(Problem::parameter("watch_index", message));
    }
    let seconds = number(params, "wait")?.unwrap_or(WAIT_DEFAULT);
    if seconds > WAIT_MAX {
        return Err(Problem::parameter("wait", format!("It is at most {WAIT_MAX} seconds.")));
    }
    let gone = |error: raft_store::watch::WatchError| Problem::new(410, error.to_string());
    let mut watch = tables.store().watch(prefixes, after).await.map_err(gone)?;
    let changed = async {
        loop {
            match watch.next().await {
                Ok(batch) if batch.changes.is_empty() => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(gone(error)),
            }
        }
    };
    // Without a change the answer is what there is.
    let waited = tokio::time::timeout(Duration::from_secs(seconds), changed).await;
    waited.unwrap_or(Ok(())).map(|()| true)
}

/// A number of the query.
///
/// # Errors
/// 400 when it is none.
pub fn number(params: &Params, name: &'static str) -> Result<Option<u64>, Problem> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let seconds = text.strip_suffix('s').unwrap_or(text);
    let number = seconds.parse().map_err(|_| Problem::parameter(name, "It is a whole number."));
    number.map(Some)
}

/// A choice of the query: absent is false, and present without a value true.
///
/// # Errors
/// 400 when it is neither true nor false.
pub fn boolean(params: &Params, name: &'static str) -> Result<bool, Problem> {
    match params.get(name) {
        None => Ok(false),
        Some("" | "true" | "1" | "yes") => Ok(true),
        Some("false" | "0" | "no") => Ok(false),
        Some(_) => Err(Problem::parameter(name, "It is true or false.")),
    }
}
