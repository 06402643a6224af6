//! What was measured, as JSON, as a page and as pictures.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::idle::Idle;
use super::load::Sample;
use super::machine::{self, Machine, Moment, say};
use super::plot::{self, Bar};
use super::settings::Settings;
use super::size::{Size, SnapshotEffect};
use super::stats::{Spread, median, percentile, spread};
use super::targets;

/// A pair counts as disturbed when one core did so much less or more than usual.
const SPIN_DEVIATION_MAX: f64 = 0.1;
/// How a leader is lost.
pub(super) const LOST: [&str; 3] = ["kill", "stop", "transfer"];
pub(super) const OURS: &str = "ironraft";
pub(super) const ETCD: &str = "etcd";

/// A value of a sample.
type Value = fn(&Sample) -> f64;

/// The conditions of one pair.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Pair {
    /// How far a core counted just before it.
    pub(super) spin: f64,
    pub(super) load: String,
}

/// One time without a leader.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Gap {
    pub(super) part: &'static str,
    pub(super) system: &'static str,
    pub(super) gap_ms: f64,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    machine: Machine,
    etcd: String,
    seconds: f64,
    node_arguments: String,
    before: Moment,
    pub(super) after: Option<Moment>,
    pub(super) pairs: Vec<Pair>,
    pub(super) samples: Vec<Sample>,
    pub(super) gaps: Vec<Gap>,
    pub(super) idle: Vec<Idle>,
    pub(super) sustained: Option<Sample>,
    pub(super) sizes: Vec<Size>,
    pub(super) snapshot: Option<SnapshotEffect>,
    /// Measurements that failed, and why.
    failures: Vec<String>,
}

