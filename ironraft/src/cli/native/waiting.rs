//! `--wait`: until objects are what is wanted, by the filter language, so that the region decides it.

use std::time::{Duration, Instant};

use model::machine::status::Status;
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
pub(crate) struct Until {
    /// As it was given: a status, a filter, or nothing.
    text: String,
    /// The filter of what is wanted; without a text, that nothing is under way.
    filter: String,
    /// How long at most.
    timeout: Duration,
}

impl Until {
    /// What `text` means for objects of this kind.
    ///
    /// # Errors
    /// It is no status that they can have, and no filter.
    pub(crate) fn read(noun: &Noun, text: &str, timeout: Duration) -> Result<Self, Failure> {
        let text = text.trim().to_owned();
        let filter = match (text.as_str(), has_status(noun)) {
            ("", true) => SETTLED.to_owned(),
            ("", false) => {
                return Err(Failure::Usage("say what to wait for: --wait=field:value".to_owned()));
            }
            (text, true) if !text.contains(':') => format!("status:{}", status(text)?),
            (text, _) => text.to_owned(),
        };
        Ok(Self { text, filter, timeout })
    }

    fn said(&self) -> &str {
        if self.text.is_empty() { "settled" } else { &self.text }
    }
}

/// Waits until all of these objects are so.
///
/// # Errors
/// One failed instead (1), or it took too long (6).
pub(crate) async fn wait(
    api: &NativeApi,
    noun: &Noun,
    keys: &[String],
    until: &Until,
) -> Result<(), Failure> {
    let Some(resource) = noun.resource else { return Ok(()) };
    let wanted = &until.filter;
    let of_them = format!("{}:{}", resource.key, quoted(keys));
    let met = format!("{of_them} ({wanted})");
    let failed = has_status(noun).then(|| format!("{of_them} ({FAILED}) -({wanted})"));
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
        progress.tell(&format!("{done} of {all} {}{of_failed}, {took}", until.said()));
        if done >= all {
            return Ok(());
        }
        if done + lost >= all {
            drop(progress);
            let lost = keys_and_names(api, noun, failed.as_deref().unwrap_or_default()).await?;
            let names: Vec<String> = lost.into_iter().map(|(_, name)| name).collect();
            let message = format!("waiting for {}: failed: {}", until.said(), names.join(", "));
            let some = done > 0;
            return Err(if some {
                Failure::Partial(message)
            } else {
                Failure::Other(anyhow::anyhow!(message))
            });
        }
        let left = until.timeout.saturating_sub(started.elapsed());
        if left.is_zero() {
            let message = format!("{done} of {all} are {} after {took}", until.said());
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

/// Whether objects of this kind have a status of machines.
fn has_status(noun: &Noun) -> bool {
    noun.fields().iter().any(|field| field.is_called("status_name"))
}

/// The word by which filters know a status that is given like that, or as it is shown.
fn status(text: &str) -> Result<&'static str, Failure> {
    let word = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let given = word(text);
    let is_it = |status: &&Status| [status.filter_name(), status.name()].map(word).contains(&given);
    Status::ALL.iter().find(is_it).map(|status| status.filter_name()).ok_or_else(|| {
        let known: Vec<&str> = Status::ALL.iter().map(|status| status.filter_name()).collect();
        let known = known.join(", ");
        Failure::Usage(format!(
            "there is no status `{text}` to wait for: there are {known}; a filter is field:value"
        ))
    })
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

    fn filter(noun: &str, text: &str) -> Result<String, (u8, String)> {
        let until = Until::read(noun::find(noun).unwrap(), text, Duration::ZERO);
        until.map(|until| until.filter).map_err(|failure| failure.told())
    }

    #[test]
    fn what_is_waited_for_is_a_filter_of_the_language() {
        assert_eq!(filter("machine", "deployed").unwrap(), "status:deployed");
        assert_eq!(filter("machine", "power:on").unwrap(), "power:on");
        assert_eq!(filter("machine", " status:ready,deployed ").unwrap(), "status:ready,deployed");
        assert_eq!(filter("pool", "").unwrap_err().0, 2);
        let machines = noun::find("machine").unwrap().fields();
        let keys = quoted(&["a-b".to_owned(), "c".to_owned()]);
        let whole = format!("system_id:{keys} ({FAILED}) -({})", filter("machine", "").unwrap());
        Query::parse(&whole, machines, Timestamp::default()).unwrap();
    }

    #[test]
    fn a_status_is_one_of_those_that_exist_in_either_spelling() {
        for text in ["rescue mode", "rescue_mode", "Rescue mode", "rescue-mode"] {
            assert_eq!(filter("machine", text).unwrap(), "status:rescue_mode", "{text}");
        }
        assert_eq!(filter("machine", "releasing failed").unwrap(), "status:failed_releasing");
        for status in Status::ALL {
            let expected = format!("status:{}", status.filter_name());
            assert_eq!(filter("machine", status.name()).unwrap(), expected);
            assert_eq!(filter("machine", status.filter_name()).unwrap(), expected);
        }
        for text in ["rescued", "rescue", "failed*", "ready deployed"] {
            let (code, message) = filter("machine", text).unwrap_err();
            assert_eq!(code, 2);
            assert!(message.contains(&format!("`{text}`")), "{message}");
            assert!(message.contains("entering_rescue_mode, failed_entering"), "{message}");
        }
    }
}
