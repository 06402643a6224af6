//! What was measured, as JSON and as a page beside what was measured before.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use store_node::bench::machine::{self, machine, moment};
use store_node::bench::stats::median;

use super::part::{Idle, Leases, List, Sample};
use super::settings::Settings;
use super::site::Door;
use super::targets;
use super::usage::say;

/// The raw values of a run, and of the run that later ones are compared with.
const NOW: &str = "region.json";
const BEFORE: &str = "region-before.json";
const PAGE: &str = "region.md";

/// Everything that was measured.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) commit: String,
    profile: String,
    machine: String,
    durability: String,
    seconds: f64,
    runs: usize,
    /// Load and fsync before and after.
    moments: Vec<String>,
    pub(super) samples: Vec<Sample>,
    pub(super) lists: Vec<List>,
    pub(super) leases: Vec<Leases>,
    pub(super) idle: Vec<Idle>,
    /// What failed or was left out, and why.
    failures: Vec<String>,
}

impl Outcome {
    pub(super) fn begin(settings: &Settings, folder: &Path) -> anyhow::Result<Self> {
        let machine::Machine { processor, cores, memory_kib, kernel } = machine()?;
        Ok(Self {
            commit: settings.commit.clone(),
            profile: settings.profile.clone(),
            machine: format!("{cores} x {processor}, {} MiB, Linux {kernel}", memory_kib / 1024),
            durability: "three regions on one disk, fsync by a majority before every answer"
                .to_owned(),
            seconds: settings.seconds,
            runs: settings.runs,
            moments: vec![shown(folder)?],
            ..Self::default()
        })
    }

    pub(super) fn end(&mut self, folder: &Path) -> anyhow::Result<()> {
        self.moments.push(shown(folder)?);
        Ok(())
    }

    /// The value of a measurement; a failed one is noted.
    pub(super) fn keep<T>(&mut self, part: &str, measured: anyhow::Result<T>) -> Option<T> {
        measured.map_err(|error| self.note(format!("{part}: {error:#}"))).ok()
    }

    /// Notes that something was not measured.
    pub(super) fn leave_out(&mut self, part: &str, why: &str) {
        self.note(format!("{part}: {why}"));
    }

    fn note(&mut self, failure: String) {
        if !self.failures.contains(&failure) {
            say(&failure);
            self.failures.push(failure);
        }
    }

    pub(super) fn add(&mut self, samples: Vec<Sample>) {
        for sample in &samples {
            let Sample { part, size, door, clients, done, failed, .. } = sample;
            say(&format!(
                "{part:8} {size:5} machines {door:?} {clients:2} clients {:7.1}/s p50 {:7} us p99 {:7} us \
                 cpu {:7.0} us done {done} failed {failed}",
                sample.per_second, sample.p50_us, sample.p99_us, sample.cpu_us
            ));
        }
        self.samples.extend(samples);
    }

    /// The runs of one cell.
    pub(super) fn cell(&self, cell: &Cell) -> Vec<&Sample> {
        self.samples.iter().filter(|sample| Cell::of(sample) == *cell).collect()
    }

    fn cells(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> = self.samples.iter().map(Cell::of).collect();
        cells.sort();
        cells.dedup();
        cells
    }

