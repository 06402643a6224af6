//! New clients where there are a thousand leases, and where there are a million: what a commit takes, and
//! the memory of the rack, which holds all of them, and of the regions.

use std::time::Duration;

use store_node::bench::machine::resident_kib;
use store_node::wait::wait_for;
use tokio::time::sleep;

use super::dora::step;
use super::findings::{Context, Findings, Step, cpu_seconds};
use crate::clients::Pool;
use crate::progress::say;
use crate::server::{Options, Server};

/// Leases of the small site.
const FEW: u32 = 1_000;
/// New clients a second: few, so that no commit waits for another.
const RATE: u32 = 50;
/// Servers are quiet when all of them together use this much of a core, over this time.
const QUIET: f64 = 0.2;
const LOOK: Duration = Duration::from_secs(2);
const QUIET_MAX: Duration = Duration::from_secs(180);

/// What one site showed.
struct Site {
    step: Step,
    /// Most memory of a process of the kind, MiB.
    rack_mib: f64,
    region_mib: f64,
}

pub(super) async fn measure(context: &Context<'_>) -> anyhow::Result<Findings> {
    let few = site(context, FEW).await?;
    let many = site(context, context.settings.stock).await?;
    let mut findings = Findings::default();
    findings.put("leases", f64::from(context.settings.stock));
    findings.put("lost %", many.step.loss.max(few.step.loss) * 100.0);
    findings.put("ACK ms", many.step.ack_ms);
    findings.put("ACK ms with 1,000", few.step.ack_ms);
    findings.put("ratio", many.step.ack_ms / few.step.ack_ms.max(f64::MIN_POSITIVE));
    let cpu = |site: &Site| site.step.cpu_us.iter().map(|(_, us)| us).sum();
    findings.put("CPU us per DORA", cpu(&many));
    findings.put("CPU us with 1,000", cpu(&few));
    findings.put("rack MiB", many.rack_mib);
    findings.put("region MiB", many.region_mib);
    findings.steps = vec![few.step, many.step];
    Ok(findings)
}

async fn site(context: &Context<'_>, leases: u32) -> anyhow::Result<Site> {
    let settings = context.settings;
    let options = Options { leases, ..Options::new(&settings.binary, Pool::HUGE) };
    let server = Server::start(context.kind, options).await?;
    quiet(&server).await?;
    let step = step(&server, RATE, settings.seconds).await?;
    say(&step.line());
    let most = |letter: char| -> anyhow::Result<f64> {
        let mut most = 0.0_f64;
        for (name, id) in server.processes() {
            if name.starts_with(letter) {
                let kib = u32::try_from(resident_kib(id)?).unwrap_or(u32::MAX);
                most = most.max(f64::from(kib) / 1024.0);
            }
        }
        Ok(most)
    };
    Ok(Site { rack_mib: most('k')?, region_mib: most('r')?, step })
}

/// Waits until the servers have done what so many leases are to them when they start: regions that
/// joined make snapshots.
async fn quiet(server: &Server) -> anyhow::Result<()> {
    let mut before = cpu_seconds(server)?;
    wait_for("the servers are quiet", QUIET_MAX, async || {
        sleep(LOOK).await;
        let now = cpu_seconds(server)?;
        let share = (now - before) / LOOK.as_secs_f64();
        before = now;
        Ok((share <= QUIET).then_some(()))
    })
    .await
}
