//! Waiting for a condition, with a bound and a name: what tests do instead of sleeping.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::wait_for;

    #[tokio::test]
    async fn waiting_ends_with_the_value_or_names_what_stayed_away() {
        let mut looks = 0;
        let value = wait_for("two looks", Duration::from_secs(5), async || {
            looks += 1;
            Ok((looks == 2).then_some(looks))
        });
        assert_eq!(value.await.expect("a value"), 2);
        let never = wait_for("the moon", Duration::ZERO, async || Ok(None::<()>)).await;
        assert_eq!(never.expect_err("it stays away").to_string(), "the moon: not within 0 s");
    }
}
