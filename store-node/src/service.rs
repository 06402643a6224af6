//! What clients and tests ask of a store process: requests are unpacked, the store is called, and
//! its answer is packed.

use std::pin::Pin;

use bytes::Bytes;
use futures::Stream;
use raft_store::Store;
use raft_store::read::{Consistency, ReadError, ReadView, Versioned};
use raft_store::status::MembershipError;
use raft_store::store::InitError;
use raft_store::txn::{Committed, Compare, Expected, Meta, TransactError, Txn, Write};
use raft_store::watch::{Watch, WatchError};
use tonic::{Request, Response, Status};

use crate::wire;
use crate::wire::admin_server::Admin;
use crate::wire::kv_server::Kv;

type Answer<T> = Result<Response<T>, Status>;

/// The client's side of a store.
#[derive(Debug, Clone)]
pub(super) struct Service {
    store: Store,
}

impl Service {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    async fn view(&self, stale: bool, revision: u64) -> Result<ReadView, Status> {
        let consistency = if stale { Consistency::Stale } else { Consistency::Linearizable };
        let view = match revision {
            0 => self.store.read(consistency).await,
            revision => self.store.read_at(revision).await,
        };
        view.map_err(|error| match error {
            ReadError::Unavailable { .. } => Status::unavailable(error.to_string()),
            ReadError::Compacted { .. } => Status::out_of_range(error.to_string()),
            ReadError::Failed { .. } => Status::internal(error.to_string()),
        })
    }
}

#[tonic::async_trait]
impl Kv for Service {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<wire::WatchBatch, Status>> + Send>>;

    async fn put(&self, request: Request<wire::PutRequest>) -> Answer<wire::TxnReply> {
        let wire::PutRequest { key, value, request_id } = request.into_inner();
        let meta = Meta { request_id: request_id_of(&request_id)?, ..Meta::default() };
        let writes = vec![Write::Put { key, value }];
        let txn = Txn { writes, meta, ..Txn::default() };
        Ok(Response::new(reply_of(self.store.transact(txn).await)))
    }

    async fn txn(&self, request: Request<wire::TxnRequest>) -> Answer<wire::TxnReply> {
        let txn = txn_of(request.into_inner())?;
        Ok(Response::new(reply_of(self.store.transact(txn).await)))
    }

    async fn each(&self, request: Request<wire::TxnBatch>) -> Answer<wire::TxnReplies> {
        let txns = request.into_inner().txns.into_iter().map(txn_of);
        let txns: Vec<Txn> = txns.collect::<Result<_, _>>()?;
        let outcomes = self.store.transact_each(txns).await;
        let replies = outcomes.into_iter().map(reply_of).collect();
        Ok(Response::new(wire::TxnReplies { replies }))
    }

    async fn get(&self, request: Request<wire::GetRequest>) -> Answer<wire::GetReply> {
        let wire::GetRequest { key, stale, revision } = request.into_inner();
        let view = self.view(stale, revision).await?;
        let value = view.get(&key).map(value_to_wire);
        Ok(Response::new(wire::GetReply { revision: view.revision(), value }))
    }

    async fn get_each(&self, request: Request<wire::KeysRequest>) -> Answer<wire::KeysReply> {
        let view = self.view(false, 0).await?;
        let found = |key: Bytes| wire::Found { value: view.get(&key).map(value_to_wire) };
        let found = request.into_inner().keys.into_iter().map(found).collect();
        Ok(Response::new(wire::KeysReply { revision: view.revision(), found }))
    }

    async fn range(&self, request: Request<wire::RangeRequest>) -> Answer<wire::RangeReply> {
        let wire::RangeRequest { prefix, stale, revision } = request.into_inner();
        let view = self.view(stale, revision).await?;
        let pair = |(key, value)| wire::KeyValue { key, value: Some(value_to_wire(value)) };
        let pairs = view.range(&prefix).into_iter().map(pair).collect();
        Ok(Response::new(wire::RangeReply { revision: view.revision(), pairs }))
    }

    async fn watch(&self, request: Request<wire::WatchRequest>) -> Answer<Self::WatchStream> {
        let wire::WatchRequest { prefixes, after_revision } = request.into_inner();
        let watch = self.store.watch(prefixes, after_revision).await.map_err(watch_failed)?;
        let batches = futures::stream::unfold(Some(watch), |watch| async {
            let mut watch: Watch = watch?;
            Some(match watch.next().await {
                Ok(batch) => (Ok(batch_to_wire(batch)), Some(watch)),
                Err(error) => (Err(watch_failed(error)), None),
            })
        });
        Ok(Response::new(Box::pin(batches)))
    }
}

fn reply_of(outcome: Result<Committed, TransactError>) -> wire::TxnReply {
    use wire::txn_reply::Result as Reply;
    let result = match outcome {
        Ok(committed) => Reply::Committed(committed.revision),
        Err(TransactError::Conflict { key }) => Reply::Conflict(key),
        Err(TransactError::NotCommitted { reason }) => Reply::NotCommitted(reason),
        Err(error @ TransactError::DiskLow { .. }) => Reply::NotCommitted(error.to_string()),
        Err(TransactError::Unknown { reason }) => Reply::Unknown(reason),
        Err(TransactError::Invalid { reason }) => Reply::Invalid(reason),
        Err(error @ TransactError::Decided { .. }) => Reply::Invalid(error.to_string()),
    };
    wire::TxnReply { result: Some(result) }
}

