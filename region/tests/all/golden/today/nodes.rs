//! The nodes of the cluster, its authority, and what they serve to machines.

use std::collections::BTreeSet;

use identity::rotation::Holding;
use identity::token::{JoinRole, TokenRecord};
use model::boot::content::Content;
use model::boot::files::BootFiles;
use model::boot::resource::{BootResource, ResourceFile, ResourceSet};
use model::controller::{ControllerInterface, ControllerNote, RackController, RegionController};
use model::id::{AvailabilityZoneId, BootResourceId};
use model::mac::MacAddress;
use model::time_service::{TimeService, TimeState};
use tables::cluster::{CURRENT, NEXT, StoredAuthority, StoredHolding, StoredToken};

use super::{Written, at, id, row, text};
use crate::golden::tables::authority;

pub(super) fn rows() -> Vec<Written> {
    [controllers(), trust(), images()].into_iter().flatten().collect()
}

fn controllers() -> Vec<Written> {
    let rack = |system_id: &str, session: Option<u64>| RackController {
        system_id: id(system_id),
        hostname: text("k1"),
        version: text("0.1.0"),
        interfaces: session
            .map(|_| ControllerInterface {
                name: text("eth0"),
                mac: MacAddress([0x52, 0x54, 0, 0, 2, 1]),
                addresses: vec!["10.0.0.2/16".parse().unwrap(), "fd00::2/64".parse().unwrap()],
            })
            .into_iter()
            .collect(),
        session,
        last_seen: at(1),
        searches_for_hosts: false,
        holds_service_addresses: false,
    };
    let note = |system_id: &str, zone| ControllerNote {
        system_id: id(system_id),
        description: text("in the cellar"),
        zone,
    };
    let region = RegionController {
        system_id: id("region"),
        node_id: 3,
        hostname: text("r3"),
        version: text("0.1.0"),
        address: "fd00::3".parse().unwrap(),
    };
    let time = |system_id: &str, state| TimeService { system_id: id(system_id), state, at: at(5) };
    let following =
        TimeState::Synchronised { source: text("10.0.0.1"), stratum: 3, offset_us: 213 };
    vec![
        row("time service that follows", time("rack34", following)),
        row("time service that hears nobody", time("rack37", TimeState::Unsynchronised)),
        row("time service that is down", time("rack38", TimeState::Down(text("no chrony")))),
        row("time service that is off", time("region", TimeState::Off)),
        row("rack with a session", rack("rack34", Some(3))),
        row("rack without one", rack("rack37", None)),
        row(
            "rack that searches",
            RackController { searches_for_hosts: true, ..rack("rack38", None) },
        ),
        row(
            "rack that holds service addresses",
            RackController { holds_service_addresses: true, ..rack("rack36", None) },
        ),
        row("region", region),
        row("note on a controller", note("rack34", Some(AvailabilityZoneId(2)))),
        row("note without a zone", note("region", None)),
    ]
}

fn trust() -> Vec<Written> {
    let stored = |name: &str, trusted: &str, excused: &[&str]| StoredAuthority {
        name: text(name),
        authority: authority(trusted),
        excused: excused.iter().map(|node| text(node)).collect(),
    };
    let holding = StoredHolding {
        node: text("region-3"),
        holding: Holding {
            issuer: "a".repeat(64),
            trusted: BTreeSet::from(["a".repeat(64), "b".repeat(64)]),
            expires_ms: at(1).unix_ms,
        },
    };
    let token = |first: &str, role| StoredToken {
        lookup_id: first.repeat(64),
        record: TokenRecord { role, expires_ms: at(2).unix_ms },
    };
    vec![
        row("authority that trusts another", stored(CURRENT, "another\n", &["rack-rack37"])),
        row("authority alone", stored(NEXT, "", &[])),
        row("certificate of a node", holding),
        row("token for regions", token("1", JoinRole::Region)),
        row("token for racks", token("2", JoinRole::Rack)),
    ]
}

fn images() -> Vec<Written> {
    let file = |number, complete| ResourceFile {
        id: number,
        filetype: text("root-tgz"),
        sha256: "c".repeat(64),
        size_bytes: 1 << 33,
        complete,
        upload_node: 2,
    };
    let sets = vec![
        ResourceSet { version: text("20261122"), files: vec![file(1, true), file(2, false)] },
        ResourceSet { version: text("20261122.1"), files: Vec::new() },
    ];
    let resource = |number, name: &str, sets: Vec<ResourceSet>| BootResource {
        id: BootResourceId(number),
        name: text(name),
        title: text("Debian 12"),
        architecture: text("amd64/generic"),
        base_image: text("debian/bookworm"),
        last_deployed: (!sets.is_empty()).then(|| at(3)),
        sets,
        created: at(4),
    };
    let files = BootFiles {
        architecture: text("amd64"),
        kernel_sha256: "d".repeat(64),
        initrd_sha256: "e".repeat(64),
        version: text("6.1"),
        created: at(5),
    };
    let content = |first: &str, holders: &[u64]| Content {
        sha256: first.repeat(64),
        size_bytes: 1 << 33,
        unused_since: None,
        holders: holders.iter().copied().collect(),
        created: at(6),
    };
    vec![
        row("image with versions", resource(1, "debian/bookworm", sets)),
        row("image without one", resource(2, "web", Vec::new())),
        row("ephemeral OS", files),
        row("content with holders", content("c", &[1, 3])),
        row("content without", content("f", &[])),
        row("content unused", Content { unused_since: Some(at(7)), ..content("9", &[2]) }),
    ]
}
