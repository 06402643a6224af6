//! The store beside etcd: same machine, same disk, same client, in turns.
//!
//! Both run as three processes on loopback with mutual TLS between them, both fsync before they
//! acknowledge, and one client program drives both over plain HTTP/2 with the same gRPC stack. Runs
//! are short and interleaved, because the machine is shared: ratios of pairs say more than numbers.

pub mod etcd;
mod failover;
mod idle;
mod load;
pub mod machine;
mod plot;
mod report;
pub mod run;
pub mod settings;
mod size;
pub mod stats;
mod system;
mod targets;

/// The part of etcd's interface that is called.
pub mod etcd_wire {
    #![expect(
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::doc_markdown,
        unused_qualifications,
        reason = "generated"
    )]
    tonic::include_proto!("etcdserverpb");
}