    /// Writes `region.json` and `region.md`; as the run to compare with, also
    /// `region-before.json`.
    pub(super) fn write(&self, settings: &Settings) -> anyhow::Result<()> {
        let folder = &settings.report;
        std::fs::create_dir_all(folder)?;
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
        };
        let json = format!("{}\n", serde_json::to_string(self)?);
        write(NOW, &json)?;
        if settings.as_before {
            write(BEFORE, &json)?;
        }
        let before = std::fs::read_to_string(folder.join(BEFORE)).ok();
        let before = before.map(|text| serde_json::from_str::<Self>(&text)).transpose()?;
        write(PAGE, &self.page(before.as_ref())?)
    }

    fn page(&self, before: Option<&Self>) -> Result<String, std::fmt::Error> {
        let mut page = String::from("# The region under many requests\n\n");
        self.write_setting(before, &mut page)?;
        targets::write(self, before, &mut page)?;
        self.write_operations(before, &mut page)?;
        self.write_lists(before, &mut page)?;
        self.write_rest(before, &mut page)?;
        Ok(page)
    }

    fn write_setting(&self, before: Option<&Self>, page: &mut String) -> std::fmt::Result {
        writeln!(page, "Written by `make bench-region`; the raw values are in `{NOW}`.\n")?;
        writeln!(page, "- Machine: {}.", self.machine)?;
        writeln!(
            page,
            "- Commit {}, profile `{}`; {}.",
            self.commit, self.profile, self.durability
        )?;
        if let Some(before) = before {
            writeln!(
                page,
                "- Before: commit {}, profile `{}`, {}; {}.",
                before.commit,
                before.profile,
                before.machine,
                before.moments.join("; ")
            )?;
        }
        writeln!(
            page,
            "- Medians of {} runs of {} s, the parts in turns; the sites one after the other. Clients are closed \
             loops on the same machine, over HTTP/1.1 with signed requests. Machines have 6 interfaces, 6 disks \
             and 40 PCI devices, and were seeded into the store; nobody switches their power. A part is \
             left out where one client alone was so slow that the run would not end in reasonable time.",
            self.runs, self.seconds
        )?;
        writeln!(page, "- The machine before and after: {}.\n", self.moments.join("; "))
    }

    fn write_operations(&self, before: Option<&Self>, page: &mut String) -> std::fmt::Result {
        if self.samples.is_empty() {
            return Ok(());
        }
        writeln!(
            page,
            "## Operations\n\nPer second, median and 99th percentile in ms, CPU of the three regions for each \
             in ms, and the share that was refused. In parentheses what it was before.\n"
        )?;
        writeln!(
            page,
            "| operation | machines | at | clients | per second | p50 | p99 | CPU | refused |\n\
             |---|---|---|---|---|---|---|---|---|"
        )?;
        for cell in self.cells() {
            let now = Row::of(&self.cell(&cell));
            let was = before.map(|before| before.cell(&cell)).filter(|cell| !cell.is_empty());
            let was = was.map(|cell| Row::of(&cell));
            let both = |value: fn(&Row) -> f64, digits: usize| {
                let was = was.as_ref().map(|row| format!(" ({:.digits$})", value(row)));
                format!("{:.digits$}{}", value(&now), was.unwrap_or_default())
            };
            writeln!(
                page,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} % |",
                cell.part,
                cell.size,
                format!("{:?}", cell.door).to_lowercase(),
                cell.clients,
                both(|row| row.per_second, 0),
                both(|row| row.p50_ms, 1),
                both(|row| row.p99_ms, 1),
                both(|row| row.cpu_ms, 2),
                both(|row| row.refused_percent, 1),
            )?;
        }
        let mut refusals: Vec<&str> =
            self.samples.iter().filter_map(|sample| sample.refusal.as_deref()).collect();
        refusals.sort_unstable();
        refusals.dedup();
        for refusal in refusals.iter().take(3) {
            writeln!(page, "\nA refusal: `{}`", refusal.replace('\n', " "))?;
        }
        writeln!(page)
    }

    fn write_lists(&self, before: Option<&Self>, page: &mut String) -> std::fmt::Result {
        if self.lists.is_empty() {
            return Ok(());
        }
        writeln!(page, "## Lists of all machines, at the leader\n")?;
        writeln!(
            page,
            "| machines | first byte ms | total ms | MiB | more memory MiB | CPU ms |\n|---|---|---|---|---|---|"
        )?;
        let mut sizes: Vec<u32> = self.lists.iter().map(|list| list.size).collect();
        sizes.dedup();
        for size in sizes {
            let both = |value: fn(&List) -> f64| {
                let was = before.and_then(|before| before.list(size, value));
                let was = was.map(|was| format!(" ({was:.0})")).unwrap_or_default();
                format!("{:.0}{was}", self.list(size, value).unwrap_or_default())
            };
            writeln!(
                page,
                "| {size} | {} | {} | {} | {} | {} |",
                both(|list| list.first_byte_ms),
                both(|list| list.total_ms),
                both(|list| f64::from(u32::try_from(list.bytes >> 20).unwrap_or(u32::MAX))),
                both(|list| list.growth_mib),
                both(|list| list.cpu_ms),
            )?;
        }
        writeln!(page)
    }

    fn write_rest(&self, before: Option<&Self>, page: &mut String) -> std::fmt::Result {
        let lines = |outcome: &Self, page: &mut String| -> std::fmt::Result {
            for Leases { size, lists, done, failed, per_second, p50_us, p99_us } in &outcome.leases
            {
                writeln!(
                    page,
                    "- {size} machines, commits of leases of 8 clients beside {lists} lists: {per_second:.0}/s, p50 \
                     {p50_us} us, p99 {p99_us} us, {done} done, {failed} failed."
                )?;
            }
            for Idle { size, percent } in &outcome.idle {
                let percent: Vec<String> =
                    percent.iter().map(|one| format!("{one:.1} %")).collect();
                writeln!(
                    page,
                    "- {size} machines, idle: CPU {} (the leader first).",
                    percent.join(", ")
                )?;
            }
            Ok(())
        };
        writeln!(page, "## Leases beside lists, and idle regions\n")?;
        lines(self, page)?;
        if let Some(before) = before.filter(|before| before.commit != self.commit) {
            writeln!(page, "\nBefore:\n")?;
            lines(before, page)?;
        }
        if self.failures.is_empty() {
            return writeln!(page, "\nNothing failed or was left out.");
        }
        writeln!(page, "\n## Failed or left out\n")?;
        self.failures.iter().try_for_each(|failure| writeln!(page, "- {failure}"))
    }

    /// The median over the lists of a site.
    pub(super) fn list(&self, size: u32, value: fn(&List) -> f64) -> Option<f64> {
        let of = self.lists.iter().filter(|list| list.size == size);
        let values: Vec<f64> = of.map(value).collect();
        (!values.is_empty()).then(|| median(values))
    }
}

