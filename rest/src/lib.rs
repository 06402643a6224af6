//! The REST door: MAAS's API 2.0 at `/MAAS/api/2.0/`, and what MAAS has not at `/MAAS/api/ironraft/` ([`native`]).
//!
//! It unpacks requests, calls `ops`, and packs answers; it holds no rules. Every operation is an
//! entry of a table in its resource's file ([`operation::Operation`]); [`operations`] puts the
//! tables together. To add a resource: write its file with `pub const OPERATIONS`, and name it
//! there. The router, the methods it allows and `describe/` all follow from the table.

pub mod auth;
pub mod body;
pub mod call;
pub mod intake;
pub mod lengths;
pub mod operation;
pub mod param;
pub mod params;
pub mod paths;
pub mod problem;
pub mod refused;
pub mod reply;
pub mod router;
pub mod shapes;
pub mod unserved;

pub mod access;
pub mod cluster;
pub mod dns;
pub mod image;
pub mod machine;
pub mod native;
pub mod network;
pub mod site;

pub mod describe;
pub mod version;

use operation::Operation;

/// All operations that are served below `/MAAS/api/2.0/`.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [
        access::account::OPERATIONS,
        cluster::agents::OPERATIONS,
        image::boot_resources::OPERATIONS,
        image::boot_sources::OPERATIONS,
        image::contents::OPERATIONS,
        image::import::OPERATIONS,
        image::license_keys::OPERATIONS,
        image::sync_progress::OPERATIONS,
        cluster::controllers::OPERATIONS,
        cluster::controller_power::OPERATIONS,
        cluster::power_types::OPERATIONS,
        describe::OPERATIONS,
        dns::dnsresourcerecords::OPERATIONS,
        dns::dnsresources::OPERATIONS,
        dns::domains::OPERATIONS,
        site::events::OPERATIONS,
        site::files::OPERATIONS,
        network::dhcpsnippets::OPERATIONS,
        network::discoveries::OPERATIONS,
        network::fabrics::OPERATIONS,
        network::ipaddresses::OPERATIONS,
        network::ipranges::OPERATIONS,
        network::networks::OPERATIONS,
        site::maas::OPERATIONS,
        site::notifications::OPERATIONS,
        machine::actions::OPERATIONS,
        machine::bcache_cache_sets::OPERATIONS,
        machine::bcaches::OPERATIONS,
        machine::block_devices::OPERATIONS,
        machine::partitions::OPERATIONS,
        machine::raids::OPERATIONS,
        machine::storage::OPERATIONS,
        machine::vmfs_datastores::OPERATIONS,
        machine::volume_groups::OPERATIONS,
        machine::chassis::OPERATIONS,
        machine::clone::OPERATIONS,
        machine::details::OPERATIONS,
        machine::devices::OPERATIONS,
        machine::interfaces::OPERATIONS,
        machine::machines::OPERATIONS,
        machine::nodes::OPERATIONS,
        machine::node_devices::OPERATIONS,
        site::packagerepositories::OPERATIONS,
        network::reservedips::OPERATIONS,
        site::resourcepools::OPERATIONS,
        network::spaces::OPERATIONS,
        network::staticroutes::OPERATIONS,
        network::subnets::OPERATIONS,
        machine::tags::OPERATIONS,
        access::oidc_providers::OPERATIONS,
        access::sshkeys::OPERATIONS,
        access::sslkeys::OPERATIONS,
        access::usergroups::OPERATIONS,
        access::users::OPERATIONS,
        version::OPERATIONS,
        network::vlans::OPERATIONS,
        site::zones::OPERATIONS,
    ]
    .concat()
}
