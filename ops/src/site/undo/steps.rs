//! What is to be done to take a revision back.

use std::collections::BTreeSet;

use bytes::Bytes;
use model::device::Device;
use model::dhcp::snippet::DhcpSnippet;
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::error::Kind as ErrorKind;
use model::net::fabric::Fabric;
use model::net::iprange::IpRange;
use model::net::prefixpool::PrefixPool;
use model::net::reserved::{ReservedAddress, ReservedIp};
use model::net::space::Space;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::notification::{Dismissal, Notification};
use model::package_repository::PackageRepository;
use model::pool::ResourcePool;
use model::setting::Setting;
use model::tag::Tag;
use model::zone::AvailabilityZone;
use tables::row::{decode_with, row_id};

use crate::error::Refusal;
use crate::site::undo::kind::{Kind, RowStep, Step};
use crate::site::undo::machines;
use crate::site::undo::past::Past;

/// Tables whose rows follow from others, or are what racks report: they are left alone.
const FOLLOWING: &[&str] = &[
    "answered",
    "binding",
    "block",
    "endedsessions",
    "event",
    "external-dhcp",
    "indexfill",
    "pool-level",
    "prefix-pool-level",
    "tag-evaluation",
    "zone-serial",
];

/// Tables of what a machine went through.
const OF_MACHINES: &[&str] = &["powerjob", "machinesecrets", "tooloutput"];

/// What is to be done, and the tables that it may be done in.
#[derive(Default)]
struct Steps {
    all: Vec<Box<dyn Step>>,
    tables: BTreeSet<&'static str>,
}

/// What is to be done, in the order in which objects are removed.
///
/// # Errors
/// 409 when something was changed that cannot be taken back, or nothing that can.
pub(super) fn of(past: &Past) -> Result<Vec<Box<dyn Step>>, Refusal> {
    let mut steps = Steps::default();
    steps.add::<DnsResource>(past)?;
    steps.add::<DhcpSnippet>(past)?;
    let of_machines = machines::steps(past)?;
    let makes_machines = of_machines.iter().any(|step| step.makes());
    steps.all.extend(of_machines.into_iter().map(|step| Box::new(step) as Box<dyn Step>));
    steps.add::<Device>(past)?;
    steps.add::<Notification>(past)?;
    steps.add::<Dismissal>(past)?;
    steps.add::<StaticRoute>(past)?;
    steps.add::<ReservedIp>(past)?;
    steps.add::<ReservedAddress>(past)?;
    steps.add::<IpRange>(past)?;
    steps.add::<PrefixPool>(past)?;
    steps.add::<Subnet>(past)?;
    // A fabric goes with its VLANs.
    steps.add::<Fabric>(past)?;
    steps.add::<Vlan>(past)?;
    steps.add::<Space>(past)?;
    steps.add::<Tag>(past)?;
    steps.add::<AvailabilityZone>(past)?;
    steps.add::<ResourcePool>(past)?;
    steps.add::<Domain>(past)?;
    steps.add::<Setting>(past)?;
    steps.add::<PackageRepository>(past)?;
    steps.check_others(past, makes_machines)?;
    Ok(steps.all)
}

impl Steps {
    fn add<T: Kind + Sync>(&mut self, past: &Past) -> Result<(), Refusal> {
        self.tables.insert(T::TABLE);
        for (key, change) in &past.changes {
            if row_id::<T>(key).is_none() {
                continue;
            }
            let read = |stored: &Bytes| decode_with::<T>(key, stored, |_| None);
            let before = change.before.as_ref().map(|before| read(&before.value)).transpose()?;
            let after = change.after.as_ref().map(read).transpose()?;
            if before == after {
                continue;
            }
            let (place, revision) = (key.clone(), past.revision);
            self.all.push(Box::new(RowStep { place, revision, before, after }));
        }
        Ok(())
    }

    /// Refuses what cannot be taken back, by name.
    fn check_others(&self, past: &Past, makes_machines: bool) -> Result<(), Refusal> {
        let revision = past.revision;
        let refused = |message: String| Err(Refusal::with_message(ErrorKind::Conflict, message));
        let tables = past.changes.keys().filter_map(|key| table_of(key));
        for table in tables.filter(|table| !FOLLOWING.contains(table)) {
            if OF_MACHINES.contains(&table) && !makes_machines {
                return Err(machines::went_through());
            }
            let is_known = OF_MACHINES.contains(&table) || self.tables.contains(table);
            if !is_known && !machines::is_of_them(table) {
                return refused(format!(
                    "Revision {revision} changed a {table}: what belongs to accounts, images and nodes is not undone."
                ));
            }
        }
        if self.all.is_empty() {
            return refused(format!(
                "At revision {revision} no user changed anything that can be undone."
            ));
        }
        Ok(())
    }
}

/// The table of a row's key.
fn table_of(key: &[u8]) -> Option<&str> {
    let rest = key.strip_prefix(b"t/")?;
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    std::str::from_utf8(&rest[..slash]).ok()
}