fn shown(folder: &Path) -> anyhow::Result<String> {
    let machine::Moment { load, fsync_p50_us, fsync_p99_us } = moment(folder)?;
    Ok(format!("load {load:.2}, fdatasync of 4 KiB p50 {fsync_p50_us} us p99 {fsync_p99_us} us"))
}

/// What is run several times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) part: String,
    pub(super) size: u32,
    pub(super) door: Door,
    pub(super) clients: usize,
}

impl Cell {
    fn of(sample: &Sample) -> Self {
        let Sample { part, size, door, clients, .. } = sample;
        Self { part: part.clone(), size: *size, door: *door, clients: *clients }
    }
}

/// The medians of a cell.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    cpu_ms: f64,
    refused_percent: f64,
}

impl Row {
    pub(super) fn of(runs: &[&Sample]) -> Self {
        let of = |value: fn(&Sample) -> f64| median(runs.iter().map(|run| value(run)).collect());
        let sum = |value: fn(&Sample) -> usize| runs.iter().map(|run| value(run)).sum::<usize>();
        let (done, failed) = (sum(|run| run.done), sum(|run| run.failed));
        let share = super::part::count(failed) / super::part::count((done + failed).max(1));
        Self {
            per_second: of(|run| run.per_second),
            p50_ms: of(|run| f64::from(run.p50_us) / 1e3),
            p99_ms: of(|run| f64::from(run.p99_us) / 1e3),
            cpu_ms: of(|run| run.cpu_us / 1e3),
            refused_percent: share * 100.0,
        }
    }
}
