//! All regions are gone, for ten minutes in a long run: racks go on by what they hold.

use std::time::Duration;

use async_trait::async_trait;
use testkit::lab::cluster::Kind;

use super::{Fault, Stage};

/// How long at least.
#[derive(Debug)]
pub struct RegionLoss {
    /// The shortest time.
    pub least: Duration,
    /// How many new clients of each family come in a second meanwhile. What racks have in stock for them was
    /// granted before: 256 addresses each, where few came before.
    pub newcomers_per_second: f64,
    /// How many come otherwise.
    pub usual_per_second: f64,
}

#[async_trait(?Send)]
impl Fault for RegionLoss {
    fn name(&self) -> String {
        "all regions gone".to_owned()
    }

    fn span_min(&self) -> Duration {
        self.least
    }

    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        let regions = stage.site.names(Kind::Region);
        stage.fleet.crowd().set_newcomers(self.newcomers_per_second);
        stage.note("all regions are killed");
        for region in &regions {
            stage.site.kill(region)?;
        }
        stage.last().await;
        stage.note("all regions are started");
        stage.site.start(&regions).await?;
        stage.fleet.crowd().set_newcomers(self.usual_per_second);
        Ok(())
    }
}
