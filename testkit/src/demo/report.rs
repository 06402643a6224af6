//! What the demo ends with: a table of times, and everything as JSON beside the logs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Context;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, Table};
use serde_json::json;

use super::life::{Mark, Subject};
use super::probe::Gaps;
use super::proof::Proof;
use super::timeline::{Sighting, Timeline};
use crate::lab::cluster::{Cluster, Kind};

/// The phases of a machine's way, each from one milestone to another.
const PHASES: &[(&str, Mark, Mark)] = &[
    ("power on to enlisted", Mark::PoweredOn, Mark::Enlisted),
    ("enlisted to off", Mark::Enlisted, Mark::EnlistedOff),
    ("commission to Ready", Mark::Commissioned, Mark::Ready),
    ("deploy to agent at work", Mark::DeployAsked, Mark::Installing),
    ("install", Mark::Installing, Mark::Restarting),
    ("restart to Deployed", Mark::Restarting, Mark::Deployed),
    ("power on to Deployed", Mark::PoweredOn, Mark::Deployed),
];

/// What a demo showed.
#[derive(Debug)]
pub struct Report {
    seconds: f64,
    machines: Vec<Subject>,
    gaps: Gaps,
    leader: String,
    proofs: Vec<Proof>,
    dhcp: BTreeMap<String, BTreeMap<String, u64>>,
    sightings: Vec<Sighting>,
}

impl Report {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        timeline: &Timeline,
        machines: Vec<Subject>,
        gaps: Gaps,
        leader: String,
        proofs: Vec<Proof>,
        dhcp: BTreeMap<String, BTreeMap<String, u64>>,
    ) -> Self {
        let seconds = timeline.elapsed().as_secs_f64();
        Self { seconds, machines, gaps, leader, proofs, dhcp, sightings: timeline.sightings() }
    }

    /// The tables for people.
    #[must_use]
    pub fn show(&self) -> String {
        let mut text = format!("{}\n\n", self.times());
        let Gaps { read_seconds, write_seconds, answers } = self.gaps;
        let mut line = |line: String| {
            writeln!(text, "{line}").expect("writing to a string does not fail");
        };
        line(format!("leader {} was killed during the installation", self.leader));
        line(format!(
            "longest API gap meanwhile: reads {read_seconds:.2} s, writes {write_seconds:.2} s ({answers} answers in all)"
        ));
        for (rack, messages) in &self.dhcp {
            let counts: Vec<String> =
                messages.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            line(format!("DHCP at {rack}: {}", counts.join(", ")));
        }
        line(format!("{} claims proved, {:.0} s in all", self.proofs.len(), self.seconds));
        text
    }

    /// Writes the report beside the logs.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let machines: Vec<_> = self
            .machines
            .iter()
            .map(|machine| {
                json!({ "machine": machine, "seconds": phases_of(machine), "api": machine.shape })
            })
            .collect();
        let report = json!({
            "seconds": self.seconds,
            "leader_killed": self.leader,
            "api_gaps": self.gaps,
            "dhcp_messages": self.dhcp,
            "proofs": self.proofs,
            "machines": machines,
            "timeline": self.sightings,
        });
        let text = serde_json::to_string_pretty(&report).context("the report")?;
        fs::write(folder.join("report.json"), text).context("cannot write report.json")?;
        fs::write(folder.join("report.txt"), self.show()).context("cannot write report.txt")
    }

    fn times(&self) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY);
        let mut header = vec!["seconds".to_owned()];
        header.extend(self.machines.iter().map(|machine| machine.name.clone()));
        table.set_header(header);
        let times: Vec<_> = self.machines.iter().map(phases_of).collect();
        for (phase, _, _) in PHASES {
            let mut row = vec![Cell::new(phase)];
            for of_machine in &times {
                let text = of_machine.get(phase).map_or_else(String::new, |s| format!("{s:.1}"));
                row.push(Cell::new(text).set_alignment(CellAlignment::Right));
            }
            table.add_row(row);
        }
        let mut addresses = vec![Cell::new("address")];
        let address = |machine: &Subject| machine.shape["ip_addresses"][0].clone();
        let text = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        addresses.extend(self.machines.iter().map(|machine| Cell::new(text(address(machine)))));
        table.add_row(addresses);
        table
    }
}

fn phases_of(machine: &Subject) -> BTreeMap<&'static str, f64> {
    let time = |mark| machine.marks.get(&mark);
    let phases = PHASES.iter().filter_map(|(phase, from, to)| {
        let span = time(*to)?.saturating_duration_since(*time(*from)?);
        Some((*phase, span.as_secs_f64()))
    });
    phases.collect()
}

/// How many DHCP messages of each kind each rack counted.
///
/// # Errors
/// When a rack does not answer.
pub async fn dhcp_messages(
    cluster: &Cluster,
) -> anyhow::Result<BTreeMap<String, BTreeMap<String, u64>>> {
    let mut racks = BTreeMap::new();
    for rack in cluster.nodes(Kind::Rack) {
        let metrics = cluster.metrics(rack).await?;
        racks.insert(rack.name.clone(), counts(&metrics));
    }
    Ok(racks)
}

/// The counters of DHCP messages in a rack's metrics, by the value of their last label.
fn counts(metrics: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in metrics.lines().filter(|line| !line.starts_with('#') && line.contains("dhcp")) {
        let Some((name, value)) = line.rsplit_once(' ') else { continue };
        let labels: Vec<&str> = name.split('"').skip(1).step_by(2).collect();
        let name = name.split('{').next().unwrap_or(name);
        if !name.ends_with("_total") {
            continue;
        }
        let short = name.trim_start_matches("ironraft_rack_dhcp_").trim_end_matches("_total");
        let kind = [&[short], labels.as_slice()].concat().join(" ");
        if let Ok(value) = value.parse::<u64>()
            && value > 0
        {
            counts.insert(kind, value);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn counters_of_dhcp_messages_are_found() {
        let metrics = "# TYPE ironraft_rack_dhcp_received counter\n\
            ironraft_rack_dhcp_received_total{kind=\"discover\"} 4\nother_total 3\n\
            ironraft_rack_dhcp_reply_seconds_bucket{le=\"0.5\",kind=\"ack\"} 7\n";
        let counts = counts(metrics);
        assert_eq!(counts.get("received discover"), Some(&4));
        assert_eq!(counts.len(), 1);
    }
}
