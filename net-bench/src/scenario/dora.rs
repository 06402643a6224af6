//! New clients get addresses (DISCOVER, OFFER, REQUEST, ACK, or over IPv6 SOLICIT, ADVERTISE, REQUEST, REPLY), at rising rates: the highest rate at which
//! next to nothing is lost, and the one at which 2.5 % are, as ISC measures Kea.

use std::time::Duration;

use anyhow::Context as _;
use tokio::time::sleep;

use super::findings::{Context, Findings, Step, cpu_us};
use crate::clients::{Family, Pool};
use crate::perfdhcp::{self, Load};
use crate::progress::say;
use crate::search::{self, Point};
use crate::server::{Options, Server};

/// What a clean rate may lose, and what ISC allows.
const CLEAN: f64 = 0.001;
const ALLOWED: f64 = 0.025;
/// Between two steps, until what was left over of one is done.
const SETTLE: Duration = Duration::from_secs(1);

/// Searches both rates with one server.
pub(super) async fn measure(context: &Context<'_>, family: Family) -> anyhow::Result<Findings> {
    let settings = context.settings;
    let options = Options { family, ..Options::new(&settings.binary, Pool::LARGE) };
    let server = Server::start(context.kind, options).await?;
    let mut steps: Vec<Step> = Vec::new();
    for limit in [CLEAN, ALLOWED] {
        for _ in 0..settings.steps {
            let points: Vec<Point> = steps.iter().map(Step::point).collect();
            let Some(rate) = search::next(&points, limit, settings.start) else { break };
            let step = step(&server, rate, settings.seconds).await?;
            say(&step.line());
            steps.push(step);
            sleep(SETTLE).await;
        }
    }
    findings(steps)
}

/// New clients at one rate.
pub(super) async fn step(server: &Server, rate: u32, seconds: u32) -> anyhow::Result<Step> {
    let before = server.used()?;
    let load = Load::Rate { per_second: rate, seconds };
    let printed = perfdhcp::run(server, load).await?;
    let (begun, done) = (printed.offers.sent, printed.acks.received);
    let per_second = |count: u32| f64::from(count) / f64::from(seconds);
    Ok(Step {
        rate,
        begun: per_second(begun),
        done: per_second(done),
        loss: printed.loss(),
        offer_ms: printed.offers.mean_ms,
        ack_ms: printed.acks.mean_ms,
        ack_max_ms: printed.acks.max_ms,
        not_unique: printed.acks.not_unique,
        cpu_us: cpu_us(&before, &server.used()?, done),
    })
}

fn findings(steps: Vec<Step>) -> anyhow::Result<Findings> {
    let points: Vec<Point> = steps.iter().map(Step::point).collect();
    let at = |limit: f64| {
        let rate = search::highest(&points, limit);
        steps.iter().find(|step| Some(step.rate) == rate && step.loss <= limit)
    };
    let allowed = at(ALLOWED).context("the server loses more than 2.5 % at every rate")?;
    let mut findings = Findings::default();
    // Without any clean step the rate is zero; that is a figure, too.
    findings.put("clean /s", at(CLEAN).map_or(0.0, |step| step.done));
    findings.put("at 2.5 % loss /s", allowed.done);
    let step = at(CLEAN).unwrap_or(allowed);
    findings.put("OFFER ms", step.offer_ms);
    findings.put("ACK ms", step.ack_ms);
    findings.put("ACK max ms", step.ack_max_ms);
    findings.put("CPU us per DORA", step.cpu_us.iter().map(|(_, us)| us).sum());
    let twice: u32 = steps.iter().map(|step| step.not_unique).sum();
    findings.put("addresses given twice", f64::from(twice));
    findings.steps = steps;
    Ok(findings)
}

impl Step {
    fn point(&self) -> Point {
        Point { rate: self.rate, loss: self.loss }
    }

    pub(super) fn line(&self) -> String {
        let cpu: Vec<String> =
            self.cpu_us.iter().map(|(process, us)| format!("{process} {us:.0}")).collect();
        format!(
            "  {:5}/s: {:7.1}/s begun {:7.1}/s done {:6.2} % lost, OFFER {:.2} ms, ACK {:.2} ms (max {:.0}), \
             CPU us {}",
            self.rate,
            self.begun,
            self.done,
            self.loss * 100.0,
            self.offer_ms,
            self.ack_ms,
            self.ack_max_ms,
            cpu.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rate: u32, loss: f64) -> Step {
        Step {
            rate,
            begun: f64::from(rate),
            done: f64::from(rate) * (1.0 - loss),
            loss,
            offer_ms: 1.0,
            ack_ms: f64::from(rate) / 100.0,
            ack_max_ms: 9.0,
            not_unique: 0,
            cpu_us: vec![("a".to_owned(), 100.0), ("b".to_owned(), 20.0)],
        }
    }

    #[track_caller]
    fn check(steps: Vec<Step>, clean: f64, allowed: f64, ack_ms: f64) {
        let found = findings(steps).unwrap();
        let value = |name: &str| found.figures.iter().find(|figure| figure.name == name).unwrap();
        for (name, want) in [("clean /s", clean), ("at 2.5 % loss /s", allowed), ("ACK ms", ack_ms)]
        {
            assert!((value(name).value - want).abs() < 1e-6, "{name} {:?}", value(name));
        }
        assert!((value("CPU us per DORA").value - 120.0).abs() < 1e-9);
    }

    #[test]
    fn latency_and_cpu_are_those_of_the_clean_rate() {
        check(vec![step(100, 0.0), step(200, 0.02), step(400, 0.3)], 100.0, 196.0, 1.0);
    }

    #[test]
    fn without_a_clean_rate_they_are_those_of_the_allowed_one() {
        check(vec![step(100, 0.01), step(200, 0.2)], 0.0, 99.0, 1.0);
        assert!(findings(vec![step(100, 0.1)]).is_err());
    }
}
