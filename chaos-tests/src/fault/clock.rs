//! The wall clock of nodes jumps (F34). Raft's timers follow the monotonic clock and must not care.

use async_trait::async_trait;

use super::{Fault, Stage, Victim, last, names};

/// Sets clocks off by so many seconds, and right again.
#[derive(Debug)]
pub struct ClockJump(pub Victim, pub i64);

#[async_trait(?Send)]
impl Fault for ClockJump {
    fn name(&self) -> String {
        format!("F34 clock of {} jumps by {:+} s", self.0.word(), self.1)
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let victims = self.0.choose(stage).await?;
        let event = stage.timeline.begin(format!("clock of {} {:+} s", names(&victims), self.1));
        for id in &victims {
            stage.cluster.set_clock(*id, self.1)?;
        }
        last(stage).await;
        for id in &victims {
            stage.cluster.set_clock(*id, 0)?;
        }
        stage.timeline.end(event);
        Ok(())
    }
}
