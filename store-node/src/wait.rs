//! Waiting for a condition, with a bound and a name.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Waits until `look` returns a value.
///
/// # Errors
/// When the time is over, with the last error of `look`; `what` says what was waited for.
pub async fn wait_for<T>(
    what: &str,
    bound: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + bound;
    loop {
        let looked = look().await;
        if let Ok(Some(value)) = looked {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            let message = format!("{what}: not within {} s", bound.as_secs());
            return match looked {
                Err(error) => Err(error.context(message)),
                Ok(_) => bail!("{message}"),
            };
        }
        sleep(POLL).await;
    }
}
