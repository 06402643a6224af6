//! Network namespaces without names, and a PID namespace that no process of the lab outlives.
//!
//! A [`Namespace`] is only a file descriptor: the kernel deletes it, with its bridges, links and
//! TAPs, when the last process in it and the descriptor are gone. All processes of a lab live in
//! one PID namespace, the [`ProcessNamespace`]; its first process ends when our end of a pipe closes, and the
//! kernel then kills the rest. So nothing is left over, not even when the lab itself is killed
//! with SIGKILL: cleaning up is not code that has to run.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::sethostname;

/// A network namespace of the lab.
#[derive(Debug)]
pub struct Namespace {
    /// `r1`, `k2`, `fabric`, …: for messages.
    name: String,
    handle: File,
}

impl Namespace {
    /// Makes a namespace in which only the loopback interface is up.
    ///
    /// # Errors
    /// When the kernel refuses, as it does to anybody but root.
    pub fn create(name: &str) -> io::Result<Self> {
        let handle = in_own_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            File::open("/proc/thread-self/ns/net")
        })?;
        let namespace = Self { name: name.to_owned(), handle };
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A path by which other programs find it while the lab runs: for `ip link … netns PATH` and
    /// `nsenter --net=PATH`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.handle.as_raw_fd())
    }

    /// Does something inside the namespace: sockets that `work` opens and processes that it starts
    /// belong to it. It runs on a thread of its own.
    ///
    /// # Errors
    /// When the namespace cannot be entered, or those of `work`.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        in_own_thread(|| {
            setns(&self.handle, CloneFlags::CLONE_NEWNET)?;
            work()
        })
    }

    /// Runs `ip` inside the namespace.
    ///
    /// # Errors
    /// When it fails; the error has its output.
    pub fn ip(&self, arguments: &[&str]) -> io::Result<()> {
        self.run("ip", arguments).map(drop)
    }

    /// Runs a short command inside the namespace and returns what it printed.
    ///
    /// # Errors
    /// When it cannot be started or fails; the error has its output.
    pub fn run(&self, program: &str, arguments: &[&str]) -> io::Result<String> {
        let output = self.enter(|| {
            Command::new(program).args(arguments).stdin(Stdio::null()).output().map_err(|error| {
                io::Error::new(error.kind(), format!("cannot start {program}: {error}"))
            })
        })?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(printed);
        }
        let message = String::from_utf8_lossy(&output.stderr);
        let line = format!("{program} {}", arguments.join(" "));
        Err(io::Error::other(format!("{}: {line}: {message}{printed}", self.name)))
    }
}

/// The PID namespace in which the lab's processes live, and with which they die.
#[derive(Debug)]
pub struct ProcessNamespace {
    handle: File,
    /// The first process of the namespace: it reads a pipe until that closes.
    first: Child,
    /// Our end of the pipe; the kernel closes it with us.
    lifeline: Option<ChildStdin>,
}

impl ProcessNamespace {
    /// Makes an empty namespace.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn create() -> io::Result<Self> {
        in_own_thread(|| {
            unshare(CloneFlags::CLONE_NEWPID)?;
            let mut first =
                Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
            let handle = File::open("/proc/thread-self/ns/pid_for_children")?;
            let lifeline = first.stdin.take();
            Ok(Self { handle, first, lifeline })
        })
    }

    /// Starts a process in it and in a network namespace, on a host of that name.
    ///
    /// # Errors
    /// When the namespaces cannot be entered or the program cannot be started.
    pub fn spawn(&self, namespace: &Namespace, command: &mut Command) -> io::Result<Child> {
        namespace.enter(|| {
            setns(&self.handle, CloneFlags::CLONE_NEWPID)?;
            unshare(CloneFlags::CLONE_NEWUTS)?;
            sethostname(namespace.name())?;
            command.spawn()
        })
    }
}

impl Drop for ProcessNamespace {
    fn drop(&mut self) {
        self.lifeline.take();
        // Both fail only when it is dead already.
        self.first.kill().ok();
        self.first.wait().ok();
    }
}

/// Namespaces belong to threads: what enters one must do so on a thread that ends afterwards.
fn in_own_thread<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
