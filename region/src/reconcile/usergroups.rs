//! In a cluster that is older than groups of users, the first groups are made, and its users put into them, when all
//! regions know what groups give.

use std::time::Duration;

use model::user::User;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::access::memberships::complete;
use tables::row::prefix;
use tables::update::Tables;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule = Schedule {
        name: "usergroups",
        prefixes: vec![prefix::<User>()],
        interval: Duration::from_secs(30),
    };
    driver::run(tables.store().clone(), schedule, shutdown, || complete(&tables)).await;
}
