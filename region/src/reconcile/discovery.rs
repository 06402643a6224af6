//! Hosts that racks saw: subnets with active discovery are searched in time, and old hosts are forgotten.

use std::time::Duration;

use model::net::subnet::Subnet;
use model::setting::Setting;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::network::{neighbours, scans};
use tables::row::prefix;
use tables::update::Tables;

/// Has subnets searched that are due. Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule = Schedule {
        name: "searches for hosts",
        prefixes: vec![prefix::<Subnet>(), prefix::<Setting>()],
        interval: Duration::from_secs(60),
    };
    driver::run(tables.store().clone(), schedule, shutdown, || scans::keep_up(&tables)).await;
}

/// Forgets hosts. Runs until cancelled.
pub async fn run_forgetting(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "hosts", prefixes: Vec::new(), interval: Duration::from_secs(300) };
    driver::run(tables.store().clone(), schedule, shutdown, async || {
        neighbours::remove_old(&tables).await.map(drop)
    })
    .await;
}
