//! Crash fuzz of one node: random load, a random end, a restart, and a look at what is left.
//!
//! A *life* is one disk with one seed, from empty through several ends: kills of the process, power
//! cuts, clean stops. Everything random in it comes from the seed but the instants, which the
//! machine chooses; so a seed gives the same load and kinds of ends, and mostly the same failure.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use super::fuse::FuseDisk;
use super::fuse::journal::Unsynced;
use super::load::Load;
use super::model::{KnownOutcome, Model, differences, impostor};
use super::mounts;
use super::powercut::{Ext4, LoopDisk, power_cut};
use super::process::{Node, Program, TIMEOUTS};
use super::protocol::{Answer, Operation, Request, Response, Row, Transaction};
use super::single::Policy;

/// One of each kind of disk, however slow the machine is.
const LIVES_MIN: u64 = 2;
/// How often a disk is used before a new one is taken, at most.
const CYCLES_MAX: u32 = 6;
/// The size of a disk in memory.
const FUSE_BYTES: usize = 1 << 30;
/// How many transactions one look sends again.
const RETRIED_MAX: usize = 20;

/// What a run did and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The seed of the first life; the next ones are counted up from it.
    pub seed: u64,
    /// Disks that were used.
    pub lives: u64,
    /// Ends by SIGKILL.
    pub kills: u64,
    /// Ends by a power cut.
    pub power_cuts: u64,
    /// Ends that the node was asked for.
    pub stops: u64,
    /// Transactions that were acknowledged, and found again after each restart.
    pub acknowledged: u64,
    /// Transactions that were refused by a compare.
    pub refused: u64,
    /// Transactions whose answer was lost, that were there after the restart.
    pub open_applied: u64,
    /// Transactions whose answer was lost, that were not.
    pub open_absent: u64,
    /// What must not be, with the seed of its life; empty when all is well.
    pub violations: Vec<String>,
    /// Where the node's log of a violation is, and in `before` what was on the disk before the last
    /// start.
    pub evidence: Option<PathBuf>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, lives, kills, power_cuts, stops, acknowledged, refused, .. } = self;
        let (applied, absent) = (self.open_applied, self.open_absent);
        write!(f, "seed {seed}: {lives} disks, {kills} kills, {power_cuts} power cuts, ")?;
        write!(f, "{stops} stops; {acknowledged} acknowledged, {refused} refused, ")?;
        write!(f, "{applied} of unknown outcome found, {absent} not found")?;
        for violation in &self.violations {
            write!(f, "\n  {violation}")?;
        }
        match &self.evidence {
            Some(folder) => write!(f, "\n  evidence in {}", folder.display()),
            None => Ok(()),
        }
    }
}

/// Runs lives from `seed` on until `budget` is over, or something is wrong. `binary` is
/// `ironraft-disk-node`.
///
/// # Errors
/// When the harness itself fails: a disk cannot be made, a node does not answer in time.
pub fn run(binary: &Path, seed: u64, budget: Duration) -> anyhow::Result<Report> {
    let deadline = Instant::now() + budget;
    let mut report = Report { seed, ..Report::default() };
    while report.violations.is_empty() && (report.lives < LIVES_MIN || Instant::now() < deadline) {
        let seed = seed.wrapping_add(report.lives);
        report.lives += 1;
        let lived = in_own_thread(|| Life::new(binary, seed)?.live(deadline, &mut report));
        lived.with_context(|| format!("life with seed {seed}"))?;
    }
    Ok(report)
}

/// The mounts of a life belong to the thread that it runs on.
fn in_own_thread<T: Send>(work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// How a node ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Stop,
    Kill,
    PowerCut,
}

struct Life {
    seed: u64,
    random: StdRng,
    program: Program,
    load: Load,
    model: Model,
    // Before the folder, so that it is unmounted when that is removed.
    disk: Option<Disk>,
    folder: TempDir,
}

/// What the node runs on: a real file system that loses what it did not write, or one of our own
/// that loses whatever it may.
enum Disk {
    Loop(LoopDisk),
    Fuse(Box<FuseDisk>),
}

impl Disk {
    fn create(folder: &Path, seed: u64, random: &mut StdRng) -> anyhow::Result<Self> {
        if seed.is_multiple_of(2) {
            let disk = FuseDisk::create(&folder.join("disk"), FUSE_BYTES, seed)?;
            return Ok(Self::Fuse(Box::new(disk)));
        }
        let commit = random.random_range(1..30);
        let data = if random.random() { "ordered" } else { "writeback" };
        let options = format!("data={data},commit={commit}");
        let ext4 = Ext4 { options, ..Ext4::default() };
        Ok(Self::Loop(LoopDisk::create(folder, "disk", ext4)?))
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Loop(disk) => disk.folder(),
            Self::Fuse(disk) => disk.folder(),
        }
    }

    fn power_cut(self, node: &mut Node, random: &mut StdRng) -> anyhow::Result<Self> {
        match self {
            Self::Loop(disk) => Ok(Self::Loop(power_cut(node, disk)?)),
            Self::Fuse(mut disk) => {
                node.kill()?;
                let fates = [Unsynced::Lost, Unsynced::Prefix, Unsynced::Reordered];
                disk.cut(fates[random.random_range(0..fates.len())])?;
                Ok(Self::Fuse(disk))
            }
        }
    }
}

