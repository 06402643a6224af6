//! A client that packs what its callers ask at the same time into few messages.
//!
//! A message costs both sides far more than a transaction in it. So while a few messages are under
//! way, requests gather and go together in the next one; each has an answer of its own, and a single
//! caller waits for nothing.

use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use bytes::Bytes;
use prost::Message;
use raft_store::packing::{Limits, Packer, Weigh};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::wire::kv_client::KvClient;
use crate::wire::{Found, KeysRequest, TxnBatch, TxnReply, TxnRequest, Value};

/// Of requests, and of messages of a kind.
const LIMITS: Limits = Limits { waiting: 4096, packs: 3, count: 512, size_bytes: 1 << 20 };

/// A client of one node; clones share its messages. It must be made inside a tokio runtime, and ends
/// with its last clone.
#[derive(Debug, Clone)]
pub struct Packed {
    txns: Queue<TxnRequest, TxnReply>,
    keys: Queue<Bytes, Found>,
}

impl Packed {
    /// Sends through the given client.
    #[must_use]
    pub fn new(client: KvClient<Channel>) -> Self {
        let writer = client.clone();
        let txns = Queue::start(TxnRequest::encoded_len, move |txns| {
            let mut client = writer.clone();
            async move { Ok(client.each(TxnBatch { txns }).await?.into_inner().replies) }
        });
        let keys = Queue::start(Bytes::len, move |keys| {
            let mut client = client.clone();
            async move { Ok(client.get_each(KeysRequest { keys }).await?.into_inner().found) }
        });
        Self { txns, keys }
    }

    /// Sends a transaction and waits for its answer.
    ///
    /// # Errors
    /// When its message failed: then the outcome is unknown.
    pub async fn transact(&self, txn: TxnRequest) -> anyhow::Result<TxnReply> {
        self.txns.ask(txn).await
    }

    /// The value of a key, after everything that was acknowledged before; none when it is absent.
    ///
    /// # Errors
    /// When its message failed.
    pub async fn get(&self, key: Bytes) -> anyhow::Result<Option<Value>> {
        Ok(self.keys.ask(key).await?.value)
    }
}

/// A request and who waits for its answer.
#[derive(Debug)]
struct Waiting<Q, A> {
    asked: Q,
    size_bytes: usize,
    done: oneshot::Sender<anyhow::Result<A>>,
}

impl<Q: Send + 'static, A: Send + 'static> Weigh for Waiting<Q, A> {
    fn size_bytes(&self) -> usize {
        self.size_bytes
    }
}

/// Requests of one kind that wait to be sent.
#[derive(Debug)]
struct Queue<Q, A> {
    packer: Packer<Waiting<Q, A>>,
    size_bytes: fn(&Q) -> usize,
    /// Ends with the last clone.
    sender: Arc<JoinSet<()>>,
}

impl<Q, A> Clone for Queue<Q, A> {
    fn clone(&self) -> Self {
        let Self { packer, size_bytes, sender } = self;
        Self { packer: packer.clone(), size_bytes: *size_bytes, sender: Arc::clone(sender) }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Queue<Q, A> {
    /// `send` sends requests as one message; it returns an answer for each.
    fn start<F, Sent>(size_bytes: fn(&Q) -> usize, send: F) -> Self
    where
        F: Fn(Vec<Q>) -> Sent + Send + 'static,
        Sent: Future<Output = anyhow::Result<Vec<A>>> + Send + 'static,
    {
        let (packer, queue) = Packer::new(LIMITS);
        let mut sender = JoinSet::new();
        sender.spawn(queue.run(move |message: Vec<Waiting<Q, A>>| {
            let (asked, done): (Vec<_>, Vec<_>) =
                message.into_iter().map(|waiting| (waiting.asked, waiting.done)).unzip();
            let sent = send(asked);
            async move { tell(done, sent.await) }
        }));
        Self { packer, size_bytes, sender: Arc::new(sender) }
    }

    async fn ask(&self, asked: Q) -> anyhow::Result<A> {
        let stopped = "the client has stopped";
        let (done, answer) = oneshot::channel();
        let waiting = Waiting { size_bytes: (self.size_bytes)(&asked), asked, done };
        self.packer.push(waiting).await.map_err(|_| anyhow!(stopped))?;
        answer.await.context(stopped)?
    }
}

/// Tells each caller its answer. Who does not wait any more need not be told.
fn tell<A>(waiting: Vec<oneshot::Sender<anyhow::Result<A>>>, answers: anyhow::Result<Vec<A>>) {
    let complete = answers.and_then(|answers| {
        ensure!(answers.len() == waiting.len(), "{} answers are missing", waiting.len());
        Ok(answers)
    });
    match complete {
        Ok(answers) => {
            for (done, answer) in waiting.into_iter().zip(answers) {
                drop(done.send(Ok(answer)));
            }
        }
        Err(error) => {
            for done in waiting {
                drop(done.send(Err(anyhow!("{error:#}"))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use tokio::sync::{Mutex, Semaphore};

    use super::*;

    #[tokio::test]
    async fn what_waits_goes_together_and_each_gets_its_answer() {
        let (sent, go) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let queue = Queue::start(|_: &u64| 1, {
            let (sent, go) = (Arc::clone(&sent), Arc::clone(&go));
            move |asked: Vec<u64>| {
                let (sent, go) = (Arc::clone(&sent), Arc::clone(&go));
                async move {
                    sent.lock().await.push(asked.len());
                    go.acquire().await.expect("open").forget();
                    Ok(asked.into_iter().map(|number| number * 2).collect())
                }
            }
        });
        let asked = join_all((0..100_u64).map(|number| queue.ask(number)));
        let (answers, ()) = tokio::join!(asked, async { go.add_permits(100) });
        for (number, answer) in (0..).zip(answers) {
            assert_eq!(2_u64 * number, answer.expect("an answer"));
        }
        let sent = sent.lock().await;
        assert_eq!(100, sent.iter().sum::<usize>());
        assert!(sent.len() <= LIMITS.packs + 1, "{sent:?}");
    }

    #[tokio::test]
    async fn a_message_that_fails_or_lacks_answers_fails_all_its_callers() {
        for answers in [Err("lost"), Ok(vec![1_u64])] {
            let queue = Queue::start(
                |_: &u64| 1,
                move |_| {
                    let answers = answers.clone().map_err(|reason| anyhow!(reason));
                    async move { answers }
                },
            );
            for answer in join_all([queue.ask(1), queue.ask(2)]).await {
                assert!(answer.is_err());
            }
        }
    }
}
