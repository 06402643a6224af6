//! All clients come at once, as when power is back, and ask again, ever less often, until they have an
//! address: perfdhcp's scenario of this name.

use anyhow::Context as _;

use super::findings::{Context, Findings, cpu_us};
use crate::clients::Pool;
use crate::perfdhcp::{self, Load};
use crate::server::{Options, Server};

pub(super) async fn measure(context: &Context<'_>) -> anyhow::Result<Findings> {
    let settings = context.settings;
    let server = Server::start(context.kind, Options::new(&settings.binary, Pool::LARGE)).await?;
    let before = server.used()?;
    let printed = perfdhcp::run(&server, Load::Avalanche { clients: settings.avalanche }).await?;
    let mut findings = Findings::default();
    findings
        .put("all have an address s", printed.provisioned_s.context("no end of the avalanche")?);
    findings.put("packets sent again", f64::from(printed.resent.unwrap_or_default()));
    findings.put("slowest OFFER ms", printed.offers.max_ms);
    findings.put("slowest ACK ms", printed.acks.max_ms);
    let cpu = cpu_us(&before, &server.used()?, printed.acks.received);
    findings.put("CPU us per DORA", cpu.iter().map(|(_, us)| us).sum());
    Ok(findings)
}
