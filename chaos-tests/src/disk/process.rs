//! The harness's end of the process under test: start, ask, pause, kill.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use identity::Role;
use identity::testing::TestCluster;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testkit::lab::process::log_tail;

use super::protocol::{Answer, Operation, READY, Request, Response};
use super::single::Policy;

/// The pause between two looks at a process.
pub(super) const POLL: Duration = Duration::from_millis(1);
/// How long a node may take to start, to answer and to end; far more than it needs.
pub const TIMEOUTS: Duration = Duration::from_secs(60);
/// The numbers of requests that the harness makes beside those of the load.
const ASIDE: u64 = 1 << 60;

/// How nodes are started: the program, the identity and the policy.
#[derive(Debug)]
pub struct Program {
    binary: PathBuf,
    identities: TestCluster,
    /// What the next node is told about its store.
    pub policy: Policy,
}

impl Program {
    /// Nodes run `binary`, which is `ironraft-disk-node`.
    ///
    /// # Errors
    /// When no identity can be made.
    pub fn new(binary: &Path, policy: Policy) -> anyhow::Result<Self> {
        let identities = identity::testing::cluster(&[1], &[]).context("no identity")?;
        Ok(Self { binary: binary.to_path_buf(), identities, policy })
    }

    fn command(&self, folder: &Path) -> anyhow::Result<Command> {
        let mut command = Command::new(&self.binary);
        command.arg(folder).arg(self.identities.folder_of(&Role::Region { node_id: 1 }));
        command.arg(serde_json::to_string(&self.policy).context("a policy is JSON")?);
        Ok(command)
    }
}

/// A running node; killed when dropped.
#[derive(Debug)]
pub struct Node {
    child: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<Answer>,
    log: PathBuf,
    next_aside: u64,
}

impl Node {
    /// Starts a node on `folder`; what it logs is appended to `log`. It is not ready yet.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &Program, folder: &Path, log: &Path) -> anyhow::Result<Self> {
        let errors = File::options().create(true).append(true).open(log);
        let errors = errors.with_context(|| format!("cannot open {}", log.display()))?;
        let mut command = program.command(folder)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let requests = child.stdin.take();
        let output = child.stdout.take().context("its output is a pipe")?;
        let (answer, answers) = channel();
        std::thread::spawn(move || {
            // The last line of a killed process may be torn: nobody read it.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(response) = serde_json::from_str(&line) else { return };
                if answer.send(response).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, requests, answers, log: log.to_path_buf(), next_aside: ASIDE })
    }

    /// Starts a node and waits until it takes requests.
    ///
    /// # Errors
    /// When it ends instead; the error has the end of its log.
    pub fn start_ready(program: &Program, folder: &Path, log: &Path) -> anyhow::Result<Self> {
        let node = Self::start(program, folder, log)?;
        match node.receive(TIMEOUTS)? {
            Some(Answer { id: READY, .. }) => Ok(node),
            Some(other) => bail!("the node said {other:?} before it was ready"),
            None => bail!("the node did not start:\n{}", node.log_tail()),
        }
    }

    /// Sends a request; a node that is dead does not get it.
    pub fn send(&mut self, request: &Request) {
        let mut line = serde_json::to_string(request).expect("a request is JSON");
        line.push('\n');
        if let Some(requests) = &mut self.requests {
            // A pipe that is broken has no answer either, and that is noticed.
            requests.write_all(line.as_bytes()).ok();
        }
    }

    /// The next answer; none when the process ended.
    ///
    /// # Errors
    /// When it neither answers nor ends in time.
    pub fn receive(&self, bound: Duration) -> anyhow::Result<Option<Answer>> {
        match self.answers.recv_timeout(bound) {
            Ok(answer) => Ok(Some(answer)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                bail!("the node printed nothing for {} s:\n{}", bound.as_secs(), self.log_tail())
            }
        }
    }

    /// What it said before it ended and nobody looked at yet.
    pub fn last_answers(&self) -> impl Iterator<Item = Answer> {
        self.answers.iter()
    }

    /// Asks one thing while no other request is under way.
    ///
    /// # Errors
    /// When the node ends instead of answering.
    pub fn ask(&mut self, operation: Operation) -> anyhow::Result<Response> {
        self.next_aside += 1;
        let id = self.next_aside;
        self.send(&Request { id, operation });
        match self.receive(TIMEOUTS)? {
            Some(answer) if answer.id == id => Ok(answer.response),
            Some(other) => bail!("{other:?} answers something else"),
            None => bail!("the node ended:\n{}", self.log_tail()),
        }
    }

    /// Stops it with SIGSTOP; returns when none of its threads is in the kernel any more.
    ///
    /// # Errors
    /// When it does not stop.
    pub fn pause(&self) -> anyhow::Result<()> {
        kill(self.pid(), Signal::SIGSTOP).context("cannot pause the node")?;
        let deadline = Instant::now() + TIMEOUTS;
        while !self.is_still()? {
            if Instant::now() > deadline {
                bail!("the node does not stop");
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("process ids are positive numbers"))
    }

    fn is_still(&self) -> anyhow::Result<bool> {
        let tasks = format!("/proc/{}/task", self.child.id());
        for task in std::fs::read_dir(&tasks).with_context(|| format!("cannot list {tasks}"))? {
            let Ok(stat) = std::fs::read_to_string(task?.path().join("stat")) else { continue };
            let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
            if !matches!(state, Some('T' | 'Z' | 'X')) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Kills it with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().context("cannot kill the node")?;
        self.child.wait().context("cannot wait for the node")?;
        Ok(())
    }

    /// Lets it end by itself: closes its standard input and waits.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        self.requests.take();
        self.wait_end(TIMEOUTS)
    }

    /// Waits until it ended.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn wait_end(&mut self, bound: Duration) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + bound;
        loop {
            if let Some(status) = self.child.try_wait().context("cannot wait for the node")? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("the node does not end:\n{}", self.log_tail());
            }
            std::thread::sleep(POLL);
        }
    }

    /// The end of its log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        log_tail(&self.log)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Both fail only when it is dead already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
