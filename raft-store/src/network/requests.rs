//! Requests from node to node that are not of Raft itself.

use futures::future::BoxFuture;
use proto::raft as wire;

use super::peer::{Peers, Purpose};

/// How a node reaches the others. An error says why there is no answer; the request may have been
/// carried out all the same.
pub(crate) trait Requests: Send + Sync {
    /// Asks node `to` at `address` to apply a transaction.
    fn transact<'a>(
        &'a self,
        to: u64,
        address: &'a str,
        txn: wire::Txn,
    ) -> BoxFuture<'a, Result<wire::TransactReply, String>>;

    /// Asks node `to` at `address` up to which log index a read must wait.
    fn read_index<'a>(
        &'a self,
        to: u64,
        address: &'a str,
    ) -> BoxFuture<'a, Result<wire::ReadIndexReply, String>>;

    /// Asks node `to` at `address` what the leader wants to know of every member.
    fn report<'a>(
        &'a self,
        to: u64,
        address: &'a str,
    ) -> BoxFuture<'a, Result<wire::ReportReply, String>>;
}

impl Requests for Peers {
    fn transact<'a>(
        &'a self,
        to: u64,
        address: &'a str,
        txn: wire::Txn,
    ) -> BoxFuture<'a, Result<wire::TransactReply, String>> {
        Box::pin(async move {
            let request = self.request(to, wire::TransactRequest { txn: Some(txn) });
            answer(self.client(to, address, Purpose::Requests).transact(request).await)
        })
    }

    fn read_index<'a>(
        &'a self,
        to: u64,
        address: &'a str,
    ) -> BoxFuture<'a, Result<wire::ReadIndexReply, String>> {
        Box::pin(async move {
            let request = self.request(to, wire::ReadIndexRequest {});
            answer(self.client(to, address, Purpose::Requests).read_index(request).await)
        })
    }

    fn report<'a>(
        &'a self,
        to: u64,
        address: &'a str,
    ) -> BoxFuture<'a, Result<wire::ReportReply, String>> {
        Box::pin(async move {
            let request = self.request(to, wire::ReportRequest {});
            answer(self.client(to, address, Purpose::Requests).report(request).await)
        })
    }
}

/// The reply, or why there is none.
fn answer<T>(reply: Result<tonic::Response<T>, tonic::Status>) -> Result<T, String> {
    reply.map(tonic::Response::into_inner).map_err(|status| status.message().to_owned())
}
