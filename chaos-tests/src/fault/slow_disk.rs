//! Flushes to disk take long, or do not come back for a while (F27, F28).
//!
//! `strace` holds every flush of the process before it enters the kernel, which the process cannot
//! tell from a slow disk.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;

use super::{Fault, Stage, Victim, last, names};

/// Delays each flush of the victims by so much.
#[derive(Debug)]
pub struct SlowDisk(pub Victim, pub Duration);

/// The tracer; without it the process goes on as before.
struct Tracer(Child);

#[async_trait(?Send)]
impl Fault for SlowDisk {
    fn name(&self) -> String {
        let number = if self.1 >= Duration::from_secs(1) { "F27" } else { "F28" };
        format!("{number} flushes of {} take {} ms more", self.0.word(), self.1.as_millis())
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let victims = self.0.choose(stage).await?;
        let event = stage.timeline.begin(format!("slow flushes of {}", names(&victims)));
        let mut tracers = Vec::new();
        for id in &victims {
            if let Some(pid) = stage.cluster.pid(*id)? {
                tracers.push(Tracer::attach(pid, self.1)?);
            }
        }
        last(stage).await;
        drop(tracers);
        for id in &victims {
            stage.cluster.start(*id)?;
        }
        stage.timeline.end(event);
        Ok(())
    }

    /// A flush that takes too long ends the process, on purpose.
    fn may_end_processes(&self) -> bool {
        true
    }
}

impl Tracer {
    fn attach(pid: u32, delay: Duration) -> anyhow::Result<Self> {
        let calls = "fsync,fdatasync";
        let inject = format!("inject={calls}:delay_enter={}", delay.as_micros());
        let tracer = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-p", &pid.to_string()])
            .args(["-e", &format!("trace={calls}"), "-e", &inject])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        tracer.map(Self).context("cannot start strace")
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // Both fail only when it is gone; the kernel lets its tracees go on.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
