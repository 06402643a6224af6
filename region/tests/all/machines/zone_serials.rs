//! The serials of zones, as the leader writes them for all racks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use model::dns::domain::Domain;
use model::dns::serial::ZoneSerial;
use model::id::{DomainId, SubnetId, SystemId};
use model::lease::binding::{Binding, BindingState};
use model::mac::MacAddress;
use model::time::Timestamp;
use region::reconcile::zone_serials;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Cause;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::machines::site::Site;

const WAIT_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

/// A leader's reconciler; it stops when dropped.
fn leader(site: &Site) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(zone_serials::run(site.tables.clone(), CancellationToken::new()));
    tasks
}

/// Changes rows; returns the revision.
async fn change(site: &Site, change: impl FnMut(&mut Tx) -> Result<(), TableError>) -> u64 {
    site.tables.update_at(&Cause::new("test", "test"), change).await.unwrap().1
}

async fn serial(site: &Site, origin: &str) -> Option<u64> {
    let row = site.tables.view().await.unwrap().get::<ZoneSerial>(&origin.to_owned()).unwrap();
    row.map(|row| row.revision)
}

#[track_caller]
fn late(started: Instant, what: &str) {
    assert!(started.elapsed() < WAIT_MAX, "{what} did not come in {WAIT_MAX:?}");
}

async fn serial_becomes(site: &Site, origin: &str, revision: u64) {
    let started = Instant::now();
    while serial(site, origin).await != Some(revision) {
        late(started, &format!("serial {revision} of {origin}"));
        tokio::time::sleep(POLL).await;
    }
}

/// Makes a zone, and waits for its serial: then everything before is written too.
async fn zone_is_made(site: &Site, id: u32, name: &str) {
    let domain = Domain {
        id: DomainId(id),
        name: name.to_owned(),
        authoritative: true,
        ttl: None,
        is_default: false,
    };
    let revision = change(site, |tx| tx.put(&domain)).await;
    serial_becomes(site, name, revision).await;
}

fn binding(site: &Site, hostname: &str, told: u64) -> Binding {
    Binding {
        ip: [10, 0, 0, 7].into(),
        subnet: SubnetId(1),
        vlan: site.vlan,
        client: MacAddress([0x52, 0x54, 0, 0, 0, 7]).into(),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: Some(hostname.to_owned()),
        told_until: Timestamp::from_unix_ms(told),
        promise_until: Timestamp::from_unix_ms(told),
        rack: SystemId::from_number(1),
    }
}

#[tokio::test]
async fn serial_moves_with_the_content_of_its_zone_alone_whoever_leads() {
    let site = Site::new().await;
    let origin = {
        let domains = site.tables.view().await.unwrap().list::<Domain>().unwrap();
        domains.into_iter().find(|domain| domain.is_default).unwrap().name
    };
    let first = leader(&site);
    zone_is_made(&site, 101, "one.example").await;
    let bound = binding(&site, "a", 1_000);
    let revision = change(&site, |tx| tx.put(&bound)).await;
    serial_becomes(&site, &origin, revision).await;

    // A renewal, and a zone beside.
    let renewed = binding(&site, "a", 2_000);
    change(&site, |tx| tx.put(&renewed)).await;
    zone_is_made(&site, 102, "two.example").await;
    assert_eq!(serial(&site, &origin).await, Some(revision));

    drop(first);
    let _second = leader(&site);
    zone_is_made(&site, 103, "three.example").await;
    assert_eq!(serial(&site, &origin).await, Some(revision));

    let revision = change(&site, |tx| tx.delete::<Binding>(&[10, 0, 0, 7].into()).map(drop)).await;
    serial_becomes(&site, &origin, revision).await;
}

#[tokio::test]
async fn zone_that_ended_has_no_serial() {
    let site = Site::new().await;
    let _leader = leader(&site);
    zone_is_made(&site, 101, "one.example").await;
    change(&site, |tx| tx.delete::<Domain>(&DomainId(101)).map(drop)).await;
    let started = Instant::now();
    while serial(&site, "one.example").await.is_some() {
        late(started, "the end of the serial");
        tokio::time::sleep(POLL).await;
    }
}
