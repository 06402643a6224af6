//! `--wait`: until objects are what is wanted, by the filter language, so that the region decides it.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{NativeApi, Wanted};
use crate::cli::native::noun::Noun;
use crate::cli::native::progress::Progress;
use crate::cli::native::reading::keys_and_names;
use crate::cli::output::span;

/// How long nothing is heard before it is asked.
const LOOK: Duration = Duration::from_secs(10);

/// What is under way, for what has a status.
const SETTLED: &str = "-(status:*ing,entering*,exiting*)";

/// What ends a wait for something else.
const FAILED: &str = "status:failed*,broken";

/// What is waited for, and how long.
pub(crate) struct Until<'a> {
    /// A status, a filter, or nothing: then until nothing is under way.
    pub(crate) wanted: &'a str,
    /// How long at most.
    pub(crate) timeout: Duration,
}

/// Waits until all of these objects are so.
///
/// # Errors
/// One failed instead (1), or it took too long (6).
pub(crate) async fn wait(
    api: &NativeApi,
    noun: &Noun,
    keys: &[String],
    until: &Until<'_>,
) -> Result<(), Failure> {
    let Some(resource) = noun.resource else { return Ok(()) };
    let has_status = noun.fields().iter().any(|field| field.is_called("status"));
    let wanted = wanted(until.wanted, has_status)?;
    let of_them = format!("{}:{}", resource.key, quoted(keys));
    let met = format!("{of_them} ({wanted})");
    let failed = has_status.then(|| format!("{of_them} ({FAILED}) -({wanted})"));
    let started = Instant::now();
    let mut progress = Progress::default();
    // From what was read first on: what changes meanwhile is told, too.
    let (_, revision) = count(api, resource.name, &met).await?;
    let mut watch = api.watch(&[resource.name], &of_them, Some(revision));
    loop {
        let (done, _) = count(api, resource.name, &met).await?;
        let lost = match &failed {
            Some(failed) => count(api, resource.name, failed).await?.0,
            None => 0,
        };
        let (all, took) = (keys.len(), span(started.elapsed()));
        let of_failed = if lost > 0 { format!(", {lost} failed") } else { String::new() };
        progress.tell(&format!("{done} of {all} {}{of_failed}, {took}", said(until.wanted)));
        if done >= all {
            return Ok(());
        }
        if done + lost >= all {
            drop(progress);
            let lost = keys_and_names(api, noun, failed.as_deref().unwrap_or_default()).await?;
            let names: Vec<String> = lost.into_iter().map(|(_, name)| name).collect();
            let message =
                format!("waiting for {}: failed: {}", said(until.wanted), names.join(", "));
            let some = done > 0;
            return Err(if some {
                Failure::Partial(message)
            } else {
                Failure::Other(anyhow::anyhow!(message))
            });
        }
        let left = until.timeout.saturating_sub(started.elapsed());
        if left.is_zero() {
            let message = format!("{done} of {all} are {} after {took}", said(until.wanted));
            return Err(Failure::Unavailable(message));
        }
        if let Ok(told) = timeout(left.min(LOOK), watch.next()).await {
            told?;
        }
    }
}

/// How many objects a filter means, and at which revision.
async fn count(api: &NativeApi, resource: &str, filter: &str) -> Result<(usize, u64), Failure> {
    let wanted = Wanted { filter: filter.to_owned(), limit: Some(1), ..Wanted::default() };
    let found = api.list(resource, &wanted).await?;
    Ok((found.total.unwrap_or(found.items.len()), found.revision))
}

/// The filter of what is wanted.
fn wanted(text: &str, has_status: bool) -> Result<String, Failure> {
    let text = text.trim();
    let is_word = !text.contains([':', ' ']);
    match (text, has_status) {
        ("", true) => Ok(SETTLED.to_owned()),
        ("", false) => Err(Failure::Usage("say what to wait for: --wait=field:value".to_owned())),
        (text, true) if is_word => Ok(format!("status:{}", text.replace(['-', ' '], "_"))),
        (text, _) => Ok(text.to_owned()),
    }
}

fn said(text: &str) -> String {
    if text.trim().is_empty() { "settled".to_owned() } else { text.trim().to_owned() }
}

fn quoted(keys: &[String]) -> String {
    keys.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use model::query::Query;
    use model::time::Timestamp;

    use super::*;
    use crate::cli::native::noun;

    #[test]
    fn what_is_waited_for_is_a_filter_of_the_language() {
        assert_eq!(wanted("deployed", true).unwrap(), "status:deployed");
        assert_eq!(wanted("failed-testing", true).unwrap(), "status:failed_testing");
        assert_eq!(wanted("power:on", true).unwrap(), "power:on");
        assert_eq!(wanted("", false).unwrap_err().told().0, 2);
        let machines = noun::find("machine").unwrap().fields();
        let keys = quoted(&["a-b".to_owned(), "c".to_owned()]);
        let whole = format!("system_id:{keys} ({FAILED}) -({})", wanted("", true).unwrap());
        Query::parse(&whole, machines, Timestamp::default()).unwrap();
    }
}
