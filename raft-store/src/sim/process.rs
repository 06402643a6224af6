//! A simulated process: its tasks can be stopped, continued and killed, and its time of day and its
//! chance come from a seed.
//!
//! Every future that a node spawns is `scoped`: it belongs to the process whose task spawned it. A
//! paused process is not polled, as after SIGSTOP, while the time goes on. A killed one is dropped
//! where it stands, as after SIGKILL.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;
use tokio::time::Instant;

use super::clock::{Clock, Drift};
use super::mutant::Mutant;
use super::turns;
use crate::runtime::system;

/// The time of day at which every simulation begins: milliseconds since the Unix epoch.
const BEGIN_MS: i64 = 1_800_000_000_000;

thread_local! {
    /// The process whose task is polled. openraft asks for its random numbers without saying for
    /// whom, so there is no other way to tell.
    static CURRENT: RefCell<Option<Process>> = const { RefCell::new(None) };
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It was killed by the simulation.
    #[error("it was killed")]
    Killed,
    /// It ended itself or panicked.
    #[error("it failed: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
}

/// A time of day that may be wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skew {
    /// How much it is ahead, in milliseconds.
    pub offset_ms: i64,
    /// How much faster it runs, in parts per thousand.
    pub faster_permille: i64,
}

/// A simulated process; clones share it.
#[derive(Debug, Clone)]
pub struct Process {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    seed: u64,
    mutant: Option<Mutant>,
    ended: watch::Sender<Option<Ended>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    paused: bool,
    /// Whether `ended` says how it did.
    has_ended: bool,
    rng: StdRng,
    skew: Skew,
    /// How to wake each task, by its number.
    wakers: BTreeMap<u64, Waker>,
}

impl Process {
    /// A new process of a simulation that began at `begin`; `seed` gives its random numbers, and
    /// `drift` the rate of its monotonic clock for as long as it lives.
    #[must_use]
    pub fn new(begin: Instant, seed: u64, mutant: Option<Mutant>, drift: Drift) -> Self {
        let state = State {
            paused: false,
            has_ended: false,
            rng: StdRng::seed_from_u64(seed),
            skew: Skew::default(),
            wakers: BTreeMap::new(),
        };
        let (ended, _) = watch::channel(None);
        let clock = Clock { right_at: begin, drift };
        Self { shared: Arc::new(Shared { clock, seed, mutant, ended, state: Mutex::new(state) }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().expect("no panic while locked")
    }

    /// The seed of the process: each process of a node has another one.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.shared.seed
    }

    /// Whether it has a deliberate defect.
    fn has(&self, mutant: Mutant) -> bool {
        self.shared.mutant == Some(mutant)
    }

    /// How it ended; none while it lives.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.shared.ended.borrow().clone()
    }

    /// Ends it where it stands.
    pub fn kill(&self) {
        self.end(Ended::Killed);
    }

