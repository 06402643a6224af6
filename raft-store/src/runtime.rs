//! What a node takes from its surroundings: tasks, clocks, chance, and threads for work that blocks.
//!
//! A simulated process (feature `testing`) brings its own, so that a seed gives everything. Outside of
//! one, and always in a build without that feature, they are the system's.

#[cfg(feature = "testing")]
pub(crate) use crate::sim::clock;
#[cfg(feature = "testing")]
use crate::sim::process as surroundings;
#[cfg(not(feature = "testing"))]
use system as surroundings;

#[cfg(not(feature = "testing"))]
pub(crate) mod clock;
pub(crate) mod system;

use std::time::Duration;

use openraft::{AsyncRuntime, OptionalSend};
use openraft_rt_tokio::TokioRuntime;
use rand::SeedableRng;
use rand::rngs::StdRng;

pub(crate) use self::surroundings::{blocking, now_ms, random, scoped};

/// Whether a deliberate defect is switched on: a simulation must find it. Never without the feature
/// `testing`.
macro_rules! mutant {
    ($name:ident) => {{
        #[cfg(feature = "testing")]
        let on = $crate::sim::process::is_on($crate::sim::mutant::Mutant::$name);
        #[cfg(not(feature = "testing"))]
        let on = false;
        on
    }};
}
pub(crate) use mutant;

/// The runtime of openraft: tokio's, with the surroundings of the node.
#[derive(Debug)]
pub(crate) struct Runtime(TokioRuntime);

impl AsyncRuntime for Runtime {
    type JoinError = <TokioRuntime as AsyncRuntime>::JoinError;
    type JoinHandle<T: OptionalSend + 'static> = <TokioRuntime as AsyncRuntime>::JoinHandle<T>;
    type Sleep = <TokioRuntime as AsyncRuntime>::Sleep;
    type Instant = clock::Instant;
    type TimeoutError = <TokioRuntime as AsyncRuntime>::TimeoutError;
    type Timeout<R, T: Future<Output = R> + OptionalSend> =
        <TokioRuntime as AsyncRuntime>::Timeout<R, T>;
    type ThreadLocalRng = StdRng;
    type Mpsc = <TokioRuntime as AsyncRuntime>::Mpsc;
    type Watch = <TokioRuntime as AsyncRuntime>::Watch;
    type Oneshot = <TokioRuntime as AsyncRuntime>::Oneshot;
    type Mutex<T: OptionalSend + 'static> = <TokioRuntime as AsyncRuntime>::Mutex<T>;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        TokioRuntime::spawn(scoped(future))
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        clock::sleep(duration)
    }

    fn sleep_until(deadline: Self::Instant) -> Self::Sleep {
        clock::sleep_until(deadline)
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(
        duration: Duration,
        future: F,
    ) -> Self::Timeout<R, F> {
        clock::timeout(duration, future)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(
        deadline: Self::Instant,
        future: F,
    ) -> Self::Timeout<R, F> {
        clock::timeout_at(deadline, future)
    }

    fn is_panic(join_error: &Self::JoinError) -> bool {
        TokioRuntime::is_panic(join_error)
    }

    fn thread_rng() -> StdRng {
        StdRng::seed_from_u64(random())
    }

    fn new(threads: usize) -> Self {
        Self(TokioRuntime::new(threads))
    }

    fn block_on<F, T>(&mut self, future: F) -> T
    where
        F: Future<Output = T>,
    {
        self.0.block_on(future)
    }
}
