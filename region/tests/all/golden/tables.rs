//! All tables, by their names.

use std::collections::BTreeSet;
use std::path::Path;

use bytes::Bytes;
use identity::CertificateAuthority;
use model::answered::Answered;
use model::boot::content::Content;
use model::boot::files::BootFiles;
use model::boot::resource::BootResource;
use model::boot::source::{BootSource, BootSourceSelection};
use model::cluster_key::ClusterKey;
use model::controller::{ControllerNote, RackController, RegionController};
use model::device::Device;
use model::dhcp::snippet::DhcpSnippet;
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::dns::serial::ZoneSerial;
use model::event::{Event, EventLevel};
use model::external_identity::{ExternalIdentity, ReturnedLogin};
use model::file::{File, FileContent};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::pool::{PoolLevel, PrefixPoolLevel};
use model::license_key::LicenseKey;
use model::login::LoginRecord;
use model::machine::Machine;
use model::machine::output::ToolOutput;
use model::machine::power::PowerJob;
use model::machine::secrets::MachineSecrets;
use model::net::external_dhcp::ExternalDhcp;
use model::net::fabric::Fabric;
use model::net::iprange::IpRange;
use model::net::neighbour::Neighbour;
use model::net::prefixpool::PrefixPool;
use model::net::reserved::{ReservedAddress, ReservedIp};
use model::net::scan::{LastScan, NetworkScan};
use model::net::service_address::{ServiceHolder, Voucher};
use model::net::space::Space;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::notification::{Dismissal, Notification};
use model::oidc_provider::OidcProvider;
use model::operation::BulkOperation;
use model::package_repository::PackageRepository;
use model::pool::ResourcePool;
use model::session::{EndedSessions, Session};
use model::setting::Setting;
use model::ssh_key::SshKey;
use model::ssl_key::SslKey;
use model::tag::{Tag, TagEvaluation};
use model::time_service::TimeService;
use model::user::{ApiToken, User};
use model::usergroup::{Membership, UserGroup};
use model::webhook::{DeadLetter, Webhook, WebhookProgress};
use model::zone::AvailabilityZone;
use raft_store::version::FIRST;
use serde_json::Value;
use tables::cluster::{StoredAuthority, StoredHolding, StoredToken};
use tables::indexes::mark::IndexFill;
use tables::key::encoded;
use tables::machines::EVENTS_OF_LEVEL;
use tables::read::{Reads, View};
use tables::row::{Row, decode_with, row_key};

use crate::golden::lines::Line;

/// A table whose row type is known.
struct Table {
    name: &'static str,
    meaning: fn(&[u8], &[u8]) -> Value,
    check_indexes: fn(&View),
    added: fn() -> Vec<&'static str>,
}

impl Table {
    const fn of<T: Row>() -> Self {
        Self {
            name: T::TABLE,
            meaning: meaning_of::<T>,
            check_indexes: check_indexes_of::<T>,
            added: added_to::<T>,
        }
    }
}

const TABLES: &[Table] = &[
    Table::of::<Answered>(),
    Table::of::<ApiToken>(),
    Table::of::<SshKey>(),
    Table::of::<AvailabilityZone>(),
    Table::of::<Binding>(),
    Table::of::<Block>(),
    Table::of::<BulkOperation>(),
    Table::of::<BootFiles>(),
    Table::of::<BootResource>(),
    Table::of::<BootSource>(),
    Table::of::<BootSourceSelection>(),
    Table::of::<ClusterKey>(),
    Table::of::<Content>(),
    Table::of::<Device>(),
    Table::of::<DhcpSnippet>(),
    Table::of::<ControllerNote>(),
    Table::of::<Dismissal>(),
    Table::of::<DnsResource>(),
    Table::of::<Domain>(),
    Table::of::<EndedSessions>(),
    Table::of::<Event>(),
    Table::of::<ExternalDhcp>(),
    Table::of::<ExternalIdentity>(),
    Table::of::<Fabric>(),
    Table::of::<File>(),
    Table::of::<FileContent>(),
    Table::of::<IndexFill>(),
    Table::of::<IpRange>(),
    Table::of::<LicenseKey>(),
    Table::of::<LastScan>(),
    Table::of::<LoginRecord>(),
    Table::of::<Machine>(),
    Table::of::<MachineSecrets>(),
    Table::of::<Membership>(),
    Table::of::<Neighbour>(),
    Table::of::<NetworkScan>(),
    Table::of::<Notification>(),
    Table::of::<OidcProvider>(),
    Table::of::<TimeService>(),
    Table::of::<Webhook>(),
    Table::of::<WebhookProgress>(),
    Table::of::<DeadLetter>(),
    Table::of::<PackageRepository>(),
    Table::of::<PoolLevel>(),
    Table::of::<PowerJob>(),
    Table::of::<PrefixPool>(),
    Table::of::<PrefixPoolLevel>(),
    Table::of::<RackController>(),
    Table::of::<RegionController>(),
    Table::of::<ReservedAddress>(),
    Table::of::<ReservedIp>(),
    Table::of::<ResourcePool>(),
    Table::of::<ReturnedLogin>(),
    Table::of::<ServiceHolder>(),
    Table::of::<Session>(),
    Table::of::<Setting>(),
    Table::of::<Space>(),
    Table::of::<SslKey>(),
    Table::of::<StaticRoute>(),
    Table::of::<StoredAuthority>(),
    Table::of::<StoredHolding>(),
    Table::of::<StoredToken>(),
    Table::of::<Subnet>(),
    Table::of::<Tag>(),
    Table::of::<TagEvaluation>(),
    Table::of::<ToolOutput>(),
    Table::of::<User>(),
    Table::of::<UserGroup>(),
    Table::of::<Vlan>(),
    Table::of::<Voucher>(),
    Table::of::<ZoneSerial>(),
];