impl Life {
    fn new(binary: &Path, seed: u64) -> anyhow::Result<Self> {
        mounts::enter_private().context("mounts need root")?;
        let mut random = StdRng::seed_from_u64(seed);
        let snapshot_every = random.random_range(50..2000);
        let policy = Policy {
            snapshot_every,
            snapshot_keep: snapshot_every / 2,
            history_revisions: random.random_range(50..5000),
            // Half of the disks see new files of the log, flushes and compactions all the time.
            write_buffer_bytes: if random.random() { 64 << 10 } else { 32 << 20 },
            ..Policy::default()
        };
        let folder = tempfile::Builder::new().prefix("ironraft-fuzz-").tempdir();
        let folder = folder.context("no temporary folder")?;
        let disk = Disk::create(folder.path(), seed, &mut random)?;
        Ok(Self {
            seed,
            program: Program::new(binary, policy)?,
            load: Load::new(seed),
            model: Model::default(),
            disk: Some(disk),
            random,
            folder,
        })
    }

    fn live(mut self, deadline: Instant, report: &mut Report) -> anyhow::Result<()> {
        let cycles = self.random.random_range(2..=CYCLES_MAX);
        for cycle in 0..=cycles {
            self.keep_files()?;
            let mut node = match self.start() {
                Ok(node) => node,
                Err(error) => {
                    self.violated(cycle, vec![format!("{error:#}")], report);
                    return Ok(());
                }
            };
            let violations = if cycle == 0 { Vec::new() } else { self.look(&mut node, report)? };
            if !violations.is_empty() {
                node.kill()?;
                self.violated(cycle, violations, report);
                return Ok(());
            }
            if cycle == cycles || (cycle > 0 && Instant::now() >= deadline) {
                break;
            }
            self.work(&mut node, report)?;
            self.end(node, report)?;
        }
        Ok(())
    }

    /// Ends the life with what must not be, and keeps what shows it.
    fn violated(self, cycle: u32, mut violations: Vec<String>, report: &mut Report) {
        violations.insert(0, format!("life with seed {}, cycle {cycle}:", self.seed));
        report.violations = violations;
        report.evidence = Some(self.folder.keep());
    }

    /// Copies what an end left to the folder `before`: the node changes it when it starts, and a disk
    /// in memory goes with this process.
    fn keep_files(&self) -> anyhow::Result<()> {
        let disk = self.disk.as_ref().context("the disk is mounted")?;
        let copy = self.folder.path().join("before");
        if copy.exists() {
            std::fs::remove_dir_all(&copy).context("an earlier copy cannot be removed")?;
        }
        let mut command = std::process::Command::new("cp");
        let status = command.arg("-r").arg(disk.folder()).arg(&copy).status();
        let status = status.context("cp does not start")?;
        ensure!(status.success(), "cp of what an end left: {status}");
        Ok(())
    }

    fn start(&self) -> anyhow::Result<Node> {
        let disk = self.disk.as_ref().context("the disk is mounted")?;
        let log = self.folder.path().join("node.log");
        Node::start_ready(&self.program, &disk.folder().join("store"), &log)
    }

    /// Keeps some requests under way until a random number of them is answered.
    fn work(&mut self, node: &mut Node, report: &mut Report) -> anyhow::Result<()> {
        let window = self.random.random_range(1..64);
        let wanted = self.random.random_range(1..600);
        let (mut running, mut answered) = (0, 0);
        while answered < wanted {
            while running < window {
                let (id, operation) = self.load.next(&mut self.model);
                node.send(&Request { id, operation });
                running += 1;
            }
            let Some(answer) = node.receive(TIMEOUTS)? else {
                bail!("the node ended by itself:\n{}", node.log_tail());
            };
            if let Response::Failed { reason } = &answer.response {
                bail!("the node refused: {reason}");
            }
            self.answered(&answer, report);
            running -= 1;
            answered += 1;
        }
        // An answer is no special moment: the end shall not always come right after one.
        std::thread::sleep(Duration::from_micros(self.random.random_range(0..3000)));
        Ok(())
    }

    fn end(&mut self, mut node: Node, report: &mut Report) -> anyhow::Result<()> {
        let end = match self.random.random_range(0..10) {
            0 => End::Stop,
            1..5 => End::Kill,
            _ => End::PowerCut,
        };
        match end {
            End::Stop => {
                report.stops += 1;
                let status = node.stop()?;
                ensure!(status.success(), "a clean stop ended with {status}");
            }
            End::Kill => {
                report.kills += 1;
                node.kill()?;
            }
            End::PowerCut => {
                report.power_cuts += 1;
                let disk = self.disk.take().context("the disk is mounted")?;
                self.disk = Some(disk.power_cut(&mut node, &mut self.random)?);
            }
        }
        for answer in node.last_answers() {
            self.answered(&answer, report);
        }
        Ok(())
    }

