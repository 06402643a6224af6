//! Wires between nodes are cut in the switch (F13 to F16).

use async_trait::async_trait;

use super::{Fault, Stage, Victim, last, names};
use crate::cluster::switch::link::Link;

/// Which wires are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All between the victims and the others, both ways (F13, F14).
    Isolate(Victim),
    /// Nothing reaches the victims (F15).
    Inbound(Victim),
    /// Nothing from the victims arrives (F15).
    Outbound(Victim),
    /// The leader and one follower do not reach each other; both reach the others (F16).
    Bridge,
}

/// Cuts wires and mends them.
#[derive(Debug)]
pub struct Partition(pub Cut);

#[async_trait(?Send)]
impl Fault for Partition {
    fn name(&self) -> String {
        match self.0 {
            Cut::Isolate(Victim::Majority) => "F14 majority apart from the rest".to_owned(),
            Cut::Isolate(victim) => format!("F13 isolate {}", victim.word()),
            Cut::Inbound(victim) => format!("F15 nothing reaches {}", victim.word()),
            Cut::Outbound(victim) => format!("F15 nothing from {} arrives", victim.word()),
            Cut::Bridge => "F16 leader and a follower cannot talk".to_owned(),
        }
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let (wires, what) = self.wires(stage).await?;
        let event = stage.timeline.begin(what);
        for (from, to) in &wires {
            stage.cluster.switch().set(*from, *to, Link::severed());
        }
        last(stage).await;
        for (from, to) in &wires {
            stage.cluster.switch().set(*from, *to, Link::default());
        }
        stage.timeline.end(event);
        Ok(())
    }
}

impl Partition {
    /// The directed wires to cut, and that in words.
    async fn wires(&self, stage: Stage<'_>) -> anyhow::Result<(Vec<(u64, u64)>, String)> {
        let all = stage.cluster.ids();
        let (victim, deaf, mute) = match self.0 {
            Cut::Isolate(victim) => (victim, true, true),
            Cut::Inbound(victim) => (victim, true, false),
            Cut::Outbound(victim) => (victim, false, true),
            Cut::Bridge => {
                let leader = Victim::Leader.choose(stage).await?[0];
                let members = stage.cluster.founders().into_iter();
                let other = members.rev().find(|id| *id != leader).unwrap_or(leader);
                let what = format!("s{leader} and s{other} cannot talk");
                return Ok((vec![(leader, other), (other, leader)], what));
            }
        };
        let victims = victim.choose(stage).await?;
        let mut wires = Vec::new();
        for inside in &victims {
            for outside in all.iter().filter(|id| !victims.contains(id)) {
                wires.extend(deaf.then_some((*outside, *inside)));
                wires.extend(mute.then_some((*inside, *outside)));
            }
        }
        let how = match (deaf, mute) {
            (true, true) => "isolate",
            (true, false) => "deafen",
            (false, _) => "mute",
        };
        Ok((wires, format!("{how} {}", names(&victims))))
    }
}
