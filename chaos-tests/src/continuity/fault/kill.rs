//! One process is killed, and started again after the span.

use async_trait::async_trait;

use super::{Fault, Stage};

/// Whom it hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// The region that leads.
    Leader,
    /// A rack.
    Rack,
}

#[async_trait(?Send)]
impl Fault for Kill {
    fn name(&self) -> String {
        match self {
            Self::Leader => "leader killed".to_owned(),
            Self::Rack => "rack killed".to_owned(),
        }
    }

    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        let victim = match self {
            Self::Leader => stage.site.leader().await?,
            Self::Rack => stage.rack()?,
        };
        stage.note(format!("{victim} is killed"));
        stage.site.kill(&victim)?;
        stage.last().await;
        stage.note(format!("{victim} is started"));
        stage.site.start(&[victim]).await
    }
}
