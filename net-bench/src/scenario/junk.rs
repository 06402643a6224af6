//! New clients beside packets that nobody should answer.

use super::dora::step;
use super::findings::{Context, Findings, cpu_seconds};
use crate::clients::{Pool, SERVER};
use crate::fleet::junk::Sending;
use crate::server::{Options, Server};

/// New clients and junk a second.
const GOOD: u32 = 500;
const JUNK: u32 = 10_000;

pub(super) async fn measure(context: &Context<'_>) -> anyhow::Result<Findings> {
    let settings = context.settings;
    let server = Server::start(context.kind, Options::new(&settings.binary, Pool::LARGE)).await?;
    let alone = step(&server, GOOD, settings.seconds).await?;
    let before: f64 = cpu_seconds(&server)?;
    let sending = Sending::start(server.lab(), SERVER, JUNK)?;
    let beside = step(&server, GOOD, settings.seconds).await;
    let sent = sending.stop();
    let (beside, used) = (beside?, cpu_seconds(&server)? - before);
    let sent = f64::from(u32::try_from(sent).unwrap_or(u32::MAX));
    let of_good = alone.cpu_us.iter().map(|(_, us)| us).sum::<f64>() / 1e6
        * beside.done
        * f64::from(settings.seconds);
    let mut findings = Findings::default();
    findings.put("junk sent", sent);
    findings.put("lost %", beside.loss * 100.0);
    findings.put("lost without junk %", alone.loss * 100.0);
    findings.put("ACK ms", beside.ack_ms);
    findings.put("ACK without junk ms", alone.ack_ms);
    findings.put("CPU us per junk packet", (used - of_good).max(0.0) * 1e6 / sent.max(1.0));
    findings.steps = vec![alone, beside];
    Ok(findings)
}
