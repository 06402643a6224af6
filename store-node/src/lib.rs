//! One store process: raft-store and nothing else, behind a small gRPC service.
//!
//! Tests and benchmarks of the store run it, because a region does far more than the store. `serve`
//! is the process, `packed` a client of it that suits many callers; `cluster` starts such processes and stops them whatever happens.

pub mod bench;
pub mod cluster;
pub mod options;
pub mod packed;
pub mod process;
pub mod serve;
mod service;
pub mod start;
pub mod wait;

/// The messages of `kv.proto`.
pub mod wire {
    #![expect(
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::doc_markdown,
        unused_qualifications,
        reason = "generated"
    )]
    tonic::include_proto!("ironraft.kv.v1");
}
