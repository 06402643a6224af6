//! Generates the gRPC code from `proto/*.proto`.

fn main() -> std::io::Result<()> {
    tonic_prost_build::configure()
        .bytes(".")
        .compile_protos(&["proto/kv.proto", "proto/etcd.proto"], &["proto"])
}
