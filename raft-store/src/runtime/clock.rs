//! The monotonic clock of the machine, as tokio tells it.

use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_tokio::TokioRuntime;
use tokio::time::{Sleep, Timeout};

/// What the clock showed.
pub(crate) type Instant = <TokioRuntime as AsyncRuntime>::Instant;

/// Waits so long.
pub(crate) fn sleep(duration: Duration) -> Sleep {
    TokioRuntime::sleep(duration)
}

/// Waits until then.
pub(crate) fn sleep_until(deadline: Instant) -> Sleep {
    TokioRuntime::sleep_until(deadline)
}

/// Gives a future so much time.
pub(crate) fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    tokio::time::timeout(duration, future)
}

/// Gives a future time until then.
pub(crate) fn timeout_at<F: Future + Send>(deadline: Instant, future: F) -> Timeout<F> {
    TokioRuntime::timeout_at(deadline, future)
}
