//! Many leases whose clients renew them within ten seconds, as after a power cut or when all were given
//! at the same time. A client that is not answered within a second asks again.

use std::time::Duration;

use super::findings::{Context, Findings, cpu_us};
use super::round::{Came, fill};
use crate::clients::Pool;
use crate::fleet::clients::Clients;
use crate::fleet::drive::{Pace, Relay, Round};
use crate::server::{Options, Server};

/// Within which all clients begin, seconds.
const WITHIN_S: f64 = 10.0;
const WAIT: Duration = Duration::from_secs(1);
/// When those that are not answered are given up.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn measure(context: &Context<'_>) -> anyhow::Result<Findings> {
    let settings = context.settings;
    let server = Server::start(context.kind, Options::new(&settings.binary, Pool::LARGE)).await?;
    let relay = Relay::open(server.lab(), &server.addresses())?;
    let mut clients = Clients::new(server.next_group(), settings.leases, WAIT);
    fill(&relay, &mut clients, Duration::from_secs(u64::from(settings.fill_max))).await?;
    let pace = Pace::Rate(f64::from(clients.count()) / WITHIN_S);
    let round = Round { clients: clients.bound().collect(), pace, limit: LIMIT };
    let before = server.used()?;
    let seen = relay.drive(&mut clients, &round).await?;
    let came = Came::of(&seen);
    let percent = |count: u32| 100.0 * f64::from(count) / f64::from(clients.count().max(1));
    let mut findings = Findings::default();
    findings.put("renewed /s", f64::from(came.done) / came.seconds.max(WITHIN_S));
    findings.put("not renewed %", percent(clients.count() - came.done));
    findings.put("asked twice %", percent(seen.repeated));
    findings.put("p50 ms", came.p50_ms);
    findings.put("p99 ms", came.p99_ms);
    findings.put("refused or moved", f64::from(seen.refused + seen.changed));
    let cpu = cpu_us(&before, &server.used()?, came.done);
    findings.put("CPU us per renewal", cpu.iter().map(|(_, us)| us).sum());
    Ok(findings)
}
