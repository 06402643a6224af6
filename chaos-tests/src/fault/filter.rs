//! Nodes are cut off by the kernel's packet filter, which shares nothing with our switch (F13, F19).

use async_trait::async_trait;

use super::{Fault, Stage, Victim, last, names};
use crate::cluster::Cluster;

/// What becomes of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// They vanish: connections stay half open.
    Drop,
    /// Connections are reset, and new ones refused.
    Reset,
}

/// Filters everything between a victim and its peers.
#[derive(Debug)]
pub struct Filtered(pub Filter, pub Victim);

#[async_trait(?Send)]
impl Fault for Filtered {
    fn name(&self) -> String {
        match self.0 {
            Filter::Drop => format!("F13 packet filter drops {}", self.1.word()),
            Filter::Reset => format!("F19 packet filter resets {}", self.1.word()),
        }
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let victims = self.1.choose(stage).await?;
        let word = match self.0 {
            Filter::Drop => "drop packets of",
            Filter::Reset => "reset connections of",
        };
        let event = stage.timeline.begin(format!("{word} {}", names(&victims)));
        for id in &victims {
            self.install(stage.cluster, *id)?;
        }
        last(stage).await;
        for id in &victims {
            stage.cluster.namespace(*id)?.run("nft", &["flush", "ruleset"])?;
        }
        stage.timeline.end(event);
        Ok(())
    }
}

impl Filtered {
    fn install(&self, cluster: &Cluster, id: u64) -> anyhow::Result<()> {
        let space = cluster.namespace(id)?;
        let verdict = match self.0 {
            Filter::Drop => "drop",
            Filter::Reset => "meta l4proto tcp reject with tcp reset",
        };
        let mut rules = "add table inet chaos\n".to_owned();
        for (hook, interface) in [("input", "iifname"), ("output", "oifname")] {
            rules.push_str(&format!(
                "add chain inet chaos {hook} {{ type filter hook {hook} priority 0; }}\n\
                 add rule inet chaos {hook} {interface} \"peer0\" {verdict}\n"
            ));
        }
        let line: Vec<&str> = rules.lines().collect();
        space.run("nft", &[&line.join("; ")])?;
        Ok(())
    }
}
