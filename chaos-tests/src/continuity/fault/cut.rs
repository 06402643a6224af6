//! Wires of the management network are cut; clients still reach all racks.

use async_trait::async_trait;
use testkit::lab::cluster::Kind;

use super::{Fault, Stage};

/// Between whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All racks and all regions.
    RacksFromRegions,
    /// One rack and all regions.
    OneRack,
    /// The leader and the other regions; racks reach it.
    LeaderFromRegions,
    /// The leader and everybody else.
    LeaderFromAll,
    /// The regions from each other: none of them leads.
    Regions,
    /// Regions say nothing to a rack; what it says they hear.
    RackHearsNobody,
    /// A rack says nothing to regions; it hears them.
    NobodyHearsRack,
    /// The leader says nothing to anybody; it hears all.
    NobodyHearsLeader,
    /// Nobody says anything to the leader.
    LeaderHearsNobody,
}

/// A partition that is mended after the span.
#[derive(Debug)]
pub struct Partition(pub Cut);

#[async_trait(?Send)]
impl Fault for Partition {
    fn name(&self) -> String {
        let name = match self.0 {
            Cut::RacksFromRegions => "racks cut off from all regions",
            Cut::OneRack => "one rack cut off from all regions",
            Cut::LeaderFromRegions => "leader cut off from the other regions",
            Cut::LeaderFromAll => "leader cut off from everybody",
            Cut::Regions => "regions cut off from each other",
            Cut::RackHearsNobody => "one rack hears no region",
            Cut::NobodyHearsRack => "no region hears one rack",
            Cut::NobodyHearsLeader => "nobody hears the leader",
            Cut::LeaderHearsNobody => "the leader hears nobody",
        };
        name.to_owned()
    }

    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        let wires = self.wires(stage).await?;
        stage.note(self.name());
        for (from, to) in &wires {
            stage.site.cut(from, to)?;
        }
        stage.last().await;
        stage.note("the wires are whole again");
        stage.site.mend()?;
        let all = stage.site.all();
        stage.site.ready(&all).await
    }
}

impl Partition {
    /// The wires to cut, each in one direction.
    async fn wires(&self, stage: &Stage<'_>) -> anyhow::Result<Vec<(String, String)>> {
        let (regions, racks) = (stage.site.names(Kind::Region), stage.site.names(Kind::Rack));
        let rack = vec![stage.rack()?];
        let leader = vec![stage.site.leader().await?];
        let others = |of: &[String]| -> Vec<String> {
            of.iter().filter(|name| !leader.contains(name)).cloned().collect()
        };
        let (peers, everybody) = (others(&regions), others(&stage.site.all()));
        Ok(match self.0 {
            Cut::RacksFromRegions => both(&racks, &regions),
            Cut::OneRack => both(&rack, &regions),
            Cut::LeaderFromRegions => both(&leader, &peers),
            Cut::LeaderFromAll => both(&leader, &everybody),
            Cut::Regions => both(&regions, &regions),
            Cut::RackHearsNobody => one_way(&regions, &rack),
            Cut::NobodyHearsRack => one_way(&rack, &regions),
            Cut::NobodyHearsLeader => one_way(&leader, &everybody),
            Cut::LeaderHearsNobody => one_way(&everybody, &leader),
        })
    }
}

fn both(one: &[String], other: &[String]) -> Vec<(String, String)> {
    [one_way(one, other), one_way(other, one)].concat()
}

fn one_way(from: &[String], to: &[String]) -> Vec<(String, String)> {
    let pairs = from.iter().flat_map(|from| to.iter().map(move |to| (from, to)));
    pairs.filter(|(from, to)| from != to).map(|(from, to)| (from.clone(), to.clone())).collect()
}
