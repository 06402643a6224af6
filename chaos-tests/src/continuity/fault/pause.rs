//! The time of a rack stands still. If that lasts longer than its grants, others may have given away by then what it thinks
//! it has, and it must know when it goes on, also for what waited in its sockets meanwhile.

use std::time::Duration;

use async_trait::async_trait;
use model::lease::policy::Policy;

use super::{Fault, Stage};

/// How long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseRack {
    /// For the span.
    Short,
    /// Longer than its blocks are valid.
    LongerThanGrants,
}

/// How much longer.
const LONGER: Duration = Duration::from_secs(10);

#[async_trait(?Send)]
impl Fault for PauseRack {
    fn name(&self) -> String {
        match self {
            Self::Short => "rack paused".to_owned(),
            Self::LongerThanGrants => "rack paused longer than its grants".to_owned(),
        }
    }

    fn span_min(&self) -> Duration {
        match self {
            Self::Short => Duration::ZERO,
            Self::LongerThanGrants => {
                let Policy { block_ms, skew_ms, .. } = Policy::default();
                Duration::from_millis(block_ms + skew_ms) + LONGER
            }
        }
    }

    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        let victim = stage.rack()?;
        stage.note(format!("{victim} is paused"));
        stage.site.pause(&victim)?;
        stage.last().await;
        stage.note(format!("{victim} goes on"));
        stage.site.resume(&victim)?;
        stage.site.ready(&[victim]).await
    }
}
