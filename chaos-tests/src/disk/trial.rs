//! One node on a disk with faults of ours: bring it up, break something, see how it ends, and
//! whether what it acknowledged is still there.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;

use super::fuse::FuseDisk;
use super::load::Load;
use super::model::Model;
use super::mounts;
use super::process::{Node, Program, TIMEOUTS};
use super::protocol::{Answer, Operation, Request, Response};
use super::single::Policy;

/// The size of the disk.
const DISK_BYTES: usize = 1 << 30;
/// Requests under way at the same time.
const WINDOW: u64 = 8;

/// How a node that was started ended by itself.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it logged since it was started.
    pub log: String,
}

/// What a node made of a disk.
#[derive(Debug)]
pub enum Outcome {
    /// It ended by itself.
    Ended(Ended),
    /// It served; these are the differences from what was acknowledged.
    Served(Vec<String>),
}

/// A disk, the node on it, and what it acknowledged.
#[derive(Debug)]
pub struct Trial {
    program: Program,
    load: Load,
    model: Model,
    /// The disk.
    pub disk: FuseDisk,
    // After the disk, so that it is unmounted when this is removed.
    folder: TempDir,
}

impl Trial {
    /// An empty disk. `binary` is `ironraft-disk-node`. The mounts belong to the calling thread.
    ///
    /// # Errors
    /// When the disk cannot be mounted.
    pub fn new(binary: &Path, policy: Policy) -> anyhow::Result<Self> {
        mounts::enter_private().context("mounts need root")?;
        let folder = tempfile::Builder::new().prefix("ironraft-trial-").tempdir();
        let folder = folder.context("no temporary folder")?;
        let disk = FuseDisk::create(&folder.path().join("disk"), DISK_BYTES, 1)?;
        let program = Program::new(binary, policy)?;
        Ok(Self { program, load: Load::new(1), model: Model::default(), disk, folder })
    }

    /// The node's folder.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.disk.folder().join("store")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("node.log")
    }

    /// Starts the node and waits until it takes requests. Its log begins anew.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn start(&self) -> anyhow::Result<Node> {
        self.forget_log()?;
        Node::start_ready(&self.program, &self.store(), &self.log())
    }

    fn forget_log(&self) -> anyhow::Result<()> {
        std::fs::write(self.log(), []).context("cannot clear the log")
    }

    fn ended(&self, node: &mut Node) -> anyhow::Result<Ended> {
        let status = node.wait_end(TIMEOUTS)?;
        Ok(Ended { status, log: self.logged()? })
    }

    /// What the node logged since it was started.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn logged(&self) -> anyhow::Result<String> {
        let bytes = std::fs::read(self.log()).context("no log")?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Lets the node answer that many requests.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn fill(&mut self, node: &mut Node, wanted: u64) -> anyhow::Result<()> {
        match self.work(node, wanted)? {
            true => Ok(()),
            false => bail!("the node ended:\n{}", node.log_tail()),
        }
    }

    /// Gives it work until it ends by itself.
    ///
    /// # Errors
    /// When it answers that many requests and does not.
    pub fn work_until_end(&mut self, node: &mut Node, limit: u64) -> anyhow::Result<Ended> {
        match self.work(node, limit)? {
            true => bail!("the node did not end after {limit} requests:\n{}", self.logged()?),
            false => self.ended(node),
        }
    }

    /// Whether it answered that many requests.
    fn work(&mut self, node: &mut Node, wanted: u64) -> anyhow::Result<bool> {
        let (mut sent, mut answered) = (0, 0);
        while answered < wanted {
            while sent < wanted && sent - answered < WINDOW {
                let (id, operation) = self.load.next(&mut self.model);
                node.send(&Request { id, operation });
                sent += 1;
            }
            let Some(answer) = node.receive(TIMEOUTS)? else { return Ok(false) };
            self.answered(&answer);
            answered += 1;
        }
        Ok(true)
    }

    /// Sends one request and does not wait for the answer.
    pub fn send_one(&mut self, node: &mut Node) {
        let (id, operation) = self.load.next(&mut self.model);
        node.send(&Request { id, operation });
    }

    /// Waits until the log has `text`.
    ///
    /// # Errors
    /// When it has not in time.
    pub fn wait_logged(&self, text: &str, bound: Duration) -> anyhow::Result<()> {
        let deadline = std::time::Instant::now() + bound;
        while !self.logged()?.contains(text) {
            if std::time::Instant::now() > deadline {
                bail!("the log does not say {text:?}:\n{}", self.logged()?);
            }
            std::thread::sleep(super::process::POLL);
        }
        Ok(())
    }

    fn answered(&mut self, answer: &Answer) {
        self.model.answered(answer.id, &answer.response);
    }

    /// Takes the answers that a dead node gave before.
    pub fn take_answers(&mut self, node: &Node) {
        for answer in node.last_answers() {
            self.answered(&answer);
        }
    }

    /// Makes a snapshot.
    ///
    /// # Errors
    /// When the node ends, or refuses.
    pub fn snapshot(&mut self, node: &mut Node) -> anyhow::Result<()> {
        match node.ask(Operation::Snapshot)? {
            Response::Done => Ok(()),
            other => bail!("no snapshot but {other:?}"),
        }
    }

    /// What the running node shows that it should not.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn look(&mut self, node: &mut Node) -> anyhow::Result<Vec<String>> {
        match node.ask(Operation::Range)? {
            Response::Rows { revision, rows } => Ok(self.model.settle(revision, &rows)),
            other => bail!("no keys but {other:?}"),
        }
    }

    /// Starts the node on the disk as it is, looks at everything, and stops it.
    ///
    /// # Errors
    /// When it neither serves nor ends.
    pub fn outcome(&mut self) -> anyhow::Result<Outcome> {
        self.forget_log()?;
        let mut node = Node::start(&self.program, &self.store(), &self.log())?;
        if node.receive(TIMEOUTS)?.is_none() {
            return Ok(Outcome::Ended(self.ended(&mut node)?));
        }
        match node.ask(Operation::Range) {
            Ok(Response::Rows { revision, rows }) => {
                let violations = self.model.settle(revision, &rows);
                node.stop()?;
                Ok(Outcome::Served(violations))
            }
            Ok(other) => bail!("no keys but {other:?}"),
            Err(_) => Ok(Outcome::Ended(self.ended(&mut node)?)),
        }
    }
}
