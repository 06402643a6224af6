//! Wires of the management network that lose what one node says to another, by the packet filter of who would hear it.

use testkit::lab::cluster::{Cluster, Kind};

/// A table of our own, which nothing else uses.
const TABLE: &str = "inet continuity";

/// Drops so many of a hundred packets from one node at another one.
pub(super) fn drop_from(
    cluster: &Cluster,
    from: &str,
    to: &str,
    percent: u8,
) -> anyhow::Result<()> {
    let address = cluster.node(from)?.address;
    let some =
        if percent < 100 { format!("numgen random mod 100 < {percent} ") } else { String::new() };
    let rules = format!(
        "add table {TABLE}; \
         add chain {TABLE} heard {{ type filter hook input priority 0; }}; \
         add rule {TABLE} heard ip saddr {address} {some}drop"
    );
    cluster.lab().network().node(to)?.run("nft", &[&rules])?;
    Ok(())
}

/// Makes all of them whole.
pub(super) fn mend(cluster: &Cluster) -> anyhow::Result<()> {
    for node in [Kind::Region, Kind::Rack].into_iter().flat_map(|kind| cluster.nodes(kind)) {
        cluster.lab().network().node(&node.name)?.run("nft", &["flush", "ruleset"])?;
    }
    Ok(())
}
