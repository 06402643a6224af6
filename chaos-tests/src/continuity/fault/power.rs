//! The power of the whole site is cut at one instant, and its nodes come back in some order.

use async_trait::async_trait;
use testkit::lab::cluster::Kind;

use super::{Fault, Stage};

/// Who comes back first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Racks, which know nothing before a region is there; each node when the one before it was started.
    RacksFirst,
    /// All regions are ready before the first rack comes.
    RegionsFirst,
    /// The regions the other way round, with the racks between them.
    Mixed,
}

/// A power cut.
#[derive(Debug)]
pub struct PowerCut(pub Order);

#[async_trait(?Send)]
impl Fault for PowerCut {
    fn name(&self) -> String {
        let order = match self.0 {
            Order::RacksFirst => "racks come back first",
            Order::RegionsFirst => "regions come back first",
            Order::Mixed => "nodes come back mixed",
        };
        format!("power cut of all, {order}")
    }

    fn is_served(&self) -> bool {
        false
    }

    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        stage.note("the power of all nodes is cut");
        stage.site.cut_power()?;
        stage.last().await;
        let (regions, racks) = (stage.site.names(Kind::Region), stage.site.names(Kind::Rack));
        for together in order(self.0, &regions, &racks) {
            stage.note(format!("{} started", together.join(", ")));
            stage.site.launch(&together)?;
            if self.0 == Order::RegionsFirst {
                stage.site.ready(&together).await?;
            }
        }
        let all = stage.site.all();
        stage.site.ready(&all).await
    }
}

/// Who is started together, in their order.
fn order(order: Order, regions: &[String], racks: &[String]) -> Vec<Vec<String>> {
    match order {
        Order::RacksFirst => vec![racks.to_vec(), regions.to_vec()],
        Order::RegionsFirst => vec![regions.to_vec(), racks.to_vec()],
        Order::Mixed => {
            let (first, others) = racks.split_at(racks.len() / 2);
            let last: Vec<String> = regions.iter().rev().cloned().collect();
            let (one, more) = last.split_at(1);
            vec![[first, one].concat(), [others, more].concat()]
        }
    }
}
