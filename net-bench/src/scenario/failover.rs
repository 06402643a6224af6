//! New clients come steadily while the node is killed that the others depend on: how long nobody gets an
//! address, how long the slowest client waits, and whether all leases that were acknowledged are
//! there afterwards, each at one client.
//!
//! A lease that was acknowledged is looked for by its client: it renews, and must be told the same address.

use std::time::Duration;

use tokio::time::sleep;

use super::findings::{Context, Findings};
use super::round::Came;
use crate::clients::Pool;
use crate::fleet::clients::Clients;
use crate::fleet::drive::{Pace, Relay, Round};
use crate::server::kind::Patience;
use crate::server::{Options, Server};

/// How long clients come, and when the node is killed.
const SECONDS: u32 = 12;
const KILLED_AFTER: Duration = Duration::from_secs(4);
/// When a client that is not answered asks again.
const WAIT: Duration = Duration::from_millis(500);
/// When clients that have nothing are given up.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn measure(context: &Context<'_>) -> anyhow::Result<Findings> {
    let settings = context.settings;
    let options = Options::new(&settings.binary, Pool::LARGE);
    let options = Options { patience: Patience::Short, ..options };
    let mut server = Server::start(context.kind, options).await?;
    let relay = Relay::open(server.lab(), &server.addresses())?;
    let count = settings.failover_rate * SECONDS;
    let mut clients = Clients::new(server.next_group(), count, WAIT);
    let pace = Pace::Rate(f64::from(settings.failover_rate));
    let round = Round { clients: (0..clients.count()).collect(), pace, limit: LIMIT };
    let (seen, killed) = tokio::join!(relay.drive(&mut clients, &round), async {
        sleep(KILLED_AFTER).await;
        server.kill_leader().await
    });
    killed?;
    let seen = seen?;
    let came = Came::of(&seen);
    let (_, twice) = clients.addresses();
    let round = Round { clients: clients.bound().collect(), pace, limit: LIMIT };
    let looked = relay.drive(&mut clients, &round).await?;
    let kept = Came::of(&looked).done - looked.changed;
    let mut findings = Findings::default();
    findings.put("longest gap ms", came.gap_ms);
    findings.put("slowest client ms", came.max_ms);
    findings.put("p99 ms", came.p99_ms);
    findings.put("without an address", f64::from(clients.count() - came.done));
    findings.put("leases lost", f64::from(came.done - kept));
    findings.put("addresses given twice", f64::from(twice));
    Ok(findings)
}
