//! Raft's messages as they are on the wire.

use openraft::raft::{
    AppendEntriesRequest, StreamAppendError, StreamAppendResult, TransferLeaderError,
    TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};
use proto::raft as wire;

use crate::stored::{
    StoredError, entry_from_wire, entry_to_wire, log_id_from_wire, log_id_to_wire, vote_from_wire,
    vote_to_wire,
};
use crate::types::{TypeConfig, Vote};

pub(crate) fn vote(vote: Option<wire::VoteValue>) -> Result<Vote, StoredError> {
    Ok(vote_from_wire(vote.ok_or(StoredError::Missing { field: "vote" })?))
}

pub(crate) fn append_to_wire(request: &AppendEntriesRequest<TypeConfig>) -> wire::AppendRequest {
    wire::AppendRequest {
        vote: Some(vote_to_wire(&request.vote)),
        prev_log_id: request.prev_log_id.map(log_id_to_wire),
        entries: request.entries.iter().map(entry_to_wire).collect(),
        leader_commit: request.leader_commit.map(log_id_to_wire),
    }
}

pub(crate) fn append_from_wire(
    request: wire::AppendRequest,
) -> Result<AppendEntriesRequest<TypeConfig>, StoredError> {
    Ok(AppendEntriesRequest {
        vote: vote(request.vote)?,
        prev_log_id: request.prev_log_id.map(log_id_from_wire),
        entries: request.entries.into_iter().map(entry_from_wire).collect::<Result<_, _>>()?,
        leader_commit: request.leader_commit.map(log_id_from_wire),
    })
}

pub(crate) fn appended_to_wire(result: StreamAppendResult<TypeConfig>) -> wire::AppendReply {
    use wire::append_reply::Result as Reply;
    let result = match result {
        Ok(log_id) => Reply::Accepted(wire::Accepted { log_id: log_id.map(log_id_to_wire) }),
        Err(StreamAppendError::Conflict(log_id)) => Reply::Conflict(log_id_to_wire(log_id)),
        Err(StreamAppendError::HigherVote(vote)) => Reply::HigherVote(vote_to_wire(&vote)),
    };
    wire::AppendReply { result: Some(result) }
}

pub(crate) fn appended_from_wire(
    reply: wire::AppendReply,
) -> Result<StreamAppendResult<TypeConfig>, StoredError> {
    use wire::append_reply::Result as Reply;
    Ok(match reply.result.ok_or(StoredError::Missing { field: "result" })? {
        Reply::Accepted(accepted) => Ok(accepted.log_id.map(log_id_from_wire)),
        Reply::Conflict(log_id) => Err(StreamAppendError::Conflict(log_id_from_wire(log_id))),
        Reply::HigherVote(vote) => Err(StreamAppendError::HigherVote(vote_from_wire(vote))),
    })
}

pub(crate) fn vote_request_to_wire(request: &VoteRequest<TypeConfig>) -> wire::VoteRequest {
    wire::VoteRequest {
        vote: Some(vote_to_wire(&request.vote)),
        last_log_id: request.last_log_id.map(log_id_to_wire),
        leadership_transfer: request.leadership_transfer,
    }
}

pub(crate) fn vote_request_from_wire(
    request: wire::VoteRequest,
) -> Result<VoteRequest<TypeConfig>, StoredError> {
    Ok(VoteRequest {
        vote: vote(request.vote)?,
        last_log_id: request.last_log_id.map(log_id_from_wire),
        leadership_transfer: request.leadership_transfer,
    })
}

pub(crate) fn vote_reply_to_wire(reply: &VoteResponse<TypeConfig>) -> wire::VoteReply {
    wire::VoteReply {
        vote: Some(vote_to_wire(&reply.vote)),
        granted: reply.vote_granted,
        last_log_id: reply.last_log_id.map(log_id_to_wire),
    }
}

pub(crate) fn vote_reply_from_wire(
    reply: wire::VoteReply,
) -> Result<VoteResponse<TypeConfig>, StoredError> {
    let last_log_id = reply.last_log_id.map(log_id_from_wire);
    Ok(VoteResponse::new(vote(reply.vote)?, last_log_id, reply.granted))
}

pub(crate) fn transfer_to_wire(
    request: &TransferLeaderRequest<TypeConfig>,
) -> wire::TransferLeaderRequest {
    wire::TransferLeaderRequest {
        from_leader: Some(vote_to_wire(request.from_leader())),
        to: *request.to_node_id(),
        last_log_id: request.last_log_id().copied().map(log_id_to_wire),
    }
}

pub(crate) fn transfer_from_wire(
    request: wire::TransferLeaderRequest,
) -> Result<TransferLeaderRequest<TypeConfig>, StoredError> {
    let last_log_id = request.last_log_id.map(log_id_from_wire);
    Ok(TransferLeaderRequest::new(vote(request.from_leader)?, request.to, last_log_id))
}

pub(crate) fn transferred_to_wire(
    response: TransferLeaderResponse<TypeConfig>,
) -> wire::TransferLeaderReply {
    use wire::transfer_leader_reply::Result as Reply;
    let result = match response {
        Ok(()) => Reply::Accepted(wire::Blank {}),
        Err(TransferLeaderError::VoteChanged { expected, actual }) => {
            Reply::VoteChanged(wire::TransferVoteChanged {
                expected: Some(vote_to_wire(&expected)),
                actual: Some(vote_to_wire(&actual)),
            })
        }
        Err(TransferLeaderError::LogNotFlushed { expected, actual }) => {
            Reply::LogNotFlushed(wire::TransferLogNotFlushed {
                expected: expected.map(log_id_to_wire),
                actual: actual.map(log_id_to_wire),
            })
        }
    };
    wire::TransferLeaderReply { result: Some(result) }
}

pub(crate) fn transferred_from_wire(
    reply: wire::TransferLeaderReply,
) -> Result<TransferLeaderResponse<TypeConfig>, StoredError> {
    use wire::transfer_leader_reply::Result as Reply;
    Ok(match reply.result.ok_or(StoredError::Missing { field: "result" })? {
        Reply::Accepted(wire::Blank {}) => Ok(()),
        Reply::VoteChanged(changed) => Err(TransferLeaderError::VoteChanged {
            expected: vote(changed.expected)?,
            actual: vote(changed.actual)?,
        }),
        Reply::LogNotFlushed(behind) => Err(TransferLeaderError::LogNotFlushed {
            expected: behind.expected.map(log_id_from_wire),
            actual: behind.actual.map(log_id_from_wire),
        }),
    })
}
