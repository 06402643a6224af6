//! Seeding: machines are written into the store of a region that does not run, because ten thousand
//! of them by the API take an hour on a slow day. Each is made by the code that enlists a machine
//! and takes in its inventory, and only its phase is set by hand.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use identity::Identity;
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::power::Power;
use ops::machine::enlist::{self, EnlistError, NewMachine};
use ops::machine::step;
use raft_store::Store;
use region::app::open_store;
use region::config::Config;
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tokio::time::{Instant, sleep};

use crate::regions::agent::{inventory, mac};

/// Machines in one transaction.
const TOGETHER: u32 = 50;
/// How long a stopped node may take to close its files, and how often it is looked at.
const CLOSING_MAX: Duration = Duration::from_secs(120);
const CLOSING_LOOK: Duration = Duration::from_millis(50);
/// How long the node may take to lead.
const LEADING_MAX: Duration = Duration::from_secs(30);

/// Writes machines that are Ready into the store of the only region of a cluster. `address` is one
/// of the subnet that they are linked to.
pub(super) async fn machines(data: &Path, count: u32, address: &str) -> anyhow::Result<()> {
    let config = Config::load(data)?;
    let identity = Identity::load(&config.identity_dir())?;
    let store = open_store(&config, &identity).await?;
    let filled = fill(&store, count, address).await;
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

async fn fill(store: &Store, count: u32, address: &str) -> anyhow::Result<()> {
    let mut leadership = store.leadership();
    let leading = leadership.wait_for(|known| known.leading);
    tokio::time::timeout(LEADING_MAX, leading).await.context("the node does not lead")??;
    let tables = Tables::new(store.clone());
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
