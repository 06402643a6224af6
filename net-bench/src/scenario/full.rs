//! New clients where nine of ten addresses are taken already.

use std::time::Duration;

use super::dora::step;
use super::findings::{Context, Findings};
use super::round::fill;
use crate::clients::Pool;
use crate::fleet::clients::Clients;
use crate::fleet::drive::Relay;
use crate::server::{Options, Server};

const ADDRESSES: u32 = 20_000;
const TAKEN: u32 = 18_000;
/// New clients a second, and at most so many of them: some addresses stay free.
const RATE: u32 = 200;
const NEW_MAX: u32 = 1_800;
const WAIT: Duration = Duration::from_secs(1);

pub(super) async fn measure(context: &Context<'_>) -> anyhow::Result<Findings> {
    let settings = context.settings;
    let server =
        Server::start(context.kind, Options::new(&settings.binary, Pool::of(ADDRESSES))).await?;
    let relay = Relay::open(server.lab(), &server.addresses())?;
    let mut clients = Clients::new(server.next_group(), TAKEN, WAIT);
    fill(&relay, &mut clients, Duration::from_secs(u64::from(settings.fill_max))).await?;
    // perfdhcp takes the relay's port.
    drop(relay);
    let step = step(&server, RATE, settings.seconds.min(NEW_MAX / RATE)).await?;
    let mut findings = Findings::default();
    findings.put("lost %", step.loss * 100.0);
    findings.put("OFFER ms", step.offer_ms);
    findings.put("ACK ms", step.ack_ms);
    findings.put("ACK max ms", step.ack_max_ms);
    findings.put("CPU us per DORA", step.cpu_us.iter().map(|(_, us)| us).sum());
    findings.steps = vec![step];
    Ok(findings)
}