fn txn_of(request: wire::TxnRequest) -> Result<Txn, Status> {
    let wire::TxnRequest { compares, writes, request_id, actor } = request;
    let compare = |compare: wire::Compare| Compare {
        key: compare.key,
        expected: match compare.revision {
            0 => Expected::Absent,
            revision => Expected::Revision(revision),
        },
    };
    let write = |write: wire::Write| match write.value {
        Some(value) => Write::Put { key: write.key, value },
        None => Write::Delete { key: write.key },
    };
    Ok(Txn {
        compares: compares.into_iter().map(compare).collect(),
        writes: writes.into_iter().map(write).collect(),
        meta: Meta { actor, request_id: request_id_of(&request_id)?, ..Meta::default() },
    })
}

fn request_id_of(bytes: &Bytes) -> Result<Option<[u8; 16]>, Status> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let id = bytes.as_ref().try_into();
    id.map(Some).map_err(|_| Status::invalid_argument("a request id has 16 bytes"))
}

fn value_to_wire(versioned: Versioned) -> wire::Value {
    wire::Value { value: versioned.value, revision: versioned.revision }
}

fn batch_to_wire(batch: raft_store::watch::Batch) -> wire::WatchBatch {
    let change =
        |change: raft_store::watch::Change| wire::Change { key: change.key, value: change.value };
    let changes = batch.changes.into_iter().map(change).collect();
    wire::WatchBatch { revision: batch.revision, changes }
}

fn watch_failed(error: WatchError) -> Status {
    match error {
        WatchError::Compacted { .. } => Status::out_of_range(error.to_string()),
        WatchError::Ended => Status::unavailable(error.to_string()),
    }
}

#[tonic::async_trait]
impl Admin for Service {
    async fn status(&self, _: Request<wire::Nothing>) -> Answer<wire::StatusReply> {
        let known = self.store.status().ok_or_else(|| Status::internal("a store in memory"))?;
        let io = self.store.io_counts();
        let members = known.members.into_iter().map(|member| wire::Member {
            id: member.id,
            address: member.address,
            voter: member.voter,
            matched: member.matched.unwrap_or(0),
        });
        Ok(Response::new(wire::StatusReply {
            node_id: known.node_id,
            role: known.role.name().to_owned(),
            term: known.term,
            leader: known.leader.unwrap_or(0),
            last_log: known.last_log,
            applied: known.applied,
            snapshot: known.snapshot.unwrap_or(0),
            purged: known.purged.unwrap_or(0),
            members: members.collect(),
            batches: io.batches,
            fsyncs: io.fsyncs,
        }))
    }

    async fn init(&self, _: Request<wire::Nothing>) -> Answer<wire::Nothing> {
        match self.store.init().await {
            Ok(()) => done(),
            Err(error @ InitError::Member) => Err(Status::already_exists(error.to_string())),
            Err(error @ InitError::Failed { .. }) => Err(Status::internal(error.to_string())),
        }
    }

    async fn add_learner(
        &self,
        request: Request<wire::AddLearnerRequest>,
    ) -> Answer<wire::Nothing> {
        let wire::AddLearnerRequest { id, address } = request.into_inner();
        self.store.add_learner(id, address).await.map_err(not_changed)?;
        done()
    }

    async fn promote(&self, request: Request<wire::Node>) -> Answer<wire::Nothing> {
        self.store.promote(request.into_inner().id).await.map_err(not_changed)?;
        done()
    }

    async fn remove(&self, request: Request<wire::Node>) -> Answer<wire::Nothing> {
        self.store.remove(request.into_inner().id).await.map_err(not_changed)?;
        done()
    }

    async fn transfer(&self, request: Request<wire::Node>) -> Answer<wire::Nothing> {
        self.store.transfer_leader(request.into_inner().id).await.map_err(not_changed)?;
        done()
    }

    async fn snapshot(&self, _: Request<wire::Nothing>) -> Answer<wire::Nothing> {
        let made = self.store.snapshot().await;
        made.map_err(|error| Status::internal(error.to_string()))?;
        done()
    }

    async fn compact(&self, _: Request<wire::Nothing>) -> Answer<wire::Nothing> {
        self.store.compact().await.map_err(not_changed)?;
        done()
    }
}

fn done() -> Answer<wire::Nothing> {
    Ok(Response::new(wire::Nothing {}))
}

fn not_changed(error: MembershipError) -> Status {
    let reason = error.to_string();
    match error {
        MembershipError::NotLeader { .. } | MembershipError::Refused { .. } => {
            Status::failed_precondition(reason)
        }
        MembershipError::InProgress => Status::aborted(reason),
        MembershipError::Unavailable { .. } => Status::unavailable(reason),
        MembershipError::Unknown { .. } => Status::unknown(reason),
    }
}
