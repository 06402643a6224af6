//! Seeding: machines and leases are written into the store of a region that does not run, because ten
//! thousand machines by the API take an hour on a slow day. Each is made by the code that enlists a
//! machine and takes in its inventory, and only its phase is set by hand. A lease is its row.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use identity::Identity;
use model::id::{SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::mac::MacAddress;
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::power::Power;
use model::time::Timestamp;
use ops::machine::enlist::{self, EnlistError, NewMachine};
use ops::machine::step;
use raft_store::Store;
use region::app::open_store;
use region::config::Config;
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tokio::time::{Instant, sleep};

use crate::regions::agent::{inventory, mac};

/// Machines, and leases, in one transaction.
const TOGETHER: u32 = 50;
const LEASES_TOGETHER: usize = 500;
/// How long leases last, milliseconds: longer than any run.
const LEASE_MS: u64 = 24 * 3_600_000;
/// How long a stopped node may take to close its files, and how often it is looked at.
const CLOSING_MAX: Duration = Duration::from_secs(120);
const CLOSING_LOOK: Duration = Duration::from_millis(50);
/// How long the node may take to lead.
const LEADING_MAX: Duration = Duration::from_secs(30);

/// Leases to write: so many addresses from the first one on, all in use for long.
#[derive(Debug, Clone, Copy)]
pub struct Leases {
    /// The link of their clients, by the number of its id.
    pub vlan: u32,
    /// The subnet of their addresses.
    pub subnet: u32,
    /// The first address.
    pub first: Ipv4Addr,
    /// How many.
    pub count: u32,
}

/// Writes leases into the store of the only region of a cluster.
///
/// # Errors
/// When the store cannot be opened, written or closed.
pub async fn leases(data: &Path, leases: Leases) -> anyhow::Result<()> {
    written(data, async |tables| {
        let mut numbers = 0..leases.count;
        while !numbers.is_empty() {
            let some: Vec<u32> = numbers.by_ref().take(LEASES_TOGETHER).collect();
            let cause = Cause::new("bench", "seed");
            let put = |tx: &mut Tx| {
                some.iter().try_for_each(|number| tx.put(&lease(leases, *number, tx.now())))
            };
            tables.update(&cause, put).await?;
        }
        Ok(())
    })
    .await
}

fn lease(leases: Leases, number: u32, now: Timestamp) -> Binding {
    let [_, a, b, c] = number.to_be_bytes();
    Binding {
        ip: Ipv4Addr::from_bits(leases.first.to_bits() + number).into(),
        subnet: SubnetId(leases.subnet),
        vlan: VlanId(leases.vlan),
        client: MacAddress([0x0a, 0, 0, a, b, c]).into(),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: None,
        told_until: now.plus_ms(LEASE_MS),
        promise_until: now.plus_ms(LEASE_MS),
        rack: SystemId::from_number(1),
    }
}

/// Writes machines that are Ready into the store of the only region of a cluster. `address` is one
/// of the subnet that they are linked to.
pub(super) async fn machines(data: &Path, count: u32, address: &str) -> anyhow::Result<()> {
    written(data, async |tables| fill(tables, count, address).await).await
}

/// Opens the store of a region that is stopped, lets it be written to, and closes it.
async fn written(
    data: &Path,
    write: impl AsyncFnOnce(&Tables) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let config = Config::load(data)?;
    let identity = Identity::load(&config.identity_dir())?;
    let store = open_store(&config, &identity).await?;
    let filled = match leading(&store).await {
        Ok(()) => write(&Tables::new(store.clone())).await,
        Err(error) => Err(error),
    };
    store.shutdown().await;
    drop(store);
    closed(&config.store_dir()).await?;
    filled
}

/// Waits until nothing of this process has a file of the store open: a snapshot may still be made when
/// the node has stopped, and the region could not open the store beside it.
async fn closed(store: &Path) -> anyhow::Result<()> {
    let end = Instant::now() + CLOSING_MAX;
    loop {
        let open = std::fs::read_dir("/proc/self/fd")?.filter_map(|entry| {
            let file = std::fs::read_link(entry.ok()?.path()).ok()?;
            file.starts_with(store).then_some(file)
        });
        let Some(file) = open.max() else { return Ok(()) };
        ensure!(Instant::now() < end, "{} stays open", file.display());
        sleep(CLOSING_LOOK).await;
    }
}

async fn leading(store: &Store) -> anyhow::Result<()> {
    let mut leadership = store.leadership();
    let leading = leadership.wait_for(|known| known.leading);
    tokio::time::timeout(LEADING_MAX, leading).await.context("the node does not lead")??;
    Ok(())
}

async fn fill(tables: &Tables, count: u32, address: &str) -> anyhow::Result<()> {
    let cause = Cause::new("bench", "seed");
    let mut first = 0;
    while first < count {
        let end = count.min(first + TOGETHER);
        tables
            .update(&cause, |tx| (first..end).try_for_each(|number| machine(tx, number, address)))
            .await?;
        first = end;
    }
    Ok(())
}

fn machine(tx: &mut Tx, number: u32, address: &str) -> Result<(), EnlistError> {
    let wanted = NewMachine {
        hostname: Some(format!("m{number}")),
        architecture: "amd64/generic".to_owned(),
        macs: vec![mac(number, 0)],
        power: Power { driver: "manual".to_owned(), ..Power::default() },
        ..NewMachine::default()
    };
    let mut machine = enlist::new_machine(tx, &wanted)?;
    enlist::take_in_inventory(tx, &mut machine, &inventory(number, address))?;
    machine.lifecycle = Lifecycle { phase: Phase::Ready, netboot: true, ..Lifecycle::default() };
    Ok(step::write(tx, &mut machine)?)
}
