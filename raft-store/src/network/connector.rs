//! How a node reaches another, and how it knows who calls.

use tonic::Extensions;
use tonic::transport::Channel;

/// Makes connections to other nodes and proves who calls.
pub trait Connector: Send + Sync + 'static {
    /// A channel to a node, connected when it is used. A connection to any other node than
    /// `node_id` must fail.
    fn channel(&self, node_id: u64, address: &str) -> std::io::Result<Channel>;

    /// Whether the connection that a request came over is proven to be of this node of this cluster.
    fn proves(&self, extensions: &Extensions, cluster_id: &str, node_id: u64) -> bool;
}
