//! Transactions on their way from this node to the leader: what waits at the same time goes in one
//! message, which costs both nodes far less than one each.

use futures::future::join_all;
use prost::Message;
use proto::raft as wire;
use tokio::sync::oneshot;

use crate::packing::{Brought, Limits, Packer, Weigh};
use crate::propose::Proposed;
use crate::runtime::clock::{self, Instant};

/// Of transactions, and of messages: more than two are smaller ones, and cost the leader more.
const LIMITS: Limits = Limits { waiting: 4096, packs: 2, count: 512, size_bytes: 1 << 20 };

/// A transaction that waits to be sent.
pub(crate) struct Waiting {
    txn: wire::Txn,
    done: oneshot::Sender<Proposed>,
}

impl Weigh for Waiting {
    fn size_bytes(&self) -> usize {
        self.txn.encoded_len()
    }
}

/// The queue of transactions for the leader.
pub(crate) struct Forwarder {
    packer: Packer<Waiting>,
}

impl Forwarder {
    /// The queue, and what [`run`] takes from it.
    pub(crate) fn new() -> (Self, Brought<Waiting>) {
        let (packer, brought) = Packer::new(LIMITS);
        (Self { packer }, brought)
    }

    /// Sends a transaction to the leader and waits for the outcome until the deadline.
    pub(crate) async fn forward(&self, txn: wire::Txn, deadline: Instant) -> Proposed {
        let (done, outcome) = oneshot::channel();
        let sent = async {
            if self.packer.bring(Waiting { txn, done }).await.is_err() {
                return Proposed::NotLeader(None);
            }
            let stopping = |_| Proposed::Unknown("the store is stopping".to_owned());
            outcome.await.unwrap_or_else(stopping)
        };
        let late = |_| Proposed::Unknown("the leader did not answer in time".to_owned());
        clock::timeout_at(deadline, sent).await.unwrap_or_else(late)
    }
}

/// Sends what waits, pack by pack, until the last forwarder is dropped.
pub(crate) async fn run<Sent>(brought: Brought<Waiting>, send: impl Fn(Vec<wire::Txn>) -> Sent)
where
    Sent: Future<Output = Vec<Proposed>> + Send + 'static,
{
    let send = move |pack: Vec<Waiting>| {
        // Who gave up while it waited has said that it does not know.
        let wanted = pack.into_iter().filter(|waiting| !waiting.done.is_closed());
        let (txns, mut callers): (Vec<_>, Vec<_>) =
            wanted.map(|Waiting { txn, done }| (txn, done)).unzip();
        let sending = send(txns);
        async move {
            let outcomes = while_wanted(&mut callers, sending).await;
            for (done, outcome) in callers.into_iter().zip(outcomes.unwrap_or_default()) {
                // Who does not wait any more need not be told.
                drop(done.send(outcome));
            }
        }
    };
    brought.run(send).await;
}

/// Works until the last caller gave up: what nobody waits for any more is withdrawn, as far as it
/// still can be.
async fn while_wanted<O, T>(
    callers: &mut [oneshot::Sender<O>],
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        _ = join_all(callers.iter_mut().map(oneshot::Sender::closed)) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn work_ends_when_its_last_caller_gives_up() {
        let (mut callers, mut waiting): (Vec<_>, Vec<_>) =
            (0..2).map(|_| oneshot::channel::<()>()).unzip();
        drop(waiting.pop());
        let one_is_left = while_wanted(&mut callers, tokio::task::yield_now()).await;
        assert_eq!(Some(()), one_is_left);
        drop(waiting.pop());
        assert_eq!(None, while_wanted(&mut callers, pending::<()>()).await);
    }
}
