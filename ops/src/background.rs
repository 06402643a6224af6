//! Work that nobody's lease waits for: long lists.
//!
//! It is done on a few threads of low priority, piece by piece, in the order of asking. So it
//! takes what requests, Raft and leases leave of the processors, however many ask for it at once, and
//! none of its pieces ever runs on a thread that carries Raft's heartbeats.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

/// How much less of a processor these threads get than others: steps of nice(2), of which each is
/// about a tenth.
const NICENESS: i32 = 10;

type Piece = Box<dyn FnOnce() + Send>;

static PIECES: LazyLock<Sender<Piece>> = LazyLock::new(start);

/// Does a piece of work. A piece should take some milliseconds: others wait for their turn.
///
/// # Panics
/// When the work does.
pub async fn run<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let (answer, answered) = oneshot::channel();
    let piece = Box::new(move || {
        // Nobody may be left who waits.
        drop(answer.send(catch_unwind(AssertUnwindSafe(work))));
    });
    PIECES.send(piece).expect("the threads run as long as the process");
    match answered.await.expect("each piece is answered") {
        Ok(done) => done,
        Err(panic) => resume_unwind(panic),
    }
}

/// Half of the processors, and at least one.
fn start() -> Sender<Piece> {
    let (pieces, queue) = channel();
    let queue = Arc::new(Mutex::new(queue));
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    for number in 0..(processors / 2).max(1) {
        let queue = Arc::clone(&queue);
        let name = format!("background-{number}");
        let started = thread::Builder::new().name(name).spawn(move || work(&queue));
        started.expect("a process that runs can start threads");
    }
    pieces
}

fn work(queue: &Mutex<Receiver<Piece>>) {
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "background work has the priority of all else");
    }
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(piece) => piece(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_on_a_thread_of_low_priority() {
        let priority = run(|| {
            let name = thread::current().name().unwrap_or_default().to_owned();
            (name.starts_with("background-"), rustix::process::getpriority_process(None).unwrap())
        });
        let own = rustix::process::getpriority_process(None).unwrap();
        assert_eq!(priority.await, (true, (own + NICENESS).min(19)));
    }

    #[tokio::test]
    async fn panic_of_a_piece_is_its_callers_and_the_thread_goes_on() {
        let mut failing = tokio::task::JoinSet::new();
        failing.spawn(run(|| panic!("a defect")));
        assert!(failing.join_next().await.unwrap().unwrap_err().is_panic());
        assert_eq!(run(|| 7).await, 7);
    }
}