    fn end(&self, how: Ended) {
        self.state().has_ended = true;
        self.shared.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            ended.get_or_insert(how);
            first
        });
        self.wake_all();
    }

    /// Stops polling its tasks.
    pub fn pause(&self) {
        self.state().paused = true;
    }

    /// Polls its tasks again.
    pub fn resume(&self) {
        self.state().paused = false;
        self.wake_all();
    }

    /// At which rate its monotonic clock runs.
    #[must_use]
    pub fn drift(&self) -> Drift {
        self.shared.clock.drift
    }

    /// Its monotonic clock.
    pub(super) fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Sets its time of day.
    pub fn set_skew(&self, skew: Skew) {
        self.state().skew = skew;
    }

    fn wake_all(&self) {
        let wakers: Vec<Waker> = self.state().wakers.values().cloned().collect();
        wakers.iter().for_each(Waker::wake_by_ref);
    }

    /// Runs a future as a task of the process.
    ///
    /// # Errors
    /// [`Ended`] when the process ends before the future does.
    pub async fn run<F: Future>(&self, future: F) -> Result<F::Output, Ended> {
        let mut ended = self.shared.ended.subscribe();
        let ending = async {
            let how = ended.wait_for(Option::is_some).await.map(|how| how.clone());
            how.ok().flatten().unwrap_or(Ended::Killed)
        };
        tokio::select! {
            biased;
            how = ending => Err(how),
            output = Scoped::new(Some(self.clone()), future) => Ok(output),
        }
    }

    /// Makes a future a task of the process. It never ends when the process does.
    pub fn task<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped::new(Some(self.clone()), future)
    }

    fn now_ms(&self) -> u64 {
        let elapsed = self.shared.clock.right_at.elapsed().as_millis();
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        let skew = self.state().skew;
        let now = BEGIN_MS + elapsed + elapsed * skew.faster_permille / 1000 + skew.offset_ms;
        u64::try_from(now).unwrap_or(0)
    }

    /// Whether its tasks run, and keeps the waker of one that waits until they do.
    fn standing(&self, number: u64, kept: &mut Option<Waker>, context: &Context<'_>) -> Standing {
        let mut state = self.state();
        if !kept.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *kept = Some(context.waker().clone());
            state.wakers.insert(number, context.waker().clone());
        }
        match *state {
            State { has_ended: true, .. } => Standing::Ended,
            State { paused: true, .. } => Standing::Paused,
            State { .. } => Standing::Runs,
        }
    }

    /// Makes it the current one while `act` runs.
    fn enter<R>(&self, act: impl FnOnce() -> R) -> R {
        let before = CURRENT.replace(Some(self.clone()));
        let result = catch_unwind(AssertUnwindSafe(act));
        CURRENT.replace(before);
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Whether the tasks of a process run.
enum Standing {
    Runs,
    Paused,
    Ended,
}

/// The process whose task is polled.
pub(crate) fn current() -> Option<Process> {
    CURRENT.with_borrow(Clone::clone)
}

/// Whether the process whose task is polled has the defect.
pub(crate) fn is_on(mutant: Mutant) -> bool {
    current().is_some_and(|process| process.has(mutant))
}

/// Asks the process whose task is polled, if there is one.
pub(super) fn with_current<R>(ask: impl FnOnce(Option<&Process>) -> R) -> R {
    CURRENT.with_borrow(|current| ask(current.as_ref()))
}

/// Ends the simulated process whose task is polled; returns when there is none.
pub(crate) fn end_current(reason: String) {
    if current().is_some() {
        resume_unwind(Box::new(reason));
    }
}

/// Makes a future a task of the process whose task calls this, if there is one.
pub(crate) fn scoped<F: Future>(future: F) -> Scoped<F> {
    Scoped::new(current(), future)
}

/// Milliseconds since the Unix epoch, as the process sees it.
pub(crate) fn now_ms() -> u64 {
    current().map_or_else(system::now_ms, |process| process.now_ms())
}

/// A random number.
pub(crate) fn random() -> u64 {
    current().map_or_else(system::random, |process| process.state().rng.next_u64())
}

/// Does work that blocks: at once in a simulated process, which has one thread.
pub(crate) async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, tokio::task::JoinError> {
    match current() {
        Some(_) => Ok(work()),
        None => system::blocking(work).await,
    }
}

/// A task of a process, or of none.
#[derive(Debug)]
pub struct Scoped<F> {
    process: Option<(Process, u64)>,
    /// The one of its wakers that the process knows.
    waker: Option<Waker>,
    /// None when the process ended.
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Scoped<F> {
    fn new(process: Option<Process>, future: F) -> Self {
        let process = process.map(|process| (process, turns::next_number()));
        Self { process, waker: None, future: Some(Box::pin(future)) }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { process, waker, future } = &mut *self;
        let Some(running) = future else { return Poll::Pending };
        let Some((process, number)) = process else { return running.as_mut().poll(context) };
        match process.standing(*number, waker, context) {
            Standing::Runs => {}
            Standing::Paused => return Poll::Pending,
            Standing::Ended => {
                let future = future.take();
                process.enter(|| drop(future));
                return Poll::Pending;
            }
        }
        // A part of a task has its turn with the task.
        let is_part = CURRENT.with_borrow(Option::is_some);
        if !is_part && !turns::is_turn(*number, context) {
            return Poll::Pending;
        }
        let polled =
            process.enter(|| catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(context))));
        match polled {
            Ok(polled) => polled,
            Err(panic) => {
                process.end(Ended::Failed { reason: reason_of(&*panic) });
                let future = future.take();
                process.enter(|| drop(future));
                Poll::Pending
            }
        }
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        let Some((process, number)) = self.process.take() else { return };
        process.state().wakers.remove(&number);
        if let Some(future) = self.future.take() {
            process.enter(|| drop(future));
        }
    }
}

fn reason_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it panicked".to_owned())
}
