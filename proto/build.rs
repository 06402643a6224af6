//! Generates the gRPC code from `proto/*.proto`.

fn main() -> std::io::Result<()> {
    tonic_prost_build::configure()
        .bytes(".ironraft.raft.v1")
        .bytes(".ironraft.rack.v1.Delta.changes")
        // These hold secrets; `src/concealed.rs` prints the rest of them.
        .skip_debug([
            ".ironraft.rack.v1.PowerJob",
            ".ironraft.cluster.v1.JoinRequest",
            ".ironraft.cluster.v1.CreateTokenReply",
        ])
        .compile_protos(
            &[
                "proto/rack.proto",
                "proto/raft.proto",
                "proto/cluster.proto",
                "proto/authority.proto",
            ],
            &["proto"],
        )
}
