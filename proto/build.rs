//! Generates the gRPC code from `proto/*.proto`.

fn main() -> std::io::Result<()> {
    tonic_prost_build::configure().bytes(".ironraft.raft.v1").compile_protos(
        &["proto/rack.proto", "proto/raft.proto", "proto/cluster.proto", "proto/authority.proto"],
        &["proto"],
    )
}
