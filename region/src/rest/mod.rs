//! The REST door: MAAS's API 2.0 at `/MAAS/api/2.0/`.
//!
//! It unpacks requests, calls `ops`, and packs answers; it holds no rules. Every operation is an
//! entry of a table in its resource's file ([`operation::Operation`]); [`operations`] puts the
//! tables together. To add a resource: write its file with `pub const OPERATIONS`, and name it
//! there. The router, the methods it allows and `describe/` all follow from the table.

pub mod body;
pub mod call;
pub mod operation;
pub mod params;
pub mod paths;
pub mod problem;
pub mod reply;
pub mod router;
pub mod shapes;

pub mod account;
pub mod accounts;
pub mod boot_resources;
pub mod contents;
pub mod controllers;
pub mod describe;
pub mod dnsresourcerecords;
pub mod dnsresources;
pub mod domains;
pub mod events;
pub mod fabrics;
pub mod ipaddresses;
pub mod ipranges;
pub mod maas;
pub mod machine;
pub mod machine_shape;
pub mod machines;
pub mod resourcepools;
pub mod spaces;
pub mod subnets;
pub mod tags;
pub mod users;
pub mod version;
pub mod vlans;
pub mod zones;

use operation::Operation;

/// All operations that are served below `/MAAS/api/2.0/`.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [
        account::OPERATIONS,
        boot_resources::OPERATIONS,
        contents::OPERATIONS,
        controllers::OPERATIONS,
        describe::OPERATIONS,
        dnsresourcerecords::OPERATIONS,
        dnsresources::OPERATIONS,
        domains::OPERATIONS,
        events::OPERATIONS,
        fabrics::OPERATIONS,
        ipaddresses::OPERATIONS,
        ipranges::OPERATIONS,
        maas::OPERATIONS,
        machine::OPERATIONS,
        machines::OPERATIONS,
        resourcepools::OPERATIONS,
        spaces::OPERATIONS,
        subnets::OPERATIONS,
        tags::OPERATIONS,
        users::OPERATIONS,
        version::OPERATIONS,
        vlans::OPERATIONS,
        zones::OPERATIONS,
    ]
    .concat()
}