    fn answered(&mut self, answer: &Answer, report: &mut Report) {
        match answer.response {
            Response::Committed { .. } => report.acknowledged += 1,
            Response::Conflict => report.refused += 1,
            Response::NotCommitted
            | Response::Unknown
            | Response::Done
            | Response::Rows { .. }
            | Response::Changes(_)
            | Response::Compacted { .. }
            | Response::Failed { .. } => {}
        }
        self.model.answered(answer.id, &answer.response);
    }

    /// Compares what the restarted node shows with the model.
    fn look(&mut self, node: &mut Node, report: &mut Report) -> anyhow::Result<Vec<String>> {
        let (revision, rows) = range(node, Operation::Range)?;
        let open: Vec<u64> = self.numbers(|known| known == KnownOutcome::Open);
        let mut violations = self.model.settle(revision, &rows);
        let (applied, absent): (Vec<u64>, Vec<u64>) = open
            .into_iter()
            .partition(|number| matches!(self.model.all()[number].known, KnownOutcome::Applied(_)));
        report.open_applied += u64::try_from(applied.len())?;
        report.open_absent += u64::try_from(absent.len())?;
        if violations.is_empty() {
            violations.extend(self.look_back(node, revision)?);
        }
        if violations.is_empty() {
            violations.extend(self.send_again(node, applied, absent)?);
        }
        Ok(violations)
    }

    fn numbers(&self, wanted: impl Fn(KnownOutcome) -> bool) -> Vec<u64> {
        let all = self.model.all().iter();
        all.filter(|(_, sent)| wanted(sent.known)).map(|(number, _)| *number).collect()
    }

    /// The history must be that of the model, and so must an earlier revision.
    fn look_back(&mut self, node: &mut Node, revision: u64) -> anyhow::Result<Vec<String>> {
        let Some(until) = self.model.changes_after(0).last().map(|(at, ..)| *at) else {
            return Ok(Vec::new());
        };
        let mut violations = Vec::new();
        let mut after = self.random.random_range(0..until);
        let mut response = node.ask(Operation::History { after, until })?;
        if let Response::Compacted { oldest } = response {
            if oldest >= until {
                return Ok(Vec::new());
            }
            after = oldest;
            response = node.ask(Operation::History { after, until })?;
        }
        let Response::Changes(changes) = response else { bail!("no history but {response:?}") };
        let mut told: Vec<_> =
            changes.into_iter().map(|(key, value, at)| (at, key, value)).collect();
        if !told.is_sorted_by_key(|(at, ..)| *at) {
            violations.push("the history is not in order".to_owned());
        }
        told.sort();
        if told != self.model.changes_after(after) {
            violations.push(format!("the history after {after} is not what was applied"));
        }
        let earlier = self.random.random_range(after..=revision);
        let (_, rows) = range(node, Operation::RangeAt { revision: earlier })?;
        let different = differences(&self.model.at(earlier).0, &rows);
        violations.extend(different.into_iter().map(|text| format!("at {earlier}: {text}")));
        Ok(violations)
    }

    /// Request ids: what was applied is answered as the first time and not applied again; what was
    /// not is applied now, once.
    fn send_again(
        &mut self,
        node: &mut Node,
        mut applied: Vec<u64>,
        absent: Vec<u64>,
    ) -> anyhow::Result<Vec<String>> {
        let mut violations = Vec::new();
        let known = self.numbers(|known| matches!(known, KnownOutcome::Applied(_)));
        for _ in 0..RETRIED_MAX.min(known.len()) {
            applied.push(known[self.random.random_range(0..known.len())]);
        }
        for number in applied {
            let sent = &self.model.all()[&number];
            let known = sent.known;
            let again = impostor(number, &sent.transaction);
            match node.ask(Operation::Transact(again))? {
                Response::Committed { revision } if known == KnownOutcome::Applied(revision) => {}
                other => violations.push(format!(
                    "transaction {number} was {known:?}, and sent again it is {other:?}"
                )),
            }
        }
        for number in absent.into_iter().take(RETRIED_MAX) {
            let again: Transaction = self.model.all()[&number].transaction.clone();
            self.model.sent_again(number);
            let response = node.ask(Operation::Transact(again))?;
            self.model.answered(number, &response);
        }
        let (revision, rows) = range(node, Operation::Range)?;
        violations.extend(self.model.settle(revision, &rows));
        Ok(violations)
    }
}

fn range(node: &mut Node, operation: Operation) -> anyhow::Result<(u64, Vec<Row>)> {
    match node.ask(operation)? {
        Response::Rows { revision, rows } => Ok((revision, rows)),
        other => bail!("no keys but {other:?}"),
    }
}
