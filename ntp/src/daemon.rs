//! chrony's daemon as a process of ours: it starts with its files, and ends with this process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::{io, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

use crate::mode::Mode;
use crate::setup::Setup;
use crate::sources::Sources;
use crate::standing::Standing;

/// What `setpriv` ends with when there is no such program.
const NOT_FOUND: i32 = 127;

/// Why the daemon cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Its files cannot be written.
    #[error("the files of the time service in {} cannot be written", folder.display())]
    Files {
        /// Its folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No process, or no thread for it, can be started.
    #[error("{program} cannot be started")]
    Start {
        /// Which program.
        program: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It is not there.
    #[error("is the package `chrony` installed? {0}")]
    Missing(String),
    /// It ended.
    #[error("chronyd ended with {status}: {said}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// What it said last.
        said: String,
    },
    /// It did not answer.
    #[error("chronyd does not answer: {0}")]
    Silent(String),
}

/// A daemon that runs; it ends when this goes out of scope, and when this process does, however it ends.
#[derive(Debug)]
pub struct Daemon {
    setup: Setup,
    pid: Pid,
    /// How it ended; none when that was told.
    ended: Option<oneshot::Receiver<DaemonError>>,
}

impl Daemon {
    /// Starts it with these sources.
    ///
    /// # Errors
    /// [`DaemonError`].
    pub async fn start(setup: Setup, sources: &Sources) -> Result<Self, DaemonError> {
        setup.write(sources)?;
        let command = command(&setup);
        let (started, mut starting) = mpsc::channel(1);
        let (end, ended) = oneshot::channel();
        // The kernel ends the daemon with the thread that started it, so that thread waits for it.
        let run = move || {
            if let Some(error) = run(command, |pid| {
                // Whoever waits for it may be gone.
                let _ = started.blocking_send(pid);
            }) {
                drop(end.send(error));
            }
        };
        thread::Builder::new()
            .name("chronyd".to_owned())
            .spawn(run)
            .map_err(|source| DaemonError::Start { program: "chronyd", source })?;
        match starting.recv().await {
            Some(pid) => Ok(Self { setup, pid, ended: Some(ended) }),
            None => Err(ended.await.unwrap_or_else(|_| DaemonError::Silent(String::new()))),
        }
    }

    /// Waits until it ends by itself; says how.
    pub async fn ended(&mut self) -> DaemonError {
        let silent = || DaemonError::Silent(String::new());
        let Some(ended) = &mut self.ended else { return silent() };
        let error = ended.await.unwrap_or_else(|_| silent());
        self.ended = None;
        error
    }

    /// Has it follow other sources.
    ///
    /// # Errors
    /// [`DaemonError`].
    pub async fn follow(&self, sources: &Sources) -> Result<(), DaemonError> {
        self.setup.write_sources(sources)?;
        self.ask(&["reload", "sources"]).await.map(drop)
    }

    /// Asks it how it stands.
    ///
    /// # Errors
    /// [`DaemonError`].
    pub async fn standing(&self) -> Result<Standing, DaemonError> {
        let said = self.ask(&["-c", "tracking"]).await?;
        Standing::of_tracking(&said).ok_or(DaemonError::Silent(said))
    }

    async fn ask(&self, arguments: &[&str]) -> Result<String, DaemonError> {
        let mut command = tokio::process::Command::new("chronyc");
        command.arg("-h").arg(self.setup.folder.join("chronyd.sock")).args(arguments);
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
        let output = output.map_err(|source| DaemonError::Start { program: "chronyc", source })?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() { Ok(said) } else { Err(DaemonError::Silent(said)) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // While nothing is told of its end, the number is its own.
        let runs = |ended: &mut oneshot::Receiver<DaemonError>| {
            matches!(ended.try_recv(), Err(oneshot::error::TryRecvError::Empty))
        };
        if self.ended.as_mut().is_some_and(runs) {
            // One that is ending already needs no signal.
            let _ = kill(self.pid, Signal::SIGTERM);
        }
    }
}

fn command(setup: &Setup) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "chronyd", "-d", "-f"]);
    command.arg(setup.folder.join("chrony.conf"));
    // Whoever this process is; one that is not root may not set the clock, and serves where it was given the right to.
    let own = Uid::effective();
    let name = User::from_uid(own).ok().flatten().map_or_else(|| own.to_string(), |user| user.name);
    command.args(["-u", &name]);
    if !own.is_root() {
        command.arg("-U");
    }
    if setup.mode != Mode::Steer {
        command.arg("-x");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Runs it to its end, on this thread; says why it ended.
fn run(mut command: Command, started: impl FnOnce(Pid)) -> Option<DaemonError> {
    let failed = |source| Some(DaemonError::Start { program: "chronyd", source });
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(source) => return failed(source),
    };
    started(Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX)));
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            debug!("chronyd: {line}");
            said = line;
        }
    }
    match child.wait() {
        Ok(status) if status.code() == Some(NOT_FOUND) => Some(DaemonError::Missing(said)),
        Ok(status) => Some(DaemonError::Ended { status, said }),
        Err(source) => failed(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_installed_is_asked_for() {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "no-such-chronyd"]).stderr(Stdio::piped());
        let told = run(command, |_| ()).unwrap().to_string();
        assert!(told.contains("`chrony` installed?") && told.contains("no-such-chronyd"), "{told}");
    }
}
