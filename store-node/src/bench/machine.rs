//! What the machine says: CPU time and memory of processes, load, the disk's fsync, how fast it is.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;

use super::stats::{micros, percentile};

/// The kernel counts CPU time in hundredths of a second (`USER_HZ`, the same on every Linux).
const TICK: Duration = Duration::from_millis(10);
const PROBE_WRITES: u64 = 200;
const PROBE_BYTES: usize = 4096;
const SPIN: Duration = Duration::from_millis(40);

/// The machine at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    /// Runnable processes over the last minute.
    pub load: f64,
    /// Time of one fdatasync of 4 KiB at the end of a file, microseconds.
    pub fsync_p50_us: u32,
    /// The same, 99th percentile.
    pub fsync_p99_us: u32,
}

/// What the machine is.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// Processors.
    pub cores: usize,
    /// Memory, KiB.
    pub memory_kib: u64,
    /// Version of the kernel.
    pub kernel: String,
}

/// What this machine is.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn machine() -> anyhow::Result<Machine> {
    let processors = read("/proc/cpuinfo")?;
    let named = |line: &&str| line.starts_with("model name");
    let model = processors.lines().find(named).and_then(|line| line.split_once(": "));
    Ok(Machine {
        processor: model.map(|(_, name)| name.to_owned()).unwrap_or_default(),
        cores: processors.lines().filter(named).count(),
        memory_kib: field(&read("/proc/meminfo")?, "MemTotal:"),
        kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
    })
}

/// How the machine is now; `folder` is on the disk that is measured.
///
/// # Errors
/// When the disk cannot be written.
pub fn moment(folder: &Path) -> anyhow::Result<Moment> {
    let load = read("/proc/loadavg")?;
    let load = load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0);
    let path = folder.join("fsync-probe");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut times = Vec::new();
    for number in 0..PROBE_WRITES {
        let begin = Instant::now();
        file.write_all_at(&[1; PROBE_BYTES], number * PROBE_BYTES as u64)?;
        file.sync_data()?;
        times.push(micros(begin.elapsed()));
    }
    std::fs::remove_file(&path)?;
    times.sort_unstable();
    let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
    Ok(Moment { load, fsync_p50_us: p50, fsync_p99_us: p99 })
}

/// How far one core counts in a moment: what others take from us lowers it.
#[must_use]
pub fn spin() -> f64 {
    let begin = Instant::now();
    let mut count = 0_u32;
    while begin.elapsed() < SPIN {
        count += 1;
    }
    f64::from(count)
}

/// CPU time that processes have used until now.
///
/// # Errors
/// When one is gone.
pub fn cpu_time(pids: &[u32]) -> anyhow::Result<Duration> {
    let mut ticks = 0;
    for pid in pids {
        let stat = read(&format!("/proc/{pid}/stat"))?;
        // The name, in parentheses, can contain spaces; user and system time are fields 14 and 15.
        let (_, rest) = stat.rsplit_once(')').context("a line of /proc/stat")?;
        let fields = rest.split_whitespace().skip(11).take(2);
        ticks += fields.filter_map(|field| field.parse::<u32>().ok()).sum::<u32>();
    }
    Ok(TICK * ticks)
}

/// Memory that a process holds, KiB.
///
/// # Errors
/// When it is gone.
pub fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    Ok(field(&read(&format!("/proc/{pid}/status"))?, "VmRSS:"))
}

/// Bytes of all files below a folder.
///
/// # Errors
/// When it cannot be read.
pub fn folder_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A file can be removed while we look.
        let Ok(metadata) = entry.metadata() else { continue };
        sum += if metadata.is_dir() { folder_bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(sum)
}

/// Shows progress on the terminal.
pub(super) fn say(line: &str) {
    // Nobody has to read it.
    drop(writeln!(std::io::stderr(), "{line}"));
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn read(path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}
