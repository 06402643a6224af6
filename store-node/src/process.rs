//! A server process of a test or benchmark that does not outlive it.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::wait::wait_for;
use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a process may take to end after SIGTERM.
pub(crate) const STOP_MAX: Duration = Duration::from_secs(20);
/// How much of a log an error shows.
const LOG_TAIL_BYTES: usize = 3000;

/// A running process. It is killed when this is dropped, and by the kernel when the thread that
/// started it ends.
#[derive(Debug)]
pub struct Running {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Running {
    /// Starts `program`; what it prints is appended to `log`.
    ///
    /// # Errors
    /// When the log cannot be opened or the program cannot be started.
    pub fn start<S: AsRef<OsStr>>(
        name: &str,
        log: &Path,
        program: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> anyhow::Result<Self> {
        let opened = File::options().create(true).append(true).open(log);
        let out = opened.with_context(|| format!("cannot open {}", log.display()))?;
        let errors = out.try_clone().context("cannot share the log")?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            // A group of its own: Ctrl-C reaches the owner, which ends this in its own order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { name: name.to_owned(), log: log.to_owned(), child })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: STOP and CONT pause it and let it go on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = Pid::from_raw(self.id().try_into().context("process ids fit")?);
        kill(pid, signal).with_context(|| format!("cannot send {signal} to {}", self.name))
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the kernel does not know the process.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot look at {}", self.name))
    }

    /// Kills it with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().with_context(|| format!("cannot kill {}", self.name))?;
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))?;
        Ok(())
    }

    /// Asks it to stop with SIGTERM and waits until it has.
    ///
    /// # Errors
    /// When it does not stop in time, or not successfully.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::SIGTERM)?;
        let status = wait_for("the process ends", STOP_MAX, async || self.ended()).await;
        let status = status.with_context(|| format!("{} does not stop", self.name))?;
        if status.success() {
            return Ok(());
        }
        bail!("{} ended with {status}: {}", self.name, log_tail(&self.log))
    }

    /// All that it logged; empty when that cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The end of its log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        log_tail(&self.log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it is dead already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The end of a log file; empty when it cannot be read.
fn log_tail(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(LOG_TAIL_BYTES)..]).into_owned()
}
