//! Heartbeats to one node share a stream.
//!
//! openraft asks for a stream for each heartbeat, and drops it when the answer is late. A call of its
//! own for each, with its headers and its trailers, would be most of what an idle cluster does. So the
//! stream stays open; it is left when an answer is missing, because the next answer on it would be
//! taken for that of a later heartbeat.

use futures::channel::mpsc;
use proto::raft as wire;
use tonic::{Response, Status, Streaming};

/// The stream of heartbeats to a node: none before the first one, and after one that was not
/// answered.
#[derive(Default)]
pub(super) struct Heartbeats {
    open: Option<Open>,
}

struct Open {
    messages: mpsc::Sender<wire::AppendRequest>,
    replies: Streaming<wire::AppendReply>,
}

impl Heartbeats {
    /// Sends a heartbeat and returns the answer to it; `call` opens a stream. When the future is
    /// dropped, the next heartbeat opens another one.
    pub(super) async fn send<Called>(
        &mut self,
        message: wire::AppendRequest,
        call: impl FnOnce(mpsc::Receiver<wire::AppendRequest>) -> Called,
    ) -> Result<wire::AppendReply, Status>
    where
        Called: Future<Output = Result<Response<Streaming<wire::AppendReply>>, Status>>,
    {
        let ended = || Status::unavailable("the peer ended the stream of heartbeats");
        let mut open = match self.open.take() {
            Some(mut open) => {
                open.messages.try_send(message).map_err(|_| ended())?;
                open
            }
            None => {
                let (mut messages, sent) = mpsc::channel(1);
                messages.try_send(message).map_err(|_| ended())?;
                Open { messages, replies: call(sent).await?.into_inner() }
            }
        };
        let reply = open.replies.message().await?.ok_or_else(ended)?;
        self.open = Some(open);
        Ok(reply)
    }

    /// Leaves the stream, whose other end does not go on.
    pub(super) fn close(&mut self) {
        self.open = None;
    }
}
