//! Requests from node to node that are not of Raft itself.

use futures::future::{BoxFuture, join_all};
use proto::raft as wire;
use tonic::Code;

use super::peer::{Peers, Purpose};

/// How a node reaches the others. An error says why there is no answer; the request may have been
/// carried out all the same.
pub(crate) trait Requests: Send + Sync {
    /// Asks node `to` at `address` to apply transactions, each for itself; the replies are in their
    /// order.
    fn transact<'a>(
        &'a self,
        to: u64,
        address: &'a str,
        txns: Vec<wire::Txn>,
    ) -> BoxFuture<'a, Result<Vec<wire::TransactReply>, String>>;

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
        txns: Vec<wire::Txn>,
    ) -> BoxFuture<'a, Result<Vec<wire::TransactReply>, String>> {
        Box::pin(async move {
            let client = self.client(to, address, Purpose::Requests);
            if let [_, _, ..] = txns.as_slice() {
                let request = wire::TransactEachRequest { txns: txns.clone() };
                let reply = client.clone().transact_each(self.request(to, request)).await;
                // A node of an older version applied none.
                if !reply.as_ref().is_err_and(|status| status.code() == Code::Unimplemented) {
                    return Ok(answer(reply)?.replies);
                }
            }
            let singly = txns.into_iter().map(|txn| {
                let (mut client, txn) = (client.clone(), Some(txn));
                let request = self.request(to, wire::TransactRequest { txn });
                async move { reply_or_unknown(answer(client.transact(request).await)) }
            });
            Ok(join_all(singly).await)
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

/// A lost answer says nothing of the others.
fn reply_or_unknown(reply: Result<wire::TransactReply, String>) -> wire::TransactReply {
    use wire::transact_reply::Result as Reply;
    reply.unwrap_or_else(|reason| wire::TransactReply { result: Some(Reply::Unknown(reason)) })
}