/// What a row means today.
#[track_caller]
pub(crate) fn meaning(row: &Line) -> Value {
    if <Machine as Row>::PARTS.iter().any(|part| part.table == row.table) {
        // A part means what it says; that it is put into its row, the rows of today show.
        return serde_json::from_slice(&row.bytes()[1..]).unwrap();
    }
    let table = TABLES.iter().find(|table| table.name == row.table);
    let table = table.unwrap_or_else(|| panic!("table {} is not known", row.table));
    (table.meaning)(&row.store_key(), &row.bytes())
}

fn meaning_of<T: Row>(key: &[u8], stored: &[u8]) -> Value {
    let row = decode_with::<T>(key, stored, |_| None).unwrap();
    assert_eq!(row_key::<T>(&row.id()), key, "a row lies under its own id");
    serde_json::to_value(&row).unwrap()
}

/// Whether all rows have the entries of today's indexes. Those that earlier versions wrote get the entries of an added
/// index when it is filled; the lines of a unique one have to have them.
pub(crate) fn check_indexes(view: &View) {
    for table in TABLES {
        (table.check_indexes)(view);
    }
}

fn check_indexes_of<T: Row>(view: &View) {
    let missing = |key: &[u8], row: &Bytes| {
        panic!("no entry {} of {}", String::from_utf8_lossy(key), String::from_utf8_lossy(row))
    };
    for row in view.list::<T>().unwrap() {
        let row_key = row_key::<T>(&row.id());
        for index in T::UNIQUE {
            for key in (index.keys)(&row) {
                let entry = [format!("u/{}/", index.name).as_bytes(), &key].concat();
                let held = view.value(&Bytes::from(entry.clone()));
                let held = held.unwrap_or_else(|| missing(&entry, &row_key));
                assert_eq!(held.value, row_key, "{}", index.name);
            }
        }
        for index in T::INDEXES {
            for key in (index.keys)(&row) {
                let name = format!("i/{}/", index.name);
                let entry = [name.as_bytes(), &key, b"\x00\x01", &encoded(&row.id())].concat();
                view.value(&Bytes::from(entry.clone()))
                    .unwrap_or_else(|| missing(&entry, &row_key));
            }
        }
    }
}

/// The names of the indexes that are younger than their table.
pub(crate) fn added_indexes() -> BTreeSet<&'static str> {
    TABLES.iter().flat_map(|table| (table.added)()).collect()
}

fn added_to<T: Row>() -> Vec<&'static str> {
    T::INDEXES.iter().filter(|index| index.since > FIRST).map(|index| index.name).collect()
}

/// The ids of the events of every level, as the reads of an added index find them.
pub(crate) fn found_by_added_indexes(view: &View) -> Vec<u64> {
    let events = view.list::<Event>().unwrap();
    let levels: BTreeSet<EventLevel> = events.iter().map(|event| event.level).collect();
    let of_level = |level| view.list_by(&EVENTS_OF_LEVEL, &level).unwrap();
    let found: Vec<u64> = levels.into_iter().flat_map(of_level).map(|event| event.id).collect();
    assert_eq!(found.len(), events.len(), "every event has one level");
    found
}

/// The names of all tables that the shipped crates declare.
pub(crate) fn declared_in(folder: &Path) -> BTreeSet<String> {
    let mut declared = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && !["tests", "target"].contains(&name.as_str())
        {
            declared.extend(declared_in(&path));
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
            let table = |line: &str| {
                let name = line.trim().strip_prefix("const TABLE: &'static str = \"")?;
                name.strip_suffix("\";").map(str::to_owned)
            };
            declared.extend(shipped.lines().filter_map(table));
        }
    }
    declared
}

/// An authority from its stored form: one that is made anew has other keys each time.
pub(crate) fn authority(trusted_pem: &str) -> CertificateAuthority {
    serde_json::from_value(serde_json::json!({
        "cluster_id": "c0123456789abcdef",
        "certificate_pem": "a certificate\n",
        "key_pem": "a key\n",
        "trusted_pem": trusted_pem,
    }))
    .unwrap()
}
