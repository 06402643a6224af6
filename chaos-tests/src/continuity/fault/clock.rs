//! The wall clock of a region jumps. It must notice, and nobody may be given anything by it.

use async_trait::async_trait;
use testkit::lab::cluster::Kind;

use super::{Fault, Stage};

/// Whose clock jumps, by so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockStep {
    /// That of the region that leads.
    Leader(i64),
    /// That of one which does not.
    Follower(i64),
    /// All of them at once.
    All(i64),
}

#[async_trait(?Send)]
impl Fault for ClockStep {
    fn name(&self) -> String {
        match self {
            Self::Leader(seconds) => format!("clock of the leader jumps by {seconds:+} s"),
            Self::Follower(seconds) => format!("clock of a follower jumps by {seconds:+} s"),
            Self::All(seconds) => format!("clocks of all regions jump by {seconds:+} s"),
        }
    }

    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        let leader = stage.site.leader().await?;
        let regions = stage.site.names(Kind::Region);
        let (victims, seconds): (Vec<String>, i64) = match *self {
            Self::Leader(seconds) => (vec![leader], seconds),
            Self::Follower(seconds) => {
                let follower = regions.into_iter().find(|name| *name != leader);
                (follower.into_iter().collect(), seconds)
            }
            Self::All(seconds) => (regions, seconds),
        };
        stage.note(format!("clock of {} {seconds:+} s", victims.join(", ")));
        for victim in &victims {
            stage.site.set_clock(victim, seconds)?;
        }
        stage.last().await;
        stage.note("clocks are right again");
        for victim in &victims {
            stage.site.set_clock(victim, 0)?;
        }
        let all = stage.site.all();
        stage.site.ready(&all).await
    }
}
