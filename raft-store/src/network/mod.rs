//! Region to region over gRPC: Raft's messages and requests for the leader.
//!
//! Every call names the cluster, the caller and the node it means. A node answers only when all
//! three are right and the caller's certificate proves what it claims, because an answer from the
//! wrong node can split the cluster.

pub(crate) mod client;
pub(crate) mod convert;
pub(crate) mod hold;
pub(crate) mod peer;
mod receive;
pub(crate) mod requests;
mod send;
pub(crate) mod server;
