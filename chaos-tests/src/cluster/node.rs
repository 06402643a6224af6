//! One store process of the cluster: what it is started with, and what was done to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, ensure};
use nix::sys::signal::Signal;
use testkit::lab::process::Process;

use super::disk::Disk;

/// Debian's place for the library of `faketime`, which shows a process another wall clock.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// A node with its process and its disk.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) peer: SocketAddr,
    pub(super) client: SocketAddr,
    /// Holds `identity`, `clock` and, as a folder or a mounted disk, `store`.
    pub(super) folder: PathBuf,
    // The process ends before its disk goes.
    pub(super) process: Option<Process>,
    pub(super) disk: Option<Disk>,
    pub(super) paused: bool,
    /// How far its wall clock is off, seconds; absent when it is the host's and cannot be moved.
    pub(super) clock_offset: Option<i64>,
}

impl Node {
    /// The folder of its store.
    pub(super) fn store(&self) -> PathBuf {
        // A disk has a `lost+found` at its root, which is not the store's.
        self.folder.join("disk").join("store")
    }

    /// The command that runs it.
    pub(super) fn command(&self, binary: &Path, arguments: &[String]) -> anyhow::Result<Command> {
        let mut command = Command::new(binary);
        command.arg("run").arg("--folder").arg(self.store());
        command.arg("--identity").arg(self.folder.join("identity"));
        command.args(["--peer", &self.peer.to_string(), "--client", &self.client.to_string()]);
        command.args(arguments);
        if let Some(offset) = self.clock_offset {
            let file = self.write_clock(offset)?;
            ensure!(Path::new(FAKETIME).exists(), "the package faketime is not installed");
            command.env("LD_PRELOAD", FAKETIME).env("FAKETIME_TIMESTAMP_FILE", file);
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_CACHE_DURATION", "1");
        }
        Ok(command)
    }

    /// Moves its wall clock; it sees it within a second.
    pub(super) fn set_clock(&mut self, offset: i64) -> anyhow::Result<()> {
        ensure!(
            self.clock_offset.is_some(),
            "{} was not started with a clock of its own",
            self.name
        );
        self.clock_offset = Some(offset);
        self.write_clock(offset).map(drop)
    }

    fn write_clock(&self, offset: i64) -> anyhow::Result<PathBuf> {
        let (file, new) = (self.folder.join("clock"), self.folder.join("clock.new"));
        std::fs::write(&new, format!("{offset:+}s\n")).context("cannot write the clock")?;
        std::fs::rename(&new, &file).context("cannot set the clock")?;
        Ok(file)
    }

    /// How its process ended, when it did so by itself.
    pub(super) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        match &mut self.process {
            Some(process) => process.ended(),
            None => Ok(None),
        }
    }

    /// Whether it has a process that lives.
    pub(super) fn lives(&mut self) -> anyhow::Result<bool> {
        Ok(self.process.is_some() && self.ended()?.is_none())
    }

    /// Kills its process, if it has one.
    pub(super) fn kill(&mut self) -> anyhow::Result<()> {
        self.paused = false;
        match self.process.take() {
            Some(mut process) => process.kill(),
            None => Ok(()),
        }
    }

    /// Sends its process a signal, if it lives.
    pub(super) fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        if self.lives()?
            && let Some(process) = &self.process
        {
            process.signal(signal)?;
        }
        Ok(())
    }
}
