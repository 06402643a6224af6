//! What is committed travels with the next entries.
//!
//! A leader tells its followers as soon as more is committed, in a message without entries when there
//! are none to send. When entries follow at once, as they do under load, that message is half of all
//! messages. So it is held back for a moment, and dropped when a later request, which tells the same
//! and more, can be sent instead. The reply to that one answers it too: openraft counts what a
//! follower has, not its replies.
//!
//! Who waits on a follower for what was committed does not wait for this: while a request of another
//! node is answered here, nothing is held back.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use openraft::raft::AppendEntriesRequest;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::types::TypeConfig;

type Request = AppendEntriesRequest<TypeConfig>;

/// How long a message without entries waits for entries.
const HOLD: Duration = Duration::from_millis(1);

/// Counts the requests of other nodes that are being answered; clones share the count.
#[derive(Debug, Clone, Default)]
pub(crate) struct RemoteRequests {
    count: Arc<watch::Sender<usize>>,
}

impl RemoteRequests {
    /// One more, until the result is dropped.
    pub(crate) fn enter(&self) -> RemoteRequest {
        self.count.send_modify(|count| *count += 1);
        RemoteRequest { count: Arc::clone(&self.count) }
    }
}

/// A request of another node that is being answered.
pub(crate) struct RemoteRequest {
    count: Arc<watch::Sender<usize>>,
}

impl Drop for RemoteRequest {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}

/// The same requests, in their order, with fewer of those that have no entries.
pub(crate) fn hold(
    requests: impl Stream<Item = Request> + Unpin + Send + 'static,
    remote_requests: &RemoteRequests,
) -> impl Stream<Item = Request> + Send + 'static {
    let remote_requests = remote_requests.count.subscribe();
    let holding = Holding { requests: requests.fuse(), remote_requests, held: None };
    futures::stream::unfold(holding, |mut holding| async move {
        let request = holding.next().await?;
        Some((request, holding))
    })
}

struct Holding<S> {
    requests: S,
    remote_requests: watch::Receiver<usize>,
    /// A request without entries, and when it is sent at the latest.
    held: Option<(Request, Instant)>,
}

impl<S: Stream<Item = Request> + Unpin> Holding<S> {
    async fn next(&mut self) -> Option<Request> {
        loop {
            let until = self.held.as_ref().map(|(_, until)| *until);
            let request = tokio::select! {
                biased;
                request = self.requests.next() => request,
                () = Self::no_longer(until, &mut self.remote_requests) => return self.take(),
            };
            match request {
                // What is held came before and tells less.
                Some(request) if request.entries.is_empty() => {
                    let until = until.unwrap_or_else(|| Instant::now() + HOLD);
                    self.held = Some((request, until));
                }
                Some(request) => {
                    self.held = None;
                    return Some(request);
                }
                None => return self.take(),
            }
        }
    }

    fn take(&mut self) -> Option<Request> {
        self.held.take().map(|(request, _)| request)
    }

    /// Returns when what is held is to be sent; never when nothing is.
    async fn no_longer(until: Option<Instant>, remote_requests: &mut watch::Receiver<usize>) {
        let Some(until) = until else { return std::future::pending().await };
        tokio::select! {
            biased;
            Ok(_) = remote_requests.wait_for(|count| *count > 0) => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use futures::channel::mpsc::{UnboundedSender, unbounded};
    use futures::stream::BoxStream;
    use openraft::EntryPayload;
    use openraft::entry::RaftEntry;

    use super::*;
    use crate::types::{Entry, LeaderId, LogId, Vote};

    fn log_id(index: u64) -> LogId {
        LogId { leader_id: LeaderId { term: 1, node_id: 1 }, index }
    }

    /// A request that tells what is committed and has that many entries.
    fn request(committed: u64, entries: u64) -> Request {
        let entry = |index| Entry::new(log_id(index), EntryPayload::Blank);
        AppendEntriesRequest {
            vote: Vote { leader_id: LeaderId { term: 1, node_id: 1 }, committed: true },
            prev_log_id: Some(log_id(committed)),
            leader_commit: Some(log_id(committed)),
            entries: (committed + 1..=committed + entries).map(entry).collect(),
        }
    }

    /// Where to send requests, and what becomes of them: what is committed, and the entries.
    fn begin(
        remote_requests: &RemoteRequests,
    ) -> (UnboundedSender<Request>, BoxStream<'static, (u64, usize)>) {
        let (sender, requests) = unbounded();
        let told = |request: Request| {
            (request.leader_commit.map_or(0, |log_id| log_id.index), request.entries.len())
        };
        (sender, hold(requests, remote_requests).map(told).boxed())
    }

    fn send(sender: &UnboundedSender<Request>, request: Request) {
        sender.unbounded_send(request).expect("somebody receives");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_committed_travels_with_entries_that_come_at_once() {
        let (sender, mut held) = begin(&RemoteRequests::default());
        send(&sender, request(1, 1));
        assert_eq!(Some((1, 1)), held.next().await, "entries never wait");
        send(&sender, request(2, 0));
        assert_eq!(None, held.next().now_or_never(), "no entries yet");
        send(&sender, request(3, 0));
        send(&sender, request(3, 2));
        assert_eq!(Some((3, 2)), held.next().await);
        assert_eq!(None, held.next().now_or_never(), "nothing is left to send");
    }

    #[tokio::test(start_paused = true)]
    async fn without_entries_the_last_one_is_sent_after_a_moment() {
        let (sender, mut held) = begin(&RemoteRequests::default());
        let began = Instant::now();
        send(&sender, request(2, 0));
        send(&sender, request(3, 0));
        assert_eq!(Some((3, 0)), held.next().await);
        assert_eq!(HOLD, began.elapsed());
        send(&sender, request(4, 0));
        drop(sender);
        assert_eq!(Some((4, 0)), held.next().await, "nothing is lost with the stream");
        assert_eq!(None, held.next().await);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_held_while_another_node_waits_for_an_answer() {
        let remote_requests = RemoteRequests::default();
        let (sender, mut held) = begin(&remote_requests);
        send(&sender, request(2, 0));
        assert_eq!(None, held.next().now_or_never());
        let remote_request = remote_requests.enter();
        assert_eq!(Some(Some((2, 0))), held.next().now_or_never(), "what was held");
        send(&sender, request(3, 0));
        assert_eq!(Some(Some((3, 0))), held.next().now_or_never(), "what comes");
        drop(remote_request);
        send(&sender, request(4, 0));
        assert_eq!(None, held.next().now_or_never(), "nobody waits any more");
    }
}