impl Outcome {
    pub(super) fn begin(settings: &Settings, folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            machine: machine::machine()?,
            etcd: super::etcd::version()?,
            seconds: settings.seconds,
            node_arguments: settings.node_arguments.clone(),
            before: machine::moment(folder)?,
            after: None,
            pairs: Vec::new(),
            samples: Vec::new(),
            gaps: Vec::new(),
            idle: Vec::new(),
            sustained: None,
            sizes: Vec::new(),
            snapshot: None,
            failures: Vec::new(),
        })
    }

    /// The value of a measurement; a failed one is noted.
    pub(super) fn keep<T>(&mut self, part: &str, measured: anyhow::Result<T>) -> Option<T> {
        measured
            .map_err(|error| {
                let failure = format!("{part}: {error:#}");
                say(&failure);
                self.failures.push(failure);
            })
            .ok()
    }

    pub(super) fn gaps_of(&self, part: &str, system: &str) -> Vec<f64> {
        let of = self.gaps.iter().filter(|gap| gap.part == part && gap.system == system);
        of.map(|gap| gap.gap_ms).collect()
    }

    /// One value of each pair of a part, for both systems; pairs with a failure are left out.
    pub(super) fn both(&self, part: &str, value: impl Fn(&Sample) -> f64) -> Vec<(f64, f64)> {
        let find = |system, pair| {
            let mut of = self.samples.iter().filter(|sample| sample.part == part);
            of.find(|sample| sample.system == system && sample.pair == pair)
        };
        let pair = |pair| Some((value(find(OURS, pair)?), value(find(ETCD, pair)?)));
        (0..self.pairs.len()).filter_map(pair).collect()
    }

    fn parts(&self) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for sample in &self.samples {
            if !parts.contains(&sample.part) {
                parts.push(sample.part.clone());
            }
        }
        parts
    }

    /// Writes `store.json`, `store.md` and the pictures.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
        };
        write("store.json", &format!("{}\n", serde_json::to_string_pretty(self)?))?;
        let pictures = [
            ("store-throughput.svg", "operations per second", self.bars(|s| s.per_second)),
            (
                "store-latency.svg",
                "median latency, microseconds",
                self.bars(|s| f64::from(s.p50_us)),
            ),
            (
                "store-cpu.svg",
                "CPU microseconds of three servers per operation",
                self.bars(|s| s.cpu_us),
            ),
            ("store-gaps.svg", "median time without an answer, milliseconds", self.gap_bars()),
        ];
        for (name, title, bars) in pictures {
            if !bars.is_empty() {
                write(name, &plot::bars(title, &bars))?;
            }
        }
        write("store.md", &self.page()?)
    }

    fn bars(&self, value: impl Fn(&Sample) -> f64 + Copy) -> Vec<Bar> {
        let bar = |part: String| {
            let (ours, etcd) = self.both(&part, value).into_iter().unzip();
            Bar { ours: median(ours), etcd: median(etcd), name: part }
        };
        self.parts().into_iter().map(bar).collect()
    }

    fn gap_bars(&self) -> Vec<Bar> {
        let bar = |part: &&str| Bar {
            name: (*part).to_owned(),
            ours: median(self.gaps_of(part, OURS)),
            etcd: median(self.gaps_of(part, ETCD)),
        };
        let measured = |part: &&&str| !self.gaps_of(part, OURS).is_empty();
        LOST.iter().filter(measured).map(bar).collect()
    }

    fn page(&self) -> Result<String, std::fmt::Error> {
        let mut page = String::from("# The store beside etcd\n\n");
        self.write_setting(&mut page)?;
        targets::write(self, &mut page)?;
        self.write_parts(&mut page)?;
        self.write_gaps(&mut page)?;
        self.write_idle(&mut page)?;
        self.write_rest(&mut page)?;
        Ok(page)
    }

    fn write_setting(&self, page: &mut String) -> std::fmt::Result {
        let Machine { processor, cores, memory_kib, kernel } = &self.machine;
        writeln!(page, "Written by `make bench-store`; the raw values are in `store.json`.\n")?;
        writeln!(
            page,
            "- Machine: {cores} x {processor}, {} MiB, Linux {kernel}.",
            memory_kib / 1024
        )?;
        writeln!(
            page,
            "- Ours: ironraft {}, release build, {}.",
            env!("CARGO_PKG_VERSION"),
            match self.node_arguments.as_str() {
                "" => "default configuration",
                arguments => arguments,
            }
        )?;
        writeln!(page, "- {}, default flags, 8 GiB quota, mutual TLS between members.", self.etcd)?;
        writeln!(
            page,
            "- Both: three processes on loopback, one disk, fsync before every acknowledgement, values of 256 bytes, clients without TLS on one gRPC stack, connected to the leader (`forwarded`: to a follower)."
        )?;
        writeln!(
            page,
            "- `packed`: our client sends what its callers ask at the same time in one message, each with an answer of its own; etcd's interface has no such messages, and is driven as in the other parts."
        )?;
        writeln!(
            page,
            "- Runs of {} s in {} interleaved pairs; medians, and ratios of pairs with the range of all pairs and a 95 % bootstrap interval.",
            self.seconds,
            self.pairs.len()
        )?;
        let moment = |moment: &Moment| {
            format!(
                "load {:.2}, fdatasync of 4 KiB p50 {} us p99 {} us",
                moment.load, moment.fsync_p50_us, moment.fsync_p99_us
            )
        };
        writeln!(page, "- Before: {}.", moment(&self.before))?;
        if let Some(after) = &self.after {
            writeln!(page, "- After: {}.", moment(after))?;
        }
        let usual = median(self.pairs.iter().map(|pair| pair.spin).collect());
        let disturbed = |pair: &&Pair| (pair.spin / usual - 1.0).abs() > SPIN_DEVIATION_MAX;
        let count = self.pairs.iter().filter(disturbed).count();
        writeln!(
            page,
            "- Disturbed pairs (a core counted more than 10 % off): {count} of {}, not left out.\n",
            self.pairs.len()
        )
    }

    fn write_parts(&self, page: &mut String) -> std::fmt::Result {
        if self.samples.is_empty() {
            return Ok(());
        }
        writeln!(
            page,
            "## Load\n\nThe number is how many clients run in closed loops; `open` is an open loop at 1500 puts/s, whose latency counts from the intended start. `get` is linearizable, `lease` a compare and four puts.\n"
        )?;
        writeln!(
            page,
            "| load | value | ironraft | etcd | ratio | range | 95 % |\n|---|---|---|---|---|---|---|"
        )?;
        for part in self.parts() {
            let rows: [(&str, Value); 6] = [
                ("per second", |sample| sample.per_second),
                ("p50 us", |sample| f64::from(sample.p50_us)),
                ("p99 us", |sample| f64::from(sample.p99_us)),
                ("p99.9 us", |sample| f64::from(sample.p999_us)),
                ("CPU us each", |sample| sample.cpu_us),
                ("fsyncs each", |sample| sample.fsyncs),
            ];
            for (name, value) in rows {
                write_row(page, &part, name, &self.both(&part, value))?;
            }
        }
        writeln!(
            page,
            "\nFsyncs are those of all three servers as each counts its own: ours of the write-ahead log, etcd's of its log and of its backend.\n"
        )
    }

    fn write_gaps(&self, page: &mut String) -> std::fmt::Result {
        if self.gaps.is_empty() {
            return Ok(());
        }
        writeln!(
            page,
            "## Leaders lost\n\nThe longest time between two answers, at 200 puts/s to all nodes in turn; both with their own timers.\n"
        )?;
        writeln!(
            page,
            "| event | system | times | p50 ms | p90 ms | max ms |\n|---|---|---|---|---|---|"
        )?;
        for part in LOST {
            for system in [OURS, ETCD] {
                let mut gaps = self.gaps_of(part, system);
                gaps.sort_by(f64::total_cmp);
                let at = |share| percentile(&gaps, share);
                writeln!(
                    page,
                    "| {part} | {system} | {} | {:.0} | {:.0} | {:.0} |",
                    gaps.len(),
                    at(0.5),
                    at(0.9),
                    at(1.0)
                )?;
            }
        }
        writeln!(page)
    }

    fn write_idle(&self, page: &mut String) -> std::fmt::Result {
        if self.idle.is_empty() {
            return Ok(());
        }
        writeln!(page, "## Idle\n\nCPU time of each server while nobody asks anything.\n")?;
        writeln!(page, "| system | role | percent of a core |\n|---|---|---|")?;
        for Idle { system, leads, cpu_percent } in &self.idle {
            let role = if *leads { "leader" } else { "follower" };
            writeln!(page, "| {system} | {role} | {cpu_percent:.2} |")?;
        }
        writeln!(page)
    }

    fn write_rest(&self, page: &mut String) -> std::fmt::Result {
        if let Some(sample) = &self.sustained {
            writeln!(
                page,
                "## Sustained leases\n\nIndependent transactions (a compare and four puts), 10,000 a second, sent as they arrive within 4 ms, each with its own answer: {} done, {} failed, {:.0}/s, p50 {:.1} ms, p99 {:.1} ms, {:.1} us CPU each.\n",
                sample.done,
                sample.failed,
                sample.per_second,
                f64::from(sample.p50_us) / 1e3,
                f64::from(sample.p99_us) / 1e3,
                sample.cpu_us
            )?;
        }
        if !self.sizes.is_empty() {
            writeln!(
                page,
                "## Many keys\n\n| system | keys | fill s | leader MiB | all MiB | disk MiB | restart s |\n|---|---|---|---|---|---|---|"
            )?;
            for Size {
                system,
                keys,
                fill_seconds,
                leader_mib,
                all_mib,
                disk_mib,
                restart_seconds,
            } in &self.sizes
            {
                writeln!(
                    page,
                    "| {system} | {keys} | {fill_seconds:.1} | {leader_mib:.0} | {all_mib:.0} | {disk_mib:.0} | {restart_seconds:.2} |"
                )?;
            }
            writeln!(page)?;
        }
        if let Some(SnapshotEffect { seconds, before, during }) = &self.snapshot {
            writeln!(
                page,
                "A snapshot of ours at the leader took {seconds:.1} s; puts of 16 clients had a p99 of {} us before and {} us during it.\n",
                before.p99_us, during.p99_us
            )?;
        }
        if self.failures.is_empty() {
            return writeln!(page, "No measurement failed.");
        }
        writeln!(page, "## Failed measurements\n")?;
        self.failures.iter().try_for_each(|failure| writeln!(page, "- {failure}"))
    }
}

fn write_row(page: &mut String, part: &str, name: &str, pairs: &[(f64, f64)]) -> std::fmt::Result {
    let (ours, etcd): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let digits = if median(etcd.clone()) < 10.0 { 3 } else { 0 };
    // Reads cause no fsyncs, and have no ratio of them.
    if !pairs.is_empty() && etcd.iter().all(|value| *value == 0.0) {
        return writeln!(page, "| {part} | {name} | {:.digits$} | 0 | | | |", median(ours));
    }
    let ratios: Vec<f64> = pairs.iter().map(|(ours, etcd)| ours / etcd).collect();
    let Some(Spread { median: ratio, min, max, low, high }) = spread(&ratios) else {
        return writeln!(page, "| {part} | {name} | failed | failed | | | |");
    };
    let (ours, etcd) = (median(ours), median(etcd));
    writeln!(
        page,
        "| {part} | {name} | {ours:.digits$} | {etcd:.digits$} | {ratio:.2} | {min:.2}-{max:.2} | {low:.2}-{high:.2} |"
    )
}
