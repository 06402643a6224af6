//! What goes over gRPC: generated messages and services, and the one place where they meet `model`.
//!
//! Proto files only grow: a field's number and meaning are for ever.

/// Region to rack.
pub mod rack {
    #![expect(
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::doc_markdown,
        unused_qualifications,
        reason = "generated"
    )]
    tonic::include_proto!("ironraft.rack.v1");
}

/// Region to region, and what a region keeps on disk.
pub mod raft {
    #![expect(
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::doc_markdown,
        unused_qualifications,
        reason = "generated"
    )]
    tonic::include_proto!("ironraft.raft.v1");
}

/// Joining and looking after the cluster.
pub mod cluster {
    #![expect(
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::doc_markdown,
        unused_qualifications,
        reason = "generated"
    )]
    tonic::include_proto!("ironraft.cluster.v1");
}

/// Replacing the certificate authority.
pub mod authority {
    #![expect(
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::doc_markdown,
        unused_qualifications,
        reason = "generated"
    )]
    tonic::include_proto!("ironraft.authority.v1");
}

mod concealed;
pub mod convert;
