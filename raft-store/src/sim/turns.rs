//! Whose turn it is: tasks that were woken together run in the order of their numbers.
//!
//! tokio wakes those who wait on one watch channel in a random order that cannot be given a seed. So a
//! task of a simulated process that is polled only says that it is ready; when all that were woken
//! with it have said so, they run one after the other.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

thread_local! {
    /// A simulation has one thread, and a thread has one simulation at a time.
    static TURNS: RefCell<Turns> = RefCell::default();
}

#[derive(Default)]
struct Turns {
    last_number: u64,
    ready: BTreeMap<u64, Waker>,
    granted: BTreeSet<u64>,
    /// Wakes the task that gives turns; none when there is none.
    giver: Option<Waker>,
}

/// Gives turns on this thread, for as long as it is polled and not dropped.
#[derive(Debug)]
#[must_use = "turns are given while it is polled"]
pub struct GiveTurns(());

/// Gives turns to the tasks of simulated processes on this thread.
pub fn give_turns() -> GiveTurns {
    GiveTurns(())
}

impl Future for GiveTurns {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let ready = TURNS.with_borrow_mut(|turns| {
            turns.giver = Some(context.waker().clone());
            turns.granted.extend(turns.ready.keys());
            std::mem::take(&mut turns.ready)
        });
        ready.values().for_each(Waker::wake_by_ref);
        Poll::Pending
    }
}

impl Drop for GiveTurns {
    fn drop(&mut self) {
        TURNS.with_borrow_mut(|turns| {
            let last_number = turns.last_number;
            *turns = Turns { last_number, ..Turns::default() };
        });
    }
}

/// A number for a new task.
pub(super) fn next_number() -> u64 {
    TURNS.with_borrow_mut(|turns| {
        turns.last_number += 1;
        turns.last_number
    })
}

/// Whether it is the task's turn; otherwise it is woken when it is.
pub(super) fn is_turn(number: u64, context: &Context<'_>) -> bool {
    TURNS.with_borrow_mut(|turns| {
        let Some(giver) = &turns.giver else { return true };
        if turns.granted.remove(&number) {
            return true;
        }
        giver.wake_by_ref();
        turns.ready.insert(number, context.waker().clone());
        false
    })
}
